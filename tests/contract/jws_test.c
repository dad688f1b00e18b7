/*
 * jws_verify against Wycheproof's JWS and JWK vectors (C2SP/wycheproof, Apache-2.0) and RFC 7520's
 * and RFC 8037's examples (ietf-jose/cookbook): what is not valid must be refused, whatever
 * algorithm we are made to expect.
 *
 * Where we differ on purpose: an empty payload is refused (no token of ours or of a sign-in server
 * has one), and only EdDSA, ES256 and RS256 are read: valid vectors of others are refused. Two
 * vectors want an RSA key refused because a smart card of 2017 made it badly (ROCA); we do not look
 * for that: keys are derived by us or come from the sign-in server that the site configured.
 */
#include "people/jws.h"

#include "check.h"
#include "system/file.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024 };

#define DATA SHARED_DATA "/ops/jose/"

static const struct {
    enum jws_algorithm algorithm;
    const char *name;
} OURS[] = {
    {JWS_ALGORITHM_EDDSA, "EdDSA"}, {JWS_ALGORITHM_ES256, "ES256"}, {JWS_ALGORITHM_RS256, "RS256"}};

static struct {
    int valid, refused, other;
} counted;

static struct value *load(const char *path)
{
    CLEANUP(text_deinit) struct text text = text_limited(FILE_SIZE_MAX);
    struct value *value = NULL;
    if (file_read(&text, path, NULL) ||
        value_parse(&value, text_span(&text), FILE_SIZE_MAX, NULL)) {
        return NULL;
    }
    return value;
}

/* How many of our three algorithms let `token` pass with `key`; `named` is the key's own. */
static int pass(const struct value *key, const char *token, bool *own)
{
    int passed = 0;
    const char *named = value_text_or(value_get(key, "alg"), "");
    *own = false;
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++) {
        CLEANUP(text_deinit) struct text payload = text_limited(JWS_SIZE_MAX);
        const struct jws_key public_key = {OURS[i].algorithm, key};
        const bool good = jws_verify(&public_key, token, &payload, NULL) == OK;
        passed += good;
        *own = *own || (good && strcmp(named, OURS[i].name) == 0);
    }
    return passed;
}

static bool ours(const struct value *key)
{
    const char *named = value_text_or(value_get(key, "alg"), "");
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++) {
        if (strcmp(named, OURS[i].name) == 0) { return true; }
    }
    return false;
}

static void judge(const struct value *key, const struct value *test)
{
    const char *token = value_text_or(value_get(test, "jws"), "");
    const char *comment = value_text_or(value_get(test, "comment"), "");
    const bool valid = strcmp(value_text_or(value_get(test, "result"), ""), "valid") == 0;
    bool own = false;
    const int passed = pass(key, token, &own);
    if (strcmp(comment, "rejectsKeyWithRocaVulnerability") == 0) { return; }
    const bool expected = valid && ours(key) && strcmp(comment, "emptyPayload") != 0;
    if (passed != expected || (expected && !own)) {
        printf("# tcId %d %s passed %d, expected %d\n",
               (int)value_integer_or(value_get(test, "tcId"), 0), comment, passed, expected);
        CHECK(false);
    }
    counted.valid += expected;
    counted.refused += !valid;
    counted.other += valid && !expected;
}

static void run(const struct value *file)
{
    const struct value *groups = value_get(file, "testGroups");
    for (size_t i = 0; i < value_count(groups); i++) {
        const struct value *group = value_at(groups, i);
        const struct value *key = value_get(group, "public");
        if (!key) { key = value_get(group, "private"); }
        const struct value *set = value_get(key, "keys");
        const struct value *tests = value_get(group, "tests");
        for (size_t k = 0; k < value_count(tests); k++) {
            if (!value_get(value_at(tests, k), "jws")) { continue; }
            judge(set ? value_at(set, 0) : key, value_at(tests, k));
        }
    }
}

/* The cookbook's examples with a key and a compact token. */
static void test_cookbook(const char *path, bool expected)
{
    CLEANUP(value_free_p) struct value *file = load(path);
    const struct value *key = value_get(value_get(file, "input"), "key");
    const char *token = value_text_or(value_get(value_get(file, "output"), "compact"), "");
    bool own = false;
    CHECK(key && *token);
    CHECK(pass(key, token, &own) == expected);
}

int main(void)
{
    CHECK(jws_begin(NULL) == OK);
    CLEANUP(value_free_p)
    struct value *signatures = load(DATA "wycheproof_json_web_signature.json");
    CLEANUP(value_free_p) struct value *keys = load(DATA "wycheproof_json_web_key.json");
    CLEANUP(value_free_p) struct value *crypto = load(DATA "wycheproof_json_web_crypto.json");
    if (!signatures || !keys || !crypto) { return CHECK_SKIP_ALL("no vectors in ../shared/data"); }
    run(signatures);
    run(keys);
    run(crypto);
    CHECK(counted.valid >= 8 && counted.refused >= 400);
    printf("# %d valid, %d refused, %d valid ones of what we do not read\n", counted.valid,
           counted.refused, counted.other);
    test_cookbook(DATA "rfc7520_cookbook/curve25519/jws.json", true);
    test_cookbook(DATA "rfc7520_cookbook/jws/4_1.rsa_v15_signature.json", true);
    test_cookbook(DATA "rfc7520_cookbook/jws/4_2.rsa-pss_signature.json", false);
    test_cookbook(DATA "rfc7520_cookbook/jws/4_4.hmac-sha2_integrity_protection.json", false);
    return CHECK_DONE();
}
