/*
 * vault/seal - one sealed value: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, by libsodium) with
 * a key that bears a number.
 *
 * The table, the column and the row that a value belongs to are authenticated with it: in another
 * place it does not open. The bytes are "tse1", the key's number (u32, most significant byte
 * first), a random nonce of 24 bytes, the ciphertext and its tag of 16. Nonces are random and of
 * 192 bits, so that several servers may seal under one key for ever. No I/O; any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/secret.h"
#include "base/text.h"

enum {
    SEAL_KEY_SIZE = 32,
    SEAL_HEAD_SIZE = 8,
    SEAL_OVERHEAD_SIZE = SEAL_HEAD_SIZE + 24 + 16,
    SEAL_PLAIN_SIZE_MAX = 16 * 1024,
    SEAL_SIZE_MAX = SEAL_PLAIN_SIZE_MAX + SEAL_OVERHEAD_SIZE,
};

struct seal_key {
    uint32_t id;
    const struct secret *bytes; /* SEAL_KEY_SIZE of them, borrowed */
};

/* Where a value stands. The row is its primary key, numbers in decimal. */
struct seal_place {
    const char *table, *column, *row;
};

/* Appends the sealed form of `plain`, at most SEAL_PLAIN_SIZE_MAX bytes (assertion). */
void seal_close(struct text *out, const struct seal_key *key, const struct seal_place *place,
                struct span plain);

/* What every value under the key of this number begins with. */
void seal_head(uint8_t head[static SEAL_HEAD_SIZE], uint32_t id);

/* The number of the key that a value names; false when it is no sealed value at all. */
MUST_USE bool seal_key_id(struct span sealed, uint32_t *id);

/* Room for what is opened; the caller wipes it. */
struct seal_room {
    uint8_t *bytes;
    size_t capacity;
    size_t size; /* written when it has been opened */
};

/* False: changed, of another place, under another key, or larger than the room. */
MUST_USE bool seal_open(const struct seal_key *key, const struct seal_place *place,
                        struct span sealed, struct seal_room *plain);
