#include "trust/signature.h"

#include "base/encode.h"
#include "check.h"

static void hex(uint8_t *bytes, size_t size, const char *text)
{
    size_t length = 0;
    if (decode_hex(bytes, size, &length, text, NULL) || length != size) { abort(); }
}

int main(void)
{
    /* RFC 8032 section 7.1, TEST 3. */
    uint8_t seed[32];
    uint8_t public_key[PUBLIC_KEY_SIZE];
    uint8_t expected[SIGNATURE_SIZE];
    uint8_t own[PUBLIC_KEY_SIZE];
    uint8_t made[SIGNATURE_SIZE];
    const struct span message = span_of("\xaf\x82", 2);
    hex(seed, 32, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
    hex(public_key, 32, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
    hex(expected, 64,
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");

    struct why why = {0};
    CLEANUP(secret_free_p) struct secret *secret = NULL;
    CLEANUP(signing_key_free_p) struct signing_key *key = NULL;
    CHECK(secret_new(&secret, span_of(seed, sizeof seed), &why) == OK);
    CHECK(signing_key_new(&key, secret, &why) == OK);
    signing_key_public(key, own);
    CHECK(memcmp(own, public_key, sizeof own) == 0);
    signature_make(key, message, made);
    CHECK(memcmp(made, expected, sizeof made) == 0);
    CHECK(signature_fits(public_key, message, made));

    CHECK(!signature_fits(public_key, span_of("\xaf\x83", 2), made));
    CHECK(!signature_fits(public_key, span_of("\xaf", 1), made));
    for (size_t i = 0; i < SIGNATURE_SIZE; i++) {
        made[i] ^= 1;
        CHECK(!signature_fits(public_key, message, made));
        made[i] ^= 1;
    }
    public_key[0] ^= 1;
    CHECK(!signature_fits(public_key, message, made));

    CLEANUP(secret_free_p) struct secret *little = NULL;
    struct signing_key *none = NULL;
    CHECK(secret_new(&little, span_of(seed, 31), &why) == OK);
    CHECK(signing_key_new(&none, little, &why) == ERR_MALFORMED && !none);
    return CHECK_DONE();
}
