/*
 * people/passkey - passkeys and security keys as a second factor (WebAuthn Level 3).
 *
 * Wraps libfido2, which reads the authenticator's words and verifies its signatures; around it we
 * check what the browser swears to: type, challenge, origin, no foreign frame, our domain, presence
 * of a person. No attestation is asked for. ES256, EdDSA and (of 2048
 * bits) RS256 keys. Pure; any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

enum {
    PASSKEY_ID_SIZE_MAX = 1023, /* of a credential id, as the standard says */
    PASSKEY_KEY_SIZE_MAX = 512,
    PASSKEY_DOMAIN_SIZE = 254,
    PASSKEY_CHALLENGE_SIZE = 32,
    PASSKEY_CLIENT_DATA_SIZE_MAX = 4096,
    PASSKEY_AUTHENTICATOR_DATA_SIZE_MAX = 4096,
};

struct passkey {
    uint8_t id[PASSKEY_ID_SIZE_MAX];
    size_t id_size;
    char domain[PASSKEY_DOMAIN_SIZE];
    int64_t algorithm; /* COSE's number */
    uint8_t key[PASSKEY_KEY_SIZE_MAX];
    size_t key_size;
    int64_t sign_count;
};

/* What the browser said, and what we expected of it. */
struct passkey_answer {
    struct span client_data, authenticator_data, signature;
};
struct passkey_expected {
    struct span challenge;
    const char *origin; /* "https://tocsin.example" */
    const char *domain; /* "tocsin.example": the relying party's id */
};

/* The challenge that `client_data` repeats; false when it repeats none of our size. */
MUST_USE bool passkey_challenge(struct span client_data,
                                uint8_t challenge[static PASSKEY_CHALLENGE_SIZE]);

/* A new passkey. ERR_MALFORMED, ERR_DENIED: it was not made for us, now, by a person. */
MUST_USE enum err passkey_register(const struct passkey_answer *answer,
                                   const struct passkey_expected *expected, struct passkey *passkey,
                                   struct why *why);

/* Whether it signed; then its count of signatures moves on. ERR_MALFORMED, ERR_DENIED. */
MUST_USE enum err passkey_verify(const struct passkey_answer *answer,
                                 const struct passkey_expected *expected, struct passkey *passkey,
                                 struct why *why);
