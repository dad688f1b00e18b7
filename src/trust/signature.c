#include "trust/signature.h"

#include <assert.h>
#include <sodium.h>

static_assert(PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "libsodium's size");
static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "libsodium's size");

struct signing_key {
    struct secret *pair; /* owned: seed and public key, as libsodium wants them */
};

enum err signing_key_new(struct signing_key **out, const struct secret *seed, struct why *why)
{
    const struct span bytes = secret_bytes(seed);
    if (bytes.size != crypto_sign_SEEDBYTES) {
        return why_set(why, ERR_MALFORMED, "an Ed25519 seed has %u bytes, not %zu",
                       crypto_sign_SEEDBYTES, bytes.size);
    }
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t pair[crypto_sign_SECRETKEYBYTES];
    if (crypto_sign_seed_keypair(public_key, pair, bytes.data) != 0) { abort(); }
    struct secret *held = NULL;
    const enum err err = secret_new(&held, span_of(pair, sizeof pair), why);
    sodium_memzero(pair, sizeof pair);
    if (err) { return err; }
    *out = MEM_NEW(struct signing_key);
    (*out)->pair = held;
    return OK;
}

void signing_key_free(struct signing_key *key)
{
    if (!key) { return; }
    secret_free(key->pair);
    free(key);
}

void signing_key_public(const struct signing_key *key, uint8_t public_key[static PUBLIC_KEY_SIZE])
{
    if (crypto_sign_ed25519_sk_to_pk(public_key, secret_bytes(key->pair).data) != 0) { abort(); }
}

void signature_make(const struct signing_key *key, struct span message,
                    uint8_t signature[static SIGNATURE_SIZE])
{
    const uint8_t *pair = secret_bytes(key->pair).data;
    if (crypto_sign_detached(signature, NULL, message.data, message.size, pair) != 0) { abort(); }
}

bool signature_fits(const uint8_t public_key[static PUBLIC_KEY_SIZE], struct span message,
                    const uint8_t signature[static SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, message.data, message.size, public_key) == 0;
}
