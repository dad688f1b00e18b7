/*
 * What a browser says of a passkey. An even first byte: the rest is client data; an odd one:
 * authenticator data behind good client data, of a new passkey and of one in use.
 */
#include "base/base.h"
#include "people/passkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CREATE[] =
    "{\"type\":\"webauthn.create\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
    "\"origin\":\"https://example.org\"}";
static const char GET[] =
    "{\"type\":\"webauthn.get\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
    "\"origin\":\"https://example.org\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zeros[PASSKEY_CHALLENGE_SIZE];
    uint8_t challenge[PASSKEY_CHALLENGE_SIZE];
    if (size == 0) { return 0; }
    const struct span rest = span_of(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        (void)!passkey_challenge(rest, challenge);
        return 0;
    }
    const struct passkey_expected expected = {.challenge = span_of(zeros, sizeof zeros),
                                              .origin = "https://example.org",
                                              .domain = "example.org"};
    struct passkey passkey = {.sign_count = 0};
    struct passkey_answer answer = {.client_data = span_text(CREATE), .authenticator_data = rest};
    if (passkey_register(&answer, &expected, &passkey, NULL) != OK) { return 0; }
    answer.client_data = span_text(GET);
    answer.signature = rest;
    if (passkey_verify(&answer, &expected, &passkey, NULL) == OK) { abort(); }
    return 0;
}
