/*
 * people/user - the people who may sign in: name, role, reach, password hash.
 *
 * The last administrator can be neither disabled nor given another role. Every change of rights
 * raises the user's generation, and with it ends older access tokens. JSON objects are those of
 * docs/protocols/api.md. A one-time password comes from the outside (TOCSIN_ADMIN_PASSWORD): it
 * opens one session, which must choose a new password before anything else. The same one-time
 * password given again at the next start changes nothing. Belongs to the thread of its database
 * connection; the time is a parameter.
 */
#pragma once

#include <stdbool.h>

#include "base/id.h"
#include "people/password.h"
#include "people/permission.h"
#include "people/reach.h"
#include "store/database.h"

enum { USER_NAME_SIZE = 65 };

struct user {
    char id[ID_TEXT_SIZE];
    char name[USER_NAME_SIZE];
    enum user_role role;
    struct reach reach;
    char password_hash[PASSWORD_HASH_SIZE]; /* "" = none: only an invitation makes one */
    bool must_change_password, disabled;
    int64_t generation;
    char one_time_hash[PASSWORD_HASH_SIZE]; /* "" = never had one */
    bool one_time_used;
};

/* [a-z0-9._@-], 1..64 letters, beginning with a letter or digit. */
bool user_name_valid(const char *name);

struct user_store;

MUST_USE enum err user_store_open(struct user_store **out, struct database *database,
                                  struct why *why);
void user_store_close(struct user_store *store); /* NULL is allowed */
CLEANUP_FOR(struct user_store, user_store_close)

/* ERR_NOT_FOUND. */
MUST_USE enum err user_find(struct user_store *store, const char *name, struct user *user,
                            struct why *why);

struct user_new {
    const char *name;
    enum user_role role;
    const struct reach *reach; /* NULL = the whole site */
    const char *password;      /* or */
    const char *hash;          /* ... one that another system made (password_hash_valid) */
    bool must_change;          /* somebody else chose it */
    int64_t now_us;
};
/* ERR_RANGE: name, password, or a role that is not for single zones; ERR_CONFLICT: the name is
 * taken. */
MUST_USE enum err user_add(struct user_store *store, const struct user_new *new, struct why *why);

/*
 * The person's own new password, as its hash: hashing takes too long for a transaction.
 * ERR_CONFLICT when the password that `user` holds was changed or reset meanwhile.
 */
MUST_USE enum err user_set_password(struct user_store *store, const struct user *user,
                                    const char *hash, int64_t now_us, struct why *why);

/* Keeps the password that was just verified under a better hash; nothing when it changed. */
MUST_USE enum err user_upgrade_password(struct user_store *store, const struct user *user,
                                        const char *password, struct why *why);

struct user_change {
    enum user_role role;
    struct reach reach;
    bool disabled;
};
/* Gives a user other rights. ERR_CONFLICT: the last administrator; ERR_RANGE as in user_add. */
MUST_USE enum err user_change(struct user_store *store, const struct user *user,
                              const struct user_change *change, struct why *why);

/* Takes the password away: only an invitation brings a new one. */
MUST_USE enum err user_reset(struct user_store *store, const struct user *user, int64_t now_us,
                             struct why *why);

/* `[user,...]` by name, or the one of that name (an empty list when there is none). */
MUST_USE enum err user_list(struct user_store *store, const char *name, int64_t now_us,
                            struct value **out, struct why *why);

/* Marks the one-time password as used. ERR_CONFLICT: it has been used before. */
MUST_USE enum err user_use_one_time(struct user_store *store, const struct user *user,
                                    struct why *why);

struct one_time {
    const char *name;
    enum user_role role; /* that the user has from then on, for the whole site */
    struct span password;
    int64_t now_us;
};
enum one_time_outcome { ONE_TIME_OUTCOME_SET, ONE_TIME_OUTCOME_KNOWN };
/*
 * Gives a user a one-time password: makes the user, or resets the password and the role. KNOWN:
 * this very one was given before; nothing is changed.
 */
MUST_USE enum err user_give_one_time(struct user_store *store, const struct one_time *given,
                                     enum one_time_outcome *outcome, struct why *why);

/* The dearest bcrypt hash that anybody here has (password_verify_evenly); 0: nobody has one. */
MUST_USE enum err user_bcrypt_cost(struct user_store *store, int *cost, struct why *why);
