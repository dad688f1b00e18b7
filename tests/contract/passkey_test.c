/*
 * passkey_register and passkey_verify against the test vectors of the W3C's Web Authentication
 * Level 3 (index.bs, W3C Software and Document License): every pair of ES256 and EdDSA registers
 * and signs; other algorithms and pages in foreign frames are refused, as we choose. The vector of
 * RS256 has a key of 3488 bits; libfido2 reads those of 2048. Attestation is not asked for and not
 * judged.
 */
#include "people/passkey.h"

#include "base/encode.h"
#include "base/value.h"
#include "check.h"
#include "system/file.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024, BYTES_MAX = 8192 };

#define DATA SHARED_DATA "/ops/webauthn/webauthn_l3_test_vectors.json"

struct bytes {
    uint8_t data[BYTES_MAX];
    size_t size;
};

static struct span read_member(const struct value *section, const char *name, struct bytes *bytes)
{
    const char *text = value_text_or(value_get(section, name), "");
    CHECK(*text && decode_hex(bytes->data, sizeof bytes->data, &bytes->size, text, NULL) == OK);
    return span_of(bytes->data, bytes->size);
}

/* "authData" and its byte string in an attestation object (CBOR). */
static struct span data_of(struct span object)
{
    static const uint8_t name[] = "\x68"
                                  "authData";
    for (size_t i = 0; i + sizeof name + 3 < object.size; i++) {
        if (memcmp(object.data + i, name, sizeof name - 1) != 0) { continue; }
        const uint8_t *at = object.data + i + sizeof name - 1;
        const size_t wide = at[0] == 0x59;
        const size_t size = wide ? (size_t)at[1] << 8 | at[2] : at[1];
        return span_of(at + 2 + wide, size);
    }
    return span_of("", 0);
}

static enum err enter(const struct value *section, struct passkey *passkey)
{
    static struct bytes challenge, client, object;
    struct passkey_expected expected = {.origin = "https://example.org", .domain = "example.org"};
    expected.challenge = read_member(section, "challenge", &challenge);
    const struct passkey_answer answer = {
        .client_data = read_member(section, "clientDataJSON", &client),
        .authenticator_data = data_of(read_member(section, "attestationObject", &object))};
    return passkey_register(&answer, &expected, passkey, NULL);
}

static enum err use(const struct value *section, struct passkey *passkey)
{
    static struct bytes challenge, client, data, signature;
    struct passkey_expected expected = {.origin = "https://example.org", .domain = "example.org"};
    expected.challenge = read_member(section, "auth_challenge", &challenge);
    const struct passkey_answer answer = {
        .client_data = read_member(section, "auth_clientDataJSON", &client),
        .authenticator_data = read_member(section, "authenticatorData", &data),
        .signature = read_member(section, "signature", &signature)};
    return passkey_verify(&answer, &expected, passkey, NULL);
}

static struct {
    int good, refused;
} counted;

static void judge(void *context, const char *name, const struct value *section)
{
    static const char *const refused[] = {"ES384", "ES512",       "Ed448",
                                          "RS256", "crossOrigin", "topOrigin"};
    (void)context;
    if (!value_get(section, "attestationObject")) { return; }
    bool good = true;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        good = good && !strstr(name, refused[i]);
    }
    struct passkey passkey = {.sign_count = 0};
    const enum err entered = enter(section, &passkey);
    const enum err used = entered ? entered : use(section, &passkey);
    if ((used == OK) != good) { printf("# %s\n", name); }
    CHECK((used == OK) == good);
    counted.good += good;
    counted.refused += !good;
}

int main(void)
{
    CLEANUP(text_deinit) struct text text = text_limited(FILE_SIZE_MAX);
    CLEANUP(value_free_p) struct value *file = NULL;
    if (file_read(&text, DATA, NULL) || value_parse(&file, text_span(&text), FILE_SIZE_MAX, NULL)) {
        return CHECK_SKIP_ALL("no vectors in ../shared/data");
    }
    value_each(value_get(file, "sections"), judge, NULL);
    printf("# %d pairs register and sign, %d are refused\n", counted.good, counted.refused);
    CHECK(counted.good >= 9 && counted.refused >= 5);
    return CHECK_DONE();
}
