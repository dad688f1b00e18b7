#include "people/invitation.h"

#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static struct invitation make(struct invitation_store *store, const char *name, bool resets,
                              char token[static INVITATION_TOKEN_SIZE])
{
    struct invitation invitation = {
        .role = USER_ROLE_OPERATOR, .reach = {",north,"}, .resets = resets, .created_by = "admin"};
    (void)!text_copy(invitation.name, sizeof invitation.name, name);
    CHECK(invitation_make(store, &invitation, NOW_US, token, NULL) == OK);
    CHECK(id_valid(invitation.id) && strlen(token) == INVITATION_TOKEN_SIZE - 1);
    return invitation;
}

static void test_once(struct invitation_store *store)
{
    char token[INVITATION_TOKEN_SIZE];
    struct invitation found = {.resets = true};
    (void)make(store, "", false, token);
    CHECK(invitation_find(store, token, NOW_US, &found, NULL) == OK);
    CHECK(!found.resets && found.role == USER_ROLE_OPERATOR);
    CHECK_TEXT(found.reach.zones, ",north,");
    CHECK_TEXT(found.created_by, "admin");
    CHECK(invitation_take(store, token, NOW_US, &found, NULL) == OK);
    CHECK(invitation_take(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(invitation_find(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(invitation_find(store, "", NOW_US, &found, NULL) == ERR_NOT_FOUND);
}

static void test_end(struct invitation_store *store)
{
    char token[INVITATION_TOKEN_SIZE];
    struct invitation found;
    const struct invitation made = make(store, "asha", false, token);
    CHECK(invitation_take(store, token, NOW_US + INVITATION_LIFE_US, &found, NULL) ==
          ERR_NOT_FOUND);
    CHECK(invitation_withdraw(store, made.id, NULL) == OK);
    CHECK(invitation_withdraw(store, made.id, NULL) == ERR_NOT_FOUND);
    CHECK(invitation_take(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
}

/* A second reset makes the first link worthless. */
static void test_reset(struct invitation_store *store)
{
    char first[INVITATION_TOKEN_SIZE];
    char second[INVITATION_TOKEN_SIZE];
    struct invitation found;
    (void)make(store, "ravi", true, first);
    (void)make(store, "ravi", true, second);
    CHECK(invitation_find(store, first, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(invitation_find(store, second, NOW_US, &found, NULL) == OK && found.resets);
    CHECK_TEXT(found.name, "ravi");
    CLEANUP(value_free_p) struct value *list = NULL;
    CHECK(invitation_list(store, NOW_US, &list, NULL) == OK && value_count(list) == 1);
    CHECK_TEXT(value_text_or(value_get(value_at(list, 0), "username"), ""), "ravi");
    CHECK(value_get(value_at(list, 0), "token") == NULL);
}

static void test_bounds(struct invitation_store *store)
{
    char token[INVITATION_TOKEN_SIZE];
    struct invitation administrator = {.role = USER_ROLE_ADMINISTRATOR, .reach = {",north,"}};
    CHECK(invitation_make(store, &administrator, NOW_US, token, NULL) == ERR_RANGE);
    enum err err = OK;
    int made = 0;
    while (!err && made <= INVITATION_MAX) {
        struct invitation guest = {.role = USER_ROLE_VIEWER};
        err = invitation_make(store, &guest, NOW_US, token, NULL);
        made += !err;
    }
    CHECK(err == ERR_LIMIT && made == INVITATION_MAX - 1); /* one was open */
    struct invitation guest = {.role = USER_ROLE_VIEWER, .created_by = "ravi"};
    CHECK(invitation_make(store, &guest, NOW_US + INVITATION_LIFE_US, token, NULL) == OK);

    /* Whoever may not invite any more leaves no way back in. */
    struct invitation found;
    const int64_t now_us = NOW_US + INVITATION_LIFE_US + 1;
    CHECK(invitation_withdraw_by(store, "asha", NULL) == OK);
    CHECK(invitation_find(store, token, now_us, &found, NULL) == OK);
    CHECK(invitation_withdraw_by(store, "ravi", NULL) == OK);
    CHECK(invitation_find(store, token, now_us, &found, NULL) == ERR_NOT_FOUND);
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct invitation_store *store = NULL;
    CHECK(invitation_store_open(&store, people.database, NULL) == OK);
    test_once(store);
    test_end(store);
    test_reset(store);
    test_bounds(store);
    invitation_store_close(store);
    people_database_close(&people);
    return CHECK_DONE();
}
