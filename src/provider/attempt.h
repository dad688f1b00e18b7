/*
 * provider/attempt - sign-ins with an outside identity provider that are under way: between the
 * browser's leaving us and its coming back.
 *
 * Two random words name one: the state, which the provider sends back, and a cookie of the browser
 * that asked. Only both together take it, once, within ATTEMPT_LIFE_US; so an answer that somebody
 * else began, replays or injects opens nothing. Of both only hashes are kept. The table is bounded:
 * for a network and in all the oldest go. They stand in the database so that every server of a site
 * can take the answer. Belongs to the thread of its database connection; writing functions join the
 * caller's transaction; the time is a parameter.
 */
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "people/client.h"
#include "store/database.h"

#define ATTEMPT_LIFE_US (10 * CLOCK_MINUTE_US)

enum {
    ATTEMPT_WORD_SIZE = 44, /* 32 random bytes in base64url, terminated */
    ATTEMPT_PATH_SIZE = 256,
    ATTEMPT_PER_NETWORK_MAX = 256, /* an office has one address */
    ATTEMPT_MAX = 8192,
};

enum attempt_purpose {
    ATTEMPT_PURPOSE_SIGN_IN,
    ATTEMPT_PURPOSE_LINK,   /* `subject` is the session of the person who wants it */
    ATTEMPT_PURPOSE_FACTOR, /* attempt_wait's: `subject` is the link that somebody came by */
};
struct attempt {
    enum attempt_purpose purpose;
    char subject[ID_TEXT_SIZE];
    char return_path[ATTEMPT_PATH_SIZE]; /* where on the page to go then */
    char network[CLIENT_ADDRESS_SIZE];   /* that asks (people/client) */
    char nonce[ATTEMPT_WORD_SIZE];       /* filled in */
    char verifier[ATTEMPT_WORD_SIZE];    /* filled in: PKCE's (RFC 7636) */
};

struct attempt_store;

MUST_USE enum err attempt_store_open(struct attempt_store **out, struct database *database,
                                     struct why *why);
void attempt_store_close(struct attempt_store *store); /* NULL is allowed */
CLEANUP_FOR(struct attempt_store, attempt_store_close)

struct attempt_words {
    char state[ATTEMPT_WORD_SIZE], browser[ATTEMPT_WORD_SIZE];
};
/* Fills in nonce, verifier and the words. */
MUST_USE enum err attempt_begin(struct attempt_store *store, struct attempt *attempt,
                                int64_t now_us, struct attempt_words *words, struct why *why);

/* Spends it; `network` is left empty. ERR_NOT_FOUND: unknown, another browser's, used, or over. */
MUST_USE enum err attempt_take(struct attempt_store *store, const struct attempt_words *words,
                               int64_t now_us, struct attempt *attempt, struct why *why);

/*
 * A browser that has come back as somebody who has to show a second factor. It is known by a new
 * cookie, `words->browser`.
 */
MUST_USE enum err attempt_wait(struct attempt_store *store, const struct attempt *attempt,
                               int64_t now_us, struct attempt_words *words, struct why *why);
/* Who that is, without spending it: subject and return_path. ERR_NOT_FOUND. */
MUST_USE enum err attempt_waiting(struct attempt_store *store, const char *browser, int64_t now_us,
                                  struct attempt *attempt, struct why *why);
/* All that a browser has begun. */
MUST_USE enum err attempt_forget(struct attempt_store *store, const char *browser, struct why *why);
