#include "people/user.h"

#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static void test_names(void)
{
    CHECK(user_name_valid("admin"));
    CHECK(user_name_valid("asha.k@site-1"));
    CHECK(!user_name_valid(""));
    CHECK(!user_name_valid("Admin"));
    CHECK(!user_name_valid("-x"));
    CHECK(!user_name_valid("a b"));
    char name[80] = "";
    memset(name, 'a', 64);
    CHECK(user_name_valid(name));
    name[64] = 'a';
    CHECK(!user_name_valid(name));
}

static void test_users(struct user_store *store)
{
    struct user user;
    struct user_new new = {.name = "asha",
                           .role = USER_ROLE_ADMINISTRATOR,
                           .password = "a password of hers",
                           .now_us = NOW_US};
    bool same = false;
    CHECK(user_find(store, "asha", &user, NULL) == ERR_NOT_FOUND);
    CHECK(user_add(store, &new, NULL) == OK);
    CHECK(user_add(store, &new, NULL) == ERR_CONFLICT);
    CHECK(user_find(store, "asha", &user, NULL) == OK);
    CHECK(id_valid(user.id) && !user.must_change_password);
    CHECK(password_verify(user.password_hash, span_text(new.password), &same, NULL) == OK && same);
    CHECK(user_set_password(store, &user, "short", NOW_US, NULL) == ERR_RANGE);
    CHECK(user_set_password(store, &user, "another long one", NOW_US, NULL) == OK);
    CHECK(user_find(store, "asha", &user, NULL) == OK);
    CHECK(password_verify(user.password_hash, span_text("another long one"), &same, NULL) == OK &&
          same);
    new.name = "No Name";
    CHECK(user_add(store, &new, NULL) == ERR_RANGE);
    new.name = "ravi";
    new.password = "short";
    CHECK(user_add(store, &new, NULL) == ERR_RANGE);
    new.password = "chosen by another";
    new.must_change = true;
    CHECK(user_add(store, &new, NULL) == OK);
    CHECK(user_find(store, "ravi", &user, NULL) == OK && user.must_change_password);
    CHECK(!*user.one_time_hash);
}

static void test_one_time(struct user_store *store)
{
    struct user user;
    struct one_time given = {.name = "admin", .password = span_text("one-time"), .now_us = NOW_US};
    enum one_time_outcome outcome = ONE_TIME_OUTCOME_KNOWN;
    CHECK(user_give_one_time(store, &given, &outcome, NULL) == OK);
    CHECK(outcome == ONE_TIME_OUTCOME_SET);
    CHECK(user_find(store, "admin", &user, NULL) == OK && user.must_change_password);
    CHECK(user_use_one_time(store, &user, NULL) == OK);
    CHECK(user_set_password(store, &user, "the chosen password", NOW_US, NULL) == OK);
    /* A restart with the same variable changes nothing ... */
    CHECK(user_give_one_time(store, &given, &outcome, NULL) == OK);
    CHECK(outcome == ONE_TIME_OUTCOME_KNOWN);
    CHECK(user_find(store, "admin", &user, NULL) == OK && !user.must_change_password);
    CHECK(user_use_one_time(store, &user, NULL) == ERR_CONFLICT);
    /* ... and another one resets. */
    given.password = span_text("second one-time");
    CHECK(user_give_one_time(store, &given, &outcome, NULL) == OK);
    CHECK(outcome == ONE_TIME_OUTCOME_SET);
    CHECK(user_find(store, "admin", &user, NULL) == OK && user.must_change_password &&
          !user.one_time_used);
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct user_store *store = NULL;
    CHECK(user_store_open(&store, people.database, NULL) == OK);
    test_names();
    test_users(store);
    test_one_time(store);
    user_store_close(store);
    people_database_close(&people);
    return CHECK_DONE();
}
