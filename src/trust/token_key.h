/*
 * trust/token_key - an Ed25519 key that stays in a PKCS#11 token (an HSM): found by its URI (RFC
 * 7512), asked to sign; and keys that a token derives.
 *
 * Wraps p11-kit's headers and its reader of URIs; the token's own library, named by `module-path`
 * in the URI, is loaded into this process. Example:
 * pkcs11:token=site;object=ca?module-path=/usr/lib/softhsm/libsofthsm2.so. One thread each.
 */
#pragma once

#include <stdbool.h>

#include "base/secret.h"
#include "trust/certificate.h"

enum { TOKEN_KEY_SIGNATURE_SIZE = 64 };

struct token_key;

/*
 * A key of 32 bytes that a secret key in the token makes out of `purpose`: HMAC-SHA256, computed in
 * the token. The same each time; the token's own key never leaves it. The URI names one generic
 * secret key (CKK_GENERIC_SECRET). Errors as token_key_open.
 */
MUST_USE enum err token_key_derive(struct secret **out, const char *uri, const struct secret *pin,
                                   const char *purpose, struct why *why);

/* Whether `path` is such a URI, and not the name of a file. */
bool token_key_named(const char *path);

/*
 * Logs in with `pin` and finds the one key that the URI names. ERR_DENIED: a wrong or missing PIN;
 * ERR_NOT_FOUND: no such token or key; ERR_MALFORMED: the URI, or a key that is not Ed25519.
 */
MUST_USE enum err token_key_open(struct token_key **out, const char *uri, const struct secret *pin,
                                 struct why *why);
void token_key_close(struct token_key *key); /* NULL is allowed */
CLEANUP_FOR(struct token_key, token_key_close)

void token_key_public(const struct token_key *key, uint8_t public_key[static PUBLIC_KEY_SIZE]);

/* ERR_UNAVAILABLE: the token refuses, or is gone. */
MUST_USE enum err token_key_sign(const struct token_key *key, struct span bytes,
                                 uint8_t signature[static TOKEN_KEY_SIGNATURE_SIZE],
                                 struct why *why);
