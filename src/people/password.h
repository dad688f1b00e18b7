/*
 * people/password - passwords kept as Argon2id hashes (RFC 9106), with the work bounded.
 *
 * Hashes of bcrypt ($2a$, $2b$, $2y$; crypt(3) verifies them) are accepted from other systems, and
 * sign-in replaces them. bcrypt reads 72 bytes and no more: a longer password never fits one.
 * Each hash costs 19 MiB and two passes (OWASP's least). At most PASSWORD_WORK_MAX are made at a
 * time, one of them only for people whom we know; in each lane PASSWORD_WAIT_MAX more may wait for
 * their turn, and whoever comes then is told ERR_LIMIT: guessing must cost the site neither its
 * memory nor its operators' way in. Any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

enum {
    PASSWORD_LENGTH_MIN = 12, /* characters, not bytes */
    PASSWORD_LENGTH_MAX = 128,
    PASSWORD_SIZE_MAX = 4 * PASSWORD_LENGTH_MAX, /* bytes of UTF-8 */
    PASSWORD_HASH_SIZE = 128,
    PASSWORD_WORK_MAX = 2,
    PASSWORD_WAIT_MAX = 4,
    PASSWORD_BCRYPT_COST_MAX = 14, /* about a second */
};

/*
 * Whether `name` may choose it: 12..128 characters, no control characters, nothing that everybody
 * guesses (people/breach), not one's own name. ERR_RANGE says why.
 */
MUST_USE enum err password_check(const char *password, const char *name, struct why *why);

/* ERR_LIMIT: too many at once. */
MUST_USE enum err password_hash(char hash[static PASSWORD_HASH_SIZE], struct span password,
                                struct why *why);

/* Whether `hash` is one that password_verify can verify, at a bounded cost. */
bool password_hash_valid(const char *hash);
/* Whether a new hash of the same password would be better: bcrypt, or a cheaper Argon2id. */
bool password_hash_outdated(const char *hash);

/* `*same` tells whether `hash` was made of `password`. ERR_LIMIT: too many at once. */
MUST_USE enum err password_verify(const char *hash, struct span password, bool *same,
                                  struct why *why);

/* The lane of who shows that they signed in here before, and of all others. */
enum password_lane { PASSWORD_LANE_COMMON, PASSWORD_LANE_KNOWN };

struct password_try {
    enum password_lane lane;
    const char *hash; /* NULL: there is none, and nothing fits */
    struct span password;
    int bcrypt_cost; /* of the dearest bcrypt hash that there is; 0: none */
};

/*
 * The same for sign-in: a wrong password costs as much work whatever the hash is, so that the time
 * of an answer tells neither which names there are nor how their passwords are kept. While anybody
 * has a bcrypt hash, that is one Argon2id and one bcrypt of `bcrypt_cost`.
 */
MUST_USE enum err password_verify_evenly(const struct password_try *attempt, bool *same,
                                         struct why *why);
