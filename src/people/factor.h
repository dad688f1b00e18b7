/*
 * people/factor - the second factors of users: an authenticator app, recovery codes, passkeys.
 *
 * An app is set up in two steps, so that nobody locks themselves out: the secret is shown, and
 * counts once a first code of it has come. That also makes FACTOR_CODE_COUNT recovery codes, each
 * good once, of which only hashes are kept. Belongs to the thread of its database connection;
 * writing functions join the caller's transaction; the time is a parameter. Limiting tries is the
 * caller's (people/sign_in).
 */
#pragma once

#include "base/id.h"
#include "people/totp.h"
#include "store/database.h"

enum { FACTOR_CODE_COUNT = 10, FACTOR_CODE_SIZE = 12 }; /* "abcde-fghij" */

struct factor_store;

MUST_USE enum err factor_store_open(struct factor_store **out, struct database *database,
                                    struct why *why);
void factor_store_close(struct factor_store *store); /* NULL is allowed */
CLEANUP_FOR(struct factor_store, factor_store_close)

struct factors {
    bool app;
    int64_t recovery_codes, passkeys;
};
bool factors_any(const struct factors *factors);
/* All false when the user is not there. */
MUST_USE enum err factor_find(struct factor_store *store, const char *user_id,
                              struct factors *factors, struct why *why);

/* Keeps a new secret that does not count yet. */
MUST_USE enum err factor_app_begin(struct factor_store *store, const char *user_id,
                                   const uint8_t secret[static TOTP_SECRET_SIZE], struct why *why);

struct factor_codes {
    char codes[FACTOR_CODE_COUNT][FACTOR_CODE_SIZE];
};
enum factor_answer {
    FACTOR_ANSWER_APP,      /* a code of the app */
    FACTOR_ANSWER_RECOVERY, /* a recovery code, which is spent now */
    FACTOR_ANSWER_WRONG,    /* or used before */
};
struct factor_try {
    const char *user_id, *code;
    int64_t now_us;
};
/* The first code of the new secret: from now on it counts. `codes` replace the earlier ones. */
MUST_USE enum err factor_app_confirm(struct factor_store *store, const struct factor_try *attempt,
                                     enum factor_answer *answer, struct factor_codes *codes,
                                     struct why *why);

/* Spends a code of the app or a recovery code. */
MUST_USE enum err factor_use(struct factor_store *store, const struct factor_try *attempt,
                             enum factor_answer *answer, struct why *why);

/* Takes away the app and the recovery codes; or all that there is. */
MUST_USE enum err factor_app_remove(struct factor_store *store, const char *user_id,
                                    struct why *why);
MUST_USE enum err factor_remove_all(struct factor_store *store, const char *user_id,
                                    struct why *why);
