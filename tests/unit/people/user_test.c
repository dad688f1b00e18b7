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

static enum err set_password(struct user_store *store, const struct user *user,
                             const char *password)
{
    char hash[PASSWORD_HASH_SIZE];
    const enum err err = password_hash(hash, span_text(password), NULL);
    return err ? err : user_set_password(store, user, hash, NOW_US, NULL);
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
    CHECK(set_password(store, &user, "another long one") == OK);
    CHECK(set_password(store, &user, "one that comes too late") == ERR_CONFLICT);
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

/* A hash of another system is taken, and replaced by a better one of the same password. */
static void test_hash(struct user_store *store)
{
    static const char bcrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    struct user_new new = {
        .name = "leela", .role = USER_ROLE_OPERATOR, .hash = bcrypt, .now_us = NOW_US};
    struct user user;
    bool same = false;
    CHECK(user_add(store, &new, NULL) == OK);
    CHECK(user_find(store, "leela", &user, NULL) == OK);
    CHECK_TEXT(user.password_hash, bcrypt);
    CHECK(user_upgrade_password(store, &user, "U*U", NULL) == OK);
    CHECK(user_find(store, "leela", &user, NULL) == OK);
    CHECK(!password_hash_outdated(user.password_hash));
    CHECK(password_verify(user.password_hash, span_text("U*U"), &same, NULL) == OK && same);
    new.name = "maya";
    new.hash = "$1$salt$qJH7.N4xYta3aEG/dfqo/0";
    CHECK(user_add(store, &new, NULL) == ERR_RANGE);
}

/* Role and zones; somebody always can manage people. */
static void test_change(struct user_store *store)
{
    struct user user;
    struct reach north = {",north,"};
    struct user_new new = {.name = "olu",
                           .role = USER_ROLE_OPERATOR,
                           .reach = &north,
                           .password = "a password of his",
                           .now_us = NOW_US};
    CHECK(user_add(store, &new, NULL) == OK);
    CHECK(user_find(store, "olu", &user, NULL) == OK);
    CHECK(user.role == USER_ROLE_OPERATOR && !user.disabled);
    CHECK_TEXT(user.reach.zones, ",north,");
    const int64_t generation = user.generation;
    struct user_change change = {.role = USER_ROLE_ADMINISTRATOR, .reach = north};
    CHECK(user_change(store, &user, &change, NULL) == ERR_RANGE);
    change = (struct user_change){.role = USER_ROLE_ADMINISTRATOR};
    CHECK(user_change(store, &user, &change, NULL) == OK);
    CHECK(user_find(store, "olu", &user, NULL) == OK);
    CHECK(user.role == USER_ROLE_ADMINISTRATOR && user.generation == generation + 1);
    /* asha and ravi are administrators too; without them olu is the last. */
    static const char *const others[] = {"asha", "ravi"};
    change = (struct user_change){.role = USER_ROLE_VIEWER};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct user other;
        CHECK(user_find(store, others[i], &other, NULL) == OK);
        CHECK(user_change(store, &other, &change, NULL) == OK);
    }
    CHECK(user_change(store, &user, &change, NULL) == ERR_CONFLICT);
    change = (struct user_change){.role = USER_ROLE_ADMINISTRATOR, .disabled = true};
    CHECK(user_change(store, &user, &change, NULL) == ERR_CONFLICT);
    new.name = "ada";
    new.role = USER_ROLE_ADMINISTRATOR;
    CHECK(user_add(store, &new, NULL) == ERR_RANGE); /* an administrator of one zone */
}

static void test_list(struct user_store *store)
{
    CLEANUP(value_free_p) struct value *all = NULL;
    CLEANUP(value_free_p) struct value *one = NULL;
    CLEANUP(value_free_p) struct value *none = NULL;
    struct user user;
    CHECK(user_list(store, NULL, NOW_US, &all, NULL) == OK && value_count(all) == 4);
    CHECK_TEXT(value_text_or(value_get(value_at(all, 0), "username"), ""), "asha");
    CHECK(user_list(store, "nobody", NOW_US, &none, NULL) == OK && value_count(none) == 0);
    CHECK(user_find(store, "asha", &user, NULL) == OK);
    CHECK(user_reset(store, &user, NOW_US, NULL) == OK);
    CHECK(user_list(store, "asha", NOW_US, &one, NULL) == OK && value_count(one) == 1);
    CHECK(value_boolean_or(value_get(value_at(one, 0), "password_missing"), false));
    CHECK_TEXT(value_text_or(value_get(value_at(one, 0), "role"), ""), "viewer");
    CHECK(value_integer_or(value_get(value_at(one, 0), "sessions"), -1) == 0);
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
    CHECK(set_password(store, &user, "the chosen password") == OK);
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
    CHECK(user.role == USER_ROLE_ADMINISTRATOR);
    const struct one_time other = {.name = "operator",
                                   .role = USER_ROLE_OPERATOR,
                                   .password = span_text("one-time"),
                                   .now_us = NOW_US};
    CHECK(user_give_one_time(store, &other, &outcome, NULL) == OK);
    CHECK(user_find(store, "operator", &user, NULL) == OK && user.role == USER_ROLE_OPERATOR &&
          user.must_change_password && reach_whole(&user.reach));
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct user_store *store = NULL;
    CHECK(user_store_open(&store, people.database, NULL) == OK);
    test_names();
    test_users(store);
    test_hash(store);
    test_change(store);
    test_list(store);
    test_one_time(store);
    user_store_close(store);
    people_database_close(&people);
    return CHECK_DONE();
}
