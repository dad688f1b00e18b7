#include "people/passkey_store.h"

#include "check.h"
#include "people/user.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static struct passkey make(uint8_t first)
{
    struct passkey passkey = {.id_size = 3,
                              .algorithm = -7,
                              .key_size = 2,
                              .sign_count = 4,
                              .id = {first, 2, 3},
                              .key = {9, 8},
                              .domain = "example.org"};
    return passkey;
}

static void test_store(struct passkey_store *store, const char *asha, const char *ravi)
{
    struct passkey found;
    struct passkey passkey = make(1);
    const struct span id = span_of(passkey.id, passkey.id_size);
    struct passkey_owner owner = {.user_id = asha, .name = "yellow key", .now_us = NOW_US};
    CHECK(passkey_add(store, &passkey, &owner, NULL) == OK);
    CHECK(passkey_add(store, &passkey, &owner, NULL) == ERR_CONFLICT);
    CHECK(passkey_find(store, ravi, id, &found, NULL) == ERR_NOT_FOUND);
    CHECK(passkey_find(store, asha, id, &found, NULL) == OK);
    CHECK(found.sign_count == 4 && found.key_size == 2 && found.algorithm == -7);
    CHECK_TEXT(found.domain, "example.org");
    found.sign_count = 7;
    CHECK(passkey_used(store, &found, 4, NOW_US, NULL) == OK);
    CHECK(passkey_used(store, &found, 4, NOW_US, NULL) == ERR_CONFLICT);
    owner.name = "";
    passkey = make(2);
    CHECK(passkey_add(store, &passkey, &owner, NULL) == ERR_RANGE);
    owner.name = "another";
    for (int i = 2; i <= PASSKEY_PER_USER_MAX; i++) {
        passkey = make((uint8_t)i);
        owner.now_us += 1000; /* the list is in their order, to the millisecond */
        CHECK(passkey_add(store, &passkey, &owner, NULL) == OK);
    }
    passkey = make(200);
    CHECK(passkey_add(store, &passkey, &owner, NULL) == ERR_RANGE);
    CLEANUP(value_free_p) struct value *list = NULL;
    CHECK(passkey_list(store, asha, &list, NULL) == OK);
    CHECK(value_count(list) == PASSKEY_PER_USER_MAX);
    const struct value *first = value_at(list, 0);
    const char *name = value_text_or(value_get(first, "id"), "");
    CHECK_TEXT(value_text_or(value_get(first, "name"), ""), "yellow key");
    CHECK_TEXT(value_text_or(value_get(first, "credential"), ""), "AQID");
    CHECK(passkey_remove(store, ravi, name, NULL) == ERR_NOT_FOUND);
    CHECK(passkey_remove(store, asha, name, NULL) == OK);
    CHECK(passkey_find(store, asha, id, &found, NULL) == ERR_NOT_FOUND);
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct user_store *users = NULL;
    struct passkey_store *store = NULL;
    struct user found[2];
    static const char *const names[] = {"asha", "ravi"};
    CHECK(user_store_open(&users, people.database, NULL) == OK);
    CHECK(passkey_store_open(&store, people.database, NULL) == OK);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct user_new new = {.name = names[i],
                                     .role = USER_ROLE_OPERATOR,
                                     .password = "a long password",
                                     .now_us = NOW_US};
        CHECK(user_add(users, &new, NULL) == OK);
        CHECK(user_find(users, names[i], &found[i], NULL) == OK);
    }
    test_store(store, found[0].id, found[1].id);
    passkey_store_close(store);
    user_store_close(users);
    people_database_close(&people);
    return CHECK_DONE();
}
