#include "programs/control/people/first_people.h"

#include "base/clock.h"
#include "base/log.h"
#include "people/factor.h"
#include "people/session.h"
#include "people/user.h"
#include "programs/control/audit/program_deed.h"
#include "provider/link.h"

/* Whose one-time passwords the environment may carry. */
static const struct one_time_account {
    const char *variable, *name;
    enum user_role role;
} ONE_TIME_ACCOUNTS[] = {
    {"TOCSIN_ADMIN_PASSWORD", "admin", USER_ROLE_ADMINISTRATOR},
    {"TOCSIN_OPERATOR_PASSWORD", "operator", USER_ROLE_OPERATOR},
};

/* Whoever may start us may come in: a lost phone keeps nobody out, and nobody stays in. */
static enum err begin_again(struct database *database, struct user_store *users, const char *name,
                            struct why *why)
{
    struct user user = {.disabled = false};
    CLEANUP(factor_store_close_p) struct factor_store *factors = NULL;
    CLEANUP(link_store_close_p) struct link_store *links = NULL;
    CLEANUP(session_store_close_p) struct session_store *sessions = NULL;
    enum err err = user_find(users, name, &user, why);
    if (!err) { err = factor_store_open(&factors, database, why); }
    if (!err) { err = link_store_open(&links, database, why); }
    if (!err) { err = session_store_open(&sessions, database, why); }
    if (!err) { err = factor_remove_all(factors, user.id, why); }
    if (!err) { err = link_remove_all(links, user.id, why); }
    return err ? err : session_end_user(sessions, user.id, why);
}

/* The account's variable, when it is there, becomes its one-time password. */
static enum err give_one_time(struct database *database, const struct one_time_account *account,
                              struct why *why)
{
    CLEANUP(secret_free_p) struct secret *password = NULL;
    enum err err = secret_from_environment(&password, account->variable, why);
    if (err == ERR_NOT_FOUND) { return OK; }
    if (err) { return err; }
    CLEANUP(user_store_close_p) struct user_store *users = NULL;
    err = user_store_open(&users, database, why);
    if (err) { return err; }
    const struct one_time given = {.name = account->name,
                                   .role = account->role,
                                   .password = secret_bytes(password),
                                   .now_us = clock_wall_us()};
    enum one_time_outcome outcome = ONE_TIME_OUTCOME_KNOWN;
    err = database_begin(database, why);
    if (err) { return err; }
    err = user_give_one_time(users, &given, &outcome, why);
    const bool set = !err && outcome == ONE_TIME_OUTCOME_SET;
    if (set) { err = begin_again(database, users, account->name, why); }
    if (set && !err) {
        err = program_deed_enter(database, "one_time_password_set", account->name, NULL, why);
    }
    database_end(database, &err, why);
    if (set && !err) {
        log_event(LOG_LEVEL_INFO, "audit.one_time_password_set", "account", account->name, NULL);
    }
    return err;
}

enum err first_people_open(struct database *database, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; !err && i < ARRAY_LEN(ONE_TIME_ACCOUNTS); i++) {
        err = give_one_time(database, &ONE_TIME_ACCOUNTS[i], why);
    }
    return err;
}
