#include "people/passkey.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "check.h"

/*
 * W3C, Web Authentication Level 3, test vectors: "ES256 Credential with No Attestation". The whole
 * list is in tests/contract/passkey_test.c.
 */
static const char CHALLENGE[] = "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130";
static const char CLIENT[] =
    "{\"type\":\"webauthn.create\",\"challenge\":\"AMMPt4UxxGTStncdq417YDwBFi8vpIa-pw8oOuVW4TA\","
    "\"origin\":\"https://example.org\",\"crossOrigin\":false}";
static const char DATA[] =
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b"
    "2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001"
    "215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca6633"
    "4b03458abf879717c12cc68ed73290af2e2664796b9220";
static const char USE_CHALLENGE[] =
    "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408";
static const char USE_CLIENT[] =
    "{\"type\":\"webauthn.get\",\"challenge\":\"OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZchXyav01Ag\","
    "\"origin\":\"https://example.org\",\"crossOrigin\":false}";
static const char USE_DATA[] =
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000";
static const char USE_SIGNATURE[] =
    "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b9353"
    "8174f575bf11a1dd5d78c6e486013f937295ea13653e331e87";

struct bytes {
    uint8_t data[1024];
    size_t size;
};

static struct bytes hex(const char *text)
{
    struct bytes bytes = {.size = 0};
    CHECK(decode_hex(bytes.data, sizeof bytes.data, &bytes.size, text, NULL) == OK);
    return bytes;
}

static struct span span_of_bytes(const struct bytes *bytes)
{
    return span_of(bytes->data, bytes->size);
}

static enum err enter(const char *client, const struct bytes *data, const char *origin,
                      const char *domain, struct passkey *passkey)
{
    const struct bytes challenge = hex(CHALLENGE);
    const struct passkey_answer answer = {.client_data = span_text(client),
                                          .authenticator_data = span_of_bytes(data)};
    const struct passkey_expected expected = {
        .challenge = span_of_bytes(&challenge), .origin = origin, .domain = domain};
    return passkey_register(&answer, &expected, passkey, NULL);
}

static struct passkey test_register(void)
{
    struct passkey passkey = {.sign_count = -1};
    struct bytes data = hex(DATA);
    uint8_t challenge[PASSKEY_CHALLENGE_SIZE];
    const struct bytes wanted = hex(CHALLENGE);
    CHECK(passkey_challenge(span_text(CLIENT), challenge));
    CHECK(memcmp(challenge, wanted.data, sizeof challenge) == 0);
    CHECK(enter(CLIENT, &data, "https://example.org", "example.org", &passkey) == OK);
    CHECK(passkey.id_size == 32 && passkey.algorithm == -7 && passkey.sign_count == 0);
    CHECK_TEXT(passkey.domain, "example.org");
    struct passkey none;
    CHECK(enter(CLIENT, &data, "https://evil.example", "example.org", &none) == ERR_DENIED);
    CHECK(enter(CLIENT, &data, "https://example.org", "evil.example", &none) == ERR_DENIED);
    CHECK(enter(USE_CLIENT, &data, "https://example.org", "example.org", &none) == ERR_DENIED);
    CHECK(enter("{", &data, "https://example.org", "example.org", &none) == ERR_MALFORMED);
    data.data[32] &= 0xfe; /* nobody was there */
    CHECK(enter(CLIENT, &data, "https://example.org", "example.org", &none) == ERR_DENIED);
    data = hex(DATA);
    int passed = 0;
    for (size_t size = 0; size < data.size; size++) {
        struct bytes cut = data;
        cut.size = size;
        passed += enter(CLIENT, &cut, "https://example.org", "example.org", &none) == OK;
    }
    CHECK(passed == 0);
    return passkey;
}

static enum err use(struct passkey passkey, const char *client, const struct bytes *data,
                    const struct bytes *signature)
{
    const struct bytes challenge = hex(USE_CHALLENGE);
    const struct passkey_answer answer = {.client_data = span_text(client),
                                          .authenticator_data = span_of_bytes(data),
                                          .signature = span_of_bytes(signature)};
    const struct passkey_expected expected = {.challenge = span_of_bytes(&challenge),
                                              .origin = "https://example.org",
                                              .domain = "example.org"};
    return passkey_verify(&answer, &expected, &passkey, NULL);
}

static void test_use(struct passkey passkey)
{
    struct bytes data = hex(USE_DATA);
    struct bytes signature = hex(USE_SIGNATURE);
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == OK);
    passkey.sign_count = 4; /* it counted to four before, and says zero now */
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == ERR_DENIED);
    passkey.sign_count = 0;
    CHECK(use(passkey, CLIENT, &data, &signature) == ERR_DENIED);
    signature.data[20] ^= 1;
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == ERR_DENIED);
    signature.data[20] ^= 1;
    data.data[36] ^= 1; /* the count is signed too */
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == ERR_DENIED);
    data.data[36] ^= 1;
    passkey.key[3] ^= 1;
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == ERR_DENIED);
    passkey.key[3] ^= 1;
    passkey.algorithm = -257;
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == ERR_DENIED);
    passkey.algorithm = -7;
    (void)!text_copy(passkey.domain, sizeof passkey.domain, "other.example");
    CHECK(use(passkey, USE_CLIENT, &data, &signature) == ERR_DENIED);
}

int main(void)
{
    const struct passkey passkey = test_register();
    test_use(passkey);
    uint8_t challenge[PASSKEY_CHALLENGE_SIZE];
    static const char *const wrong[] = {"", "{}", "{\"challenge\":\"AAAA\"}", "{\"challenge\":7}"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CHECK(!passkey_challenge(span_text(wrong[i]), challenge));
    }
    return CHECK_DONE();
}
