/*
 * people/challenge - the questions that passkeys answer: random, for one user, purpose and subject,
 * good once and for CHALLENGE_LIFE_US.
 *
 * They stand in the database, so that the answer may come to another server or after a restart. Of
 * a user the newest CHALLENGE_OF_USER_MAX are kept. Belongs to the thread of its database
 * connection; joins the caller's transaction; the time is a parameter.
 */
#pragma once

#include <stdbool.h>

#include "base/clock.h"
#include "base/id.h"
#include "people/passkey.h"
#include "store/database.h"

#define CHALLENGE_LIFE_US (2 * CLOCK_MINUTE_US)

enum { CHALLENGE_OF_USER_MAX = 8, CHALLENGE_SUBJECT_SIZE = 32 };

enum challenge_purpose {
    CHALLENGE_PURPOSE_REGISTER,
    CHALLENGE_PURPOSE_SIGN_IN,
    CHALLENGE_PURPOSE_APPROVE
};

struct challenges;
MUST_USE enum err challenges_open(struct challenges **out, struct database *database,
                                  struct why *why);
void challenges_close(struct challenges *challenges); /* NULL is allowed */
CLEANUP_FOR(struct challenges, challenges_close)

struct challenge {
    uint8_t bytes[PASSKEY_CHALLENGE_SIZE];
    char user_id[ID_TEXT_SIZE];
    enum challenge_purpose purpose;
    uint8_t subject[CHALLENGE_SUBJECT_SIZE]; /* APPROVE: SHA-256 of exactly what; else zero */
    int64_t not_after_us;
};
/* Fills `bytes` and the end of its life. */
MUST_USE enum err challenges_give(struct challenges *challenges, struct challenge *challenge,
                                  int64_t now_us, struct why *why);
/* `*open`: it was given for that user, purpose and subject, and is open; spends it. */
MUST_USE enum err challenges_take(struct challenges *challenges, const struct challenge *challenge,
                                  int64_t now_us, bool *open, struct why *why);
