/*
 * trust/key - a private key: made, read, written.
 *
 * Wraps OpenSSL. Ed25519 (RFC 8410) signs messages and speaks mutual TLS; P-256 is only for the
 * certificates that browsers see, which know no Ed25519. On disk a key is PEM PKCS#8, mode 0600; a
 * sealed one is encrypted with AES-256-CBC under scrypt (RFC 7914) of a passphrase. A key is
 * immutable: any thread may use it, but for one in a PKCS#11 token (trust/token_key), which never
 * leaves it and signs for one thread at a time. File I/O only in key_load and key_save.
 */
#pragma once

#include <stdbool.h>

#include "base/secret.h"

enum { KEY_FILE_SIZE_MAX = 16 * 1024, KEY_SEED_SIZE = 32 };

enum key_kind { KEY_KIND_ED25519, KEY_KIND_P256 };

struct key;

MUST_USE enum err key_generate(struct key **out, enum key_kind kind, struct why *why);
void key_free(struct key *key); /* NULL is allowed */
CLEANUP_FOR(struct key, key_free)

enum key_kind key_kind(const struct key *key);
bool key_in_token(const struct key *key);

/*
 * Reads PEM PKCS#8, at most KEY_FILE_SIZE_MAX bytes, or opens the token that `path` names as a
 * pkcs11: URI. `passphrase` (NULL for none) opens a sealed one, or is the token's PIN. ERR_DENIED
 * when others may read or write the file, when it is sealed and no passphrase was given, or when
 * the passphrase does not open it.
 */
MUST_USE enum err key_load(struct key **out, const char *path, const struct secret *passphrase,
                           struct why *why);

/* Writes it with mode 0600, sealed when `passphrase` is not NULL. Replaces what was there. */
MUST_USE enum err key_save(const struct key *key, const char *path, const struct secret *passphrase,
                           struct why *why);

/* The 32-byte seed of an Ed25519 key (RFC 8032 section 5.1.5), for trust/signature. */
MUST_USE enum err key_seed(const struct key *key, struct secret **seed, struct why *why);
