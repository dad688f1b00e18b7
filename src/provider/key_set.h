/*
 * provider/key_set - the public keys of an identity provider (RFC 7517), of which one verifies an
 * ID token.
 *
 * Of each key only the public members are kept that we know: no certificates, no addresses. What is
 * no key for an asymmetric algorithm of ours, or a weak one (RSA below 2048 bits), is passed over,
 * as the standard asks. Not changed after it was read; pure.
 */
#pragma once

#include "base/value.h"
#include "people/jws.h"

enum { KEY_SET_SIZE_MAX = 128 * 1024, KEY_SET_MAX = 64 };

struct key_set;

/* ERR_MALFORMED, ERR_LIMIT: no such set, or more than KEY_SET_MAX. It may have no key for us. */
MUST_USE enum err key_set_read(struct key_set **out, struct span json, struct why *why);
void key_set_free(struct key_set *set); /* NULL is allowed */
CLEANUP_FOR(struct key_set, key_set_free)

size_t key_set_count(const struct key_set *set);

/*
 * The key named `key_id` for an algorithm; without a name (NULL) the only one there is for it.
 * NULL: there is none, or it is not clear which.
 */
const struct value *key_set_find(const struct key_set *set, const char *key_id,
                                 enum jws_algorithm algorithm);
