/*
 * people/jws - signed tokens in compact form (RFC 7515), and their keys (RFC 7517).
 *
 * Wraps rhonabwy for the cryptography, and reads around it with the strictness of RFC 8725: the
 * algorithm is the key's and never the header's word; what points to keys elsewhere (jku, jwk, x5u,
 * x5c), demands understanding (crit) or changes the payload (b64, zip) is refused; parts are
 * canonical base64url, JSON has no duplicate members. No I/O; any thread.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "base/value.h"

enum { JWS_SIZE_MAX = 16 * 1024 };

enum jws_algorithm {
    JWS_ALGORITHM_EDDSA,
    JWS_ALGORITHM_ES256,
    JWS_ALGORITHM_RS256,
    JWS_ALGORITHM_PS256,
};
enum { JWS_ALGORITHM_COUNT = JWS_ALGORITHM_PS256 + 1 };

const char *jws_algorithm_name(enum jws_algorithm algorithm); /* "EdDSA" ... */
/* False: none that we take. The caller judges whether the key is one for it (jws_verify). */
MUST_USE bool jws_algorithm_parse(enum jws_algorithm *algorithm, const char *name);

/* Once per program, before any thread. */
MUST_USE enum err jws_begin(struct why *why);

struct jws_draft {
    enum jws_algorithm algorithm;
    const struct value *key; /* private JWK */
    const char *type, *key_id;
    struct span payload;
};
/* Appends the token. ERR_MALFORMED: not a key of that algorithm. */
MUST_USE enum err jws_sign(const struct jws_draft *draft, struct text *token, struct why *why);

/* The header of a token that has the form of one, read but not believed. The caller owns it. */
MUST_USE enum err jws_header(const char *token, struct value **header, struct why *why);

/*
 * Whether `key` (public JWK) signed `token` with `algorithm`; then appends the payload. ERR_DENIED:
 * it did not, or is not a key for that; ERR_MALFORMED, ERR_LIMIT: no token that we read.
 */
struct jws_key {
    enum jws_algorithm algorithm;
    const struct value *key;
};
MUST_USE enum err jws_verify(const struct jws_key *key, const char *token, struct text *payload,
                             struct why *why);
