/*
 * Ed25519 against three published sets of edge cases, and the verdict of our strict rule on each.
 *
 * The rule (trust/signature.h): S below the group order; R and the public key canonical and not of
 * small order; R compared byte for byte with s*B - k*A (no cofactor).
 *
 * - Wycheproof (C2SP/wycheproof, Apache-2.0): every case has one verdict, and ours is the same.
 * - speccheck (novifinancial/ed25519-speccheck, Apache-2.0; "Taming the many EdDSAs", table 5): the
 *   twelve cases on which libraries disagree; `speccheck` below says our verdict and why.
 * - CCTV (C2SP/CCTV ed25519, BSD-3-Clause): each case names the properties that it has; we accept
 *   exactly those with no property that our rule refuses.
 */
#include "base/encode.h"
#include "base/value.h"
#include "check.h"
#include "system/file.h"
#include "trust/signature.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024, MESSAGE_SIZE_MAX = 4096 };

#define DATA SHARED_DATA "/alerting/ed25519/"

struct vector {
    uint8_t key[PUBLIC_KEY_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    uint8_t message[MESSAGE_SIZE_MAX];
    size_t message_size;
};

/* A signature of another length is no signature: false, and nothing to verify. */
static bool read_vector(struct vector *vector, const char *key, const char *signature,
                        const char *message)
{
    size_t key_size = 0;
    size_t signature_size = 0;
    return !decode_hex(vector->key, sizeof vector->key, &key_size, key, NULL) &&
           !decode_hex(vector->signature, SIGNATURE_SIZE, &signature_size, signature, NULL) &&
           !decode_hex(vector->message, MESSAGE_SIZE_MAX, &vector->message_size, message, NULL) &&
           key_size == PUBLIC_KEY_SIZE && signature_size == SIGNATURE_SIZE;
}

static bool fits(const struct vector *vector)
{
    return signature_fits(vector->key, span_of(vector->message, vector->message_size),
                          vector->signature);
}

static const struct {
    const char *message, *key, *signature; /* hex */
    bool accepted;
    const char *reason;
} speccheck[] = {
#include "ed25519_speccheck.inc"
};

static void test_embedded(void)
{
    for (size_t i = 0; i < ARRAY_LEN(speccheck); i++) {
        static struct vector vector;
        const bool read =
            read_vector(&vector, speccheck[i].key, speccheck[i].signature, speccheck[i].message);
        printf("# speccheck %zu: %s\n", i, speccheck[i].reason);
        CHECK(read && fits(&vector) == speccheck[i].accepted);
    }
}

static struct value *read_json(const char *path)
{
    CLEANUP(text_deinit) struct text text = text_limited(FILE_SIZE_MAX);
    struct value *json = NULL;
    struct why why = {0};
    if (file_read(&text, path, &why) || value_parse(&json, text_span(&text), FILE_SIZE_MAX, &why)) {
        printf("# skipped: %s\n", why.text);
    }
    return json;
}

static const char *member(const struct value *object, const char *key)
{
    return value_text_or(value_get(object, key), "");
}

static void test_wycheproof(void)
{
    CLEANUP(value_free_p) struct value *whole = read_json(DATA "wycheproof_ed25519_test.json");
    const struct value *groups = whole ? value_get(whole, "testGroups") : NULL;
    size_t wrong = 0;
    size_t count = 0;
    for (size_t i = 0; groups && i < value_count(groups); i++) {
        const struct value *group = value_at(groups, i);
        const char *key = member(value_get(group, "publicKey"), "pk");
        const struct value *tests = value_get(group, "tests");
        for (size_t j = 0; j < value_count(tests); j++) {
            static struct vector vector;
            const struct value *test = value_at(tests, j);
            const bool valid = strcmp(member(test, "result"), "valid") == 0;
            const bool read = read_vector(&vector, key, member(test, "sig"), member(test, "msg"));
            wrong += (read && fits(&vector)) != valid;
            count++;
        }
    }
    printf("# wycheproof: %zu cases\n", count);
    CHECK(wrong == 0 && (!whole || count == 151));
}

static bool refused_by_rule(const struct value *flags)
{
    static const char *const refused[] = {"low_order_A",     "low_order_R",       "non_canonical_A",
                                          "non_canonical_R", "low_order_residue", "reencoded_k"};
    for (size_t i = 0; i < value_count(flags); i++) {
        for (size_t j = 0; j < ARRAY_LEN(refused); j++) {
            if (strcmp(value_text_or(value_at(flags, i), ""), refused[j]) == 0) { return true; }
        }
    }
    return false;
}

static void test_cctv(void)
{
    CLEANUP(value_free_p) struct value *cases = read_json(DATA "cctv_ed25519vectors.json");
    size_t wrong = 0;
    size_t accepted = 0;
    for (size_t i = 0; cases && i < value_count(cases); i++) {
        static struct vector vector;
        const struct value *one = value_at(cases, i);
        const char *message = member(one, "msg"); /* plain text, not hex */
        const bool read = read_vector(&vector, member(one, "key"), member(one, "sig"), "");
        vector.message_size = strlen(message);
        memcpy(vector.message, message, vector.message_size);
        const bool fit = read && fits(&vector);
        accepted += fit;
        wrong += fit == refused_by_rule(value_get(one, "flags"));
    }
    printf("# cctv: %zu cases, %zu accepted\n", cases ? value_count(cases) : 0, accepted);
    CHECK(wrong == 0);
}

/* The file that the embedded cases come from must not say anything else. */
static void test_speccheck_file(void)
{
    CLEANUP(value_free_p) struct value *cases = read_json(DATA "speccheck_cases.json");
    for (size_t i = 0; cases && i < value_count(cases); i++) {
        CHECK(i < ARRAY_LEN(speccheck));
        CHECK_TEXT(member(value_at(cases, i), "signature"), speccheck[i].signature);
        CHECK_TEXT(member(value_at(cases, i), "pub_key"), speccheck[i].key);
        CHECK_TEXT(member(value_at(cases, i), "message"), speccheck[i].message);
    }
}

int main(void)
{
    test_embedded();
    test_speccheck_file();
    test_wycheproof();
    test_cctv();
    return CHECK_DONE();
}
