/*
 * provider/id_token - whether an ID token (OpenID Connect Core 1.0, 3.1.3.7) says who has signed
 * in: here, now, for us.
 *
 * The signature is an asymmetric one that the provider announced, by a key of its set that is for
 * that algorithm (RFC 8725); then issuer, audience, authorised party, nonce, times and the access
 * token's hash are judged. Pure; the time is a parameter; any thread.
 */
#pragma once

#include "base/clock.h"
#include "provider/key_set.h"

/* How far the provider's clock may be from ours, and how old a token may be that comes at once. */
#define ID_TOKEN_SKEW_US (60 * CLOCK_SECOND_US)
#define ID_TOKEN_AGE_US (10 * CLOCK_MINUTE_US)

enum { ID_TOKEN_SUBJECT_SIZE = 256, ID_TOKEN_NAME_SIZE = 129 };

struct id_token_expected {
    const char *issuer, *client_id, *nonce;
    const char *access_token; /* that came with it; NULL = none */
    unsigned int algorithms;  /* bits by enum jws_algorithm */
    int64_t max_age_us;       /* since the person was asked there who they are; 0 = any time */
    int64_t now_us;
};

/* What it says of the person. Only `subject` names them, and only together with the issuer. */
struct id_token {
    char subject[ID_TOKEN_SUBJECT_SIZE];
    char name[ID_TOKEN_NAME_SIZE]; /* for people to read, and for nothing else; "" = not said */
};

/*
 * ERR_NOT_FOUND: signed with a key that is not in `keys`; the set may be older than the key.
 * ERR_DENIED, ERR_MALFORMED, ERR_LIMIT: it opens nothing.
 */
MUST_USE enum err id_token_verify(const char *token, const struct key_set *keys,
                                  const struct id_token_expected *expected, struct id_token *out,
                                  struct why *why);
