#include "people/session.h"

#include "check.h"
#include "unit/people/people_database.h"

static const int64_t NOW_US = 1800000000000000;

static struct user add_user(struct people_database *people, const char *name)
{
    struct user_store *users = NULL;
    const struct user_new new = {.name = name,
                                 .role = USER_ROLE_ADMINISTRATOR,
                                 .password = "a long password",
                                 .now_us = NOW_US};
    struct user user;
    if (user_store_open(&users, people->database, NULL) || user_add(users, &new, NULL) ||
        user_find(users, name, &user, NULL)) {
        abort();
    }
    user_store_close(users);
    return user;
}

static struct session begin(struct session_store *store, const struct user *user, int64_t now_us,
                            char token[static SESSION_TOKEN_SIZE])
{
    const struct session_begin begin = {.user = user, .address = "192.0.2.1", .now_us = now_us};
    struct session session = {.used_us = 0};
    CHECK(session_begin(store, &begin, token, &session, NULL) == OK);
    return session;
}

static void test_life(struct session_store *store, const struct user *user)
{
    char token[SESSION_TOKEN_SIZE];
    struct session session = begin(store, user, NOW_US, token);
    struct session found;
    CHECK(strlen(token) == SESSION_TOKEN_SIZE - 1);
    CHECK(session_find(store, token, NOW_US, &found, NULL) == OK);
    CHECK(memcmp(found.key, session.key, sizeof found.key) == 0);
    CHECK_TEXT(found.user, "asha");
    CHECK(session_expires_us(&found) == NOW_US + SESSION_IDLE_US);
    CHECK(session_find(store, "", NOW_US, &found, NULL) == ERR_NOT_FOUND);
    token[5] = token[5] == 'A' ? 'B' : 'A';
    CHECK(session_find(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(session_end(store, &session, NULL) == OK);
    CHECK(session_keep(store, session.key, NOW_US, NULL) == ERR_NOT_FOUND);
}

static void test_ends(struct session_store *store, const struct user *user)
{
    char token[SESSION_TOKEN_SIZE];
    struct session found;
    (void)begin(store, user, NOW_US, token);
    CHECK(session_find(store, token, NOW_US + SESSION_IDLE_US, &found, NULL) == ERR_NOT_FOUND);
    /* Use keeps it, to the twelfth hour and no longer. */
    int64_t now_us = NOW_US;
    while (now_us < NOW_US + SESSION_AGE_US) {
        CHECK(session_find(store, token, now_us, &found, NULL) == OK);
        now_us += SESSION_IDLE_US - 1;
    }
    CHECK(session_find(store, token, NOW_US + SESSION_AGE_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(session_expires_us(&found) == NOW_US + SESSION_AGE_US);
    CHECK(session_keep(store, found.key, NOW_US + SESSION_AGE_US - 1, NULL) == OK);
    CHECK(session_sweep(store, NOW_US + SESSION_AGE_US, NULL) == OK);
    CHECK(session_keep(store, found.key, NOW_US + SESSION_AGE_US - 1, NULL) == ERR_NOT_FOUND);
}

static void test_many(struct session_store *store, const struct user *user,
                      const struct user *other)
{
    static char tokens[SESSION_PER_USER_MAX + 1][SESSION_TOKEN_SIZE];
    char others[SESSION_TOKEN_SIZE];
    struct session found;
    struct session last = {.used_us = 0};
    (void)begin(store, other, NOW_US, others);
    for (int i = 0; i <= SESSION_PER_USER_MAX; i++) {
        last = begin(store, user, NOW_US + i, tokens[i]);
    }
    const int64_t now_us = NOW_US + CLOCK_SECOND_US;
    CHECK(session_find(store, tokens[0], now_us, &found, NULL) == ERR_NOT_FOUND);
    CHECK(session_find(store, tokens[1], now_us, &found, NULL) == OK);
    CHECK(session_end_others(store, &last, NULL) == OK);
    CHECK(session_find(store, tokens[1], now_us, &found, NULL) == ERR_NOT_FOUND);
    CHECK(session_find(store, tokens[SESSION_PER_USER_MAX], now_us, &found, NULL) == OK);
    CHECK(session_find(store, others, now_us, &found, NULL) == OK);
}

static void test_csrf(void)
{
    static const char token[] = "0123456789012345678901234567890123456789012";
    char csrf[SESSION_TOKEN_SIZE];
    session_csrf(csrf, token);
    CHECK(strlen(csrf) == SESSION_TOKEN_SIZE - 1);
    CHECK(session_csrf_fits(csrf, token));
    CHECK(!session_csrf_fits(csrf, "1123456789012345678901234567890123456789012"));
    CHECK(!session_csrf_fits("", token));
    CHECK(!session_csrf_fits(token, token));
}

int main(void)
{
    struct people_database people;
    people_database_open(&people);
    struct session_store *store = NULL;
    CHECK(session_store_open(&store, people.database, NULL) == OK);
    const struct user asha = add_user(&people, "asha");
    const struct user ravi = add_user(&people, "ravi");
    test_life(store, &asha);
    test_ends(store, &asha);
    test_many(store, &asha, &ravi);
    test_csrf();
    session_store_close(store);
    people_database_close(&people);
    return CHECK_DONE();
}
