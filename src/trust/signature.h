/*
 * trust/signature - Ed25519 (RFC 8032): signing, and verifying by the strict rule.
 *
 * Wraps libsodium. Strict: S below the group order, R and the public key canonical encodings and
 * not of small order, and R compared byte for byte with the equation without cofactor. So one
 * message has one signature per key, and every Tocsin agrees on it; what other libraries accept
 * beyond that is refused (tests/contract/ed25519_test.c lists the published cases). No I/O; any
 * thread.
 */
#pragma once

#include "base/secret.h"
#include "trust/certificate.h"

enum { SIGNATURE_SIZE = 64 };

struct signing_key; /* immutable: any number of threads may sign with it */

/* From the 32-byte seed. */
MUST_USE enum err signing_key_new(struct signing_key **out, const struct secret *seed,
                                  struct why *why);
void signing_key_free(struct signing_key *key); /* zeroes; NULL is allowed */
CLEANUP_FOR(struct signing_key, signing_key_free)
void signing_key_public(const struct signing_key *key, uint8_t public_key[static PUBLIC_KEY_SIZE]);

void signature_make(const struct signing_key *key, struct span message,
                    uint8_t signature[static SIGNATURE_SIZE]);

MUST_USE bool signature_fits(const uint8_t public_key[static PUBLIC_KEY_SIZE], struct span message,
                             const uint8_t signature[static SIGNATURE_SIZE]);
