/*
 * people/token - what a program shows instead of a password: access tokens and refresh tokens.
 *
 * An access token is a JWT (RFC 9068, EdDSA) of five minutes that names a session; it is worth
 * nothing without that session and the generation of rights that it was made for, which the caller
 * asks the database for, or knows of for half a second (people/session_cache). The signing keys
 * belong to spans of time and are derived from one secret: they rotate by themselves, alike on
 * every server, and stand in no file; a key is accepted until its last token has ended. A refresh
 * token is a session's id, a number, and a MAC over both: of a session one number counts
 * (people/session), and its successor is always the same one. Verified access tokens are
 * remembered, bounded, by their hash, since checking a signature costs more than the rest of a
 * request; time and claims are judged each time. Any thread; the time is a parameter.
 */
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/secret.h"
#include "base/value.h"

#define TOKEN_LIFE_US (5 * CLOCK_MINUTE_US)

enum {
    TOKEN_ACCESS_SIZE = 1024,
    TOKEN_REFRESH_SIZE = 128,
    TOKEN_DEVICE_SIZE = 192,
    TOKEN_DEVICE_ID_SIZE = 32,
    TOKEN_SECRET_SIZE = 32,
    TOKEN_PERIOD_MIN_S = 10, /* of a signing key */
};

struct tokens;

struct token_config {
    const struct secret *secret; /* TOKEN_SECRET_SIZE bytes; not kept */
    const char *site;            /* becomes part of issuer and audience */
    int64_t period_us;           /* how long a key signs, TOKEN_PERIOD_MIN_S or more */
};
MUST_USE enum err tokens_new(struct tokens **out, const struct token_config *config,
                             struct why *why);
void tokens_free(struct tokens *tokens); /* NULL is allowed */
CLEANUP_FOR(struct tokens, tokens_free)

struct token_claims {
    char session_id[ID_TEXT_SIZE];
    char user_id[ID_TEXT_SIZE];
    int64_t generation;
    int64_t expires_us; /* filled in by token_sign too */
};

MUST_USE enum err token_sign(const struct tokens *tokens, struct token_claims *claims,
                             int64_t now_us, char token[static TOKEN_ACCESS_SIZE], struct why *why);

enum token_answer {
    TOKEN_ANSWER_GOOD,
    TOKEN_ANSWER_MALFORMED, /* no token of ours: form, type, issuer, audience */
    TOKEN_ANSWER_OLD_KEY,   /* signed in a time whose tokens have all ended, or not yet begun */
    TOKEN_ANSWER_FORGED,
    TOKEN_ANSWER_EXPIRED,
};
const char *token_answer_name(enum token_answer answer); /* "token_expired" ... */
/* The same for one that was verified lately, at the cost of a hash; false: it was not. */
bool token_recall(struct tokens *tokens, const char *token, int64_t now_us,
                  enum token_answer *answer, struct token_claims *claims);
enum token_answer token_verify(struct tokens *tokens, const char *token, int64_t now_us,
                               struct token_claims *claims);

/* {"keys":[...]}: every public key whose tokens may be alive, and the next one (RFC 7517). */
MUST_USE enum err token_keys(const struct tokens *tokens, int64_t now_us, struct value **out,
                             struct why *why);

void token_refresh_write(const struct tokens *tokens, const char *session_id, int64_t number,
                         char token[static TOKEN_REFRESH_SIZE]);
/* False: nothing that we made. */
MUST_USE bool token_refresh_read(const struct tokens *tokens, const char *token,
                                 char session_id[static ID_TEXT_SIZE], int64_t *number);

/*
 * What a browser keeps after a sign-in, for a year: that somebody has signed in from it to this
 * account. It opens nothing; it only has tries counted apart from strangers'.
 */
void token_device_write(const struct tokens *tokens, const char *user,
                        char token[static TOKEN_DEVICE_SIZE]);
/* False: nothing that we made, or for another account. */
MUST_USE bool token_device_read(const struct tokens *tokens, const char *token, const char *user,
                                char id[static TOKEN_DEVICE_ID_SIZE]);
