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
    CHECK(id_valid(found.id));
    CHECK_TEXT(found.id, session.id);
    CHECK(session_find_id(store, found.id, NOW_US, &found, NULL) == OK);
    CHECK_TEXT(found.user, "asha");
    CHECK(session_expires_us(&found) == NOW_US + SESSION_IDLE_US);
    CHECK(session_find(store, "", NOW_US, &found, NULL) == ERR_NOT_FOUND);
    token[5] = token[5] == 'A' ? 'B' : 'A';
    CHECK(session_find(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(session_end(store, &session, NULL) == OK);
    CHECK(session_find_id(store, session.id, NOW_US, NULL, NULL) == ERR_NOT_FOUND);
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
    CHECK(session_find_id(store, found.id, NOW_US + SESSION_AGE_US - 1, NULL, NULL) == OK);
    CHECK(session_sweep(store, NOW_US + SESSION_AGE_US, NULL) == OK);
    CHECK(session_find_id(store, found.id, NOW_US + SESSION_AGE_US - 1, NULL, NULL) ==
          ERR_NOT_FOUND);
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

/* What an administrator changes counts at once, also for sessions that are open. */
static void test_rights(struct people_database *people, struct session_store *store,
                        const struct user *user)
{
    char token[SESSION_TOKEN_SIZE];
    struct session found;
    struct user_store *users = NULL;
    struct user_change change = {.role = USER_ROLE_VIEWER, .reach = {",north,"}};
    const struct session session = begin(store, user, NOW_US, token);
    CHECK(user_store_open(&users, people->database, NULL) == OK);
    CHECK(user_change(users, user, &change, NULL) == OK);
    CHECK(session_find(store, token, NOW_US, &found, NULL) == OK);
    CHECK(found.role == USER_ROLE_VIEWER && found.generation == session.generation + 1);
    CHECK_TEXT(found.reach.zones, ",north,");
    change.disabled = true;
    CHECK(user_change(users, user, &change, NULL) == OK);
    CHECK(session_find(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    CHECK(session_find_id(store, session.id, NOW_US, NULL, NULL) == ERR_NOT_FOUND);
    change.disabled = false;
    CHECK(user_change(users, user, &change, NULL) == OK);
    CHECK(session_end_user(store, user->id, NULL) == OK);
    CHECK(session_find(store, token, NOW_US, &found, NULL) == ERR_NOT_FOUND);
    user_store_close(users);
}

static void test_list(struct session_store *store, const struct user *user,
                      const struct user *other)
{
    char token[SESSION_TOKEN_SIZE];
    CLEANUP(value_free_p) struct value *list = NULL;
    const struct session_begin begun = {.user = user,
                                        .address = "192.0.2.1",
                                        .agent = "Browser/1 \xff",
                                        .refreshable = true,
                                        .now_us = NOW_US + 5};
    struct session session;
    CHECK(session_end_user(store, user->id, NULL) == OK);
    (void)begin(store, user, NOW_US, token);
    CHECK(session_begin(store, &begun, token, &session, NULL) == OK);
    CHECK(session_list(store, user->name, NOW_US + 6, &list, NULL) == OK);
    CHECK(value_count(list) == 2);
    const struct value *first = value_at(list, 0);
    CHECK_TEXT(value_text_or(value_get(first, "id"), ""), session.id);
    CHECK_TEXT(value_text_or(value_get(first, "agent"), ""), "Browser/1 ?");
    CHECK_TEXT(value_text_or(value_get(first, "kind"), ""), "program");
    CHECK_TEXT(value_text_or(value_get(value_at(list, 1), "kind"), ""), "browser");
    CHECK(session_end_id(store, other->id, session.id, NULL) == ERR_NOT_FOUND);
    CHECK(session_find(store, token, NOW_US + 6, &session, NULL) == OK);
    CHECK(session_end_id(store, user->id, session.id, NULL) == OK);
    CHECK(session_find(store, token, NOW_US + 6, &session, NULL) == ERR_NOT_FOUND);
}

static enum session_refresh refresh(struct session_store *store, const char *id, int64_t *number,
                                    int64_t now_us)
{
    struct session_turn turn = {.number = *number, .now_us = now_us};
    (void)!text_copy(turn.id, sizeof turn.id, id);
    CHECK(session_refresh(store, &turn, NULL) == OK);
    *number = turn.number;
    return turn.answer;
}

static void test_refresh(struct session_store *store, const struct user *user)
{
    char token[SESSION_TOKEN_SIZE];
    struct session session;
    int64_t number = 0;
    const struct session browser = begin(store, user, NOW_US, token);
    CHECK(refresh(store, browser.id, &number, NOW_US) == SESSION_REFRESH_ENDED);
    CHECK(refresh(store, "no such session", &number, NOW_US) == SESSION_REFRESH_ENDED);
    const struct session_begin begun = {
        .user = user, .address = "192.0.2.1", .refreshable = true, .now_us = NOW_US};
    CHECK(session_begin(store, &begun, token, &session, NULL) == OK);
    CHECK(refresh(store, session.id, &number, NOW_US + 1) == SESSION_REFRESH_NEXT && number == 1);
    /* The answer was lost, or two asked at once: the same successor, for a while. */
    number = 0;
    CHECK(refresh(store, session.id, &number, NOW_US + 1 + SESSION_GRACE_US) ==
              SESSION_REFRESH_AGAIN &&
          number == 1);
    CHECK(refresh(store, session.id, &number, NOW_US + 2) == SESSION_REFRESH_NEXT && number == 2);
    CHECK(session_find_id(store, session.id, NOW_US + 2, NULL, NULL) == OK);
    number = 1;
    CHECK(refresh(store, session.id, &number, NOW_US + 3 + SESSION_GRACE_US) ==
          SESSION_REFRESH_REUSED);
    CHECK(session_find_id(store, session.id, NOW_US + 2, NULL, NULL) == ERR_NOT_FOUND);
    number = 2;
    CHECK(refresh(store, session.id, &number, NOW_US + 4) == SESSION_REFRESH_ENDED);
    /* One that is two steps old is a copy even within the grace. */
    CHECK(session_begin(store, &begun, token, &session, NULL) == OK);
    number = 0;
    CHECK(refresh(store, session.id, &number, NOW_US) == SESSION_REFRESH_NEXT);
    CHECK(refresh(store, session.id, &number, NOW_US) == SESSION_REFRESH_NEXT && number == 2);
    number = 0;
    CHECK(refresh(store, session.id, &number, NOW_US) == SESSION_REFRESH_REUSED);
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
    test_list(store, &asha, &ravi);
    test_refresh(store, &asha);
    test_rights(&people, store, &asha);
    test_csrf();
    session_store_close(store);
    people_database_close(&people);
    return CHECK_DONE();
}
