#include "provider/key_set.h"

#include "check.h"
#include "tables.h"
#include "unit/provider/provider_keys.h"

static struct key_set *read_set(const char *const *keys, size_t count)
{
    CLEANUP(value_free_p) struct value *document = value_object();
    CLEANUP(text_deinit) struct text text = text_limited(KEY_SET_SIZE_MAX);
    struct value *list = value_array();
    struct key_set *set = NULL;
    for (size_t i = 0; i < count; i++) {
        value_append(list, json(keys[i]));
    }
    value_set(document, "keys", list);
    value_write(document, &text);
    CHECK(key_set_read(&set, text_span(&text), NULL) == OK);
    return set;
}

static void test_find(void)
{
    static const char *const keys[] = {ED_PUBLIC, EC_PUBLIC, RSA_PUBLIC};
    CLEANUP(key_set_free_p) struct key_set *set = read_set(keys, ARRAY_LEN(keys));
    CHECK(key_set_count(set) == 3);
    CHECK(key_set_find(set, "ed", JWS_ALGORITHM_EDDSA) != NULL);
    CHECK(key_set_find(set, "rsa", JWS_ALGORITHM_RS256) != NULL);
    CHECK(key_set_find(set, "rsa", JWS_ALGORITHM_PS256) != NULL);
    /* A key is for its own algorithm only, whatever a token's header says. */
    CHECK(key_set_find(set, "rsa", JWS_ALGORITHM_ES256) == NULL);
    CHECK(key_set_find(set, "ec", JWS_ALGORITHM_EDDSA) == NULL);
    CHECK(key_set_find(set, "other", JWS_ALGORITHM_EDDSA) == NULL);
    CHECK(key_set_find(set, "", JWS_ALGORITHM_EDDSA) == NULL);
    CHECK(key_set_find(set, NULL, JWS_ALGORITHM_ES256) != NULL);
}

static void test_ambiguous(void)
{
    static const char *const keys[] = {EC_PUBLIC, EC_PUBLIC, RSA_PUBLIC};
    CLEANUP(key_set_free_p) struct key_set *set = read_set(keys, ARRAY_LEN(keys));
    CHECK(key_set_find(set, NULL, JWS_ALGORITHM_ES256) == NULL);
    CHECK(key_set_find(set, "ec", JWS_ALGORITHM_ES256) == NULL);
    CHECK(key_set_find(set, NULL, JWS_ALGORITHM_RS256) != NULL);
}

static void test_passed_over(void)
{
    static const char *const keys[] = {
        SHORT_PUBLIC, /* RSA of 1024 bits */
        "{'kty':'oct','kid':'a','k':'AAAA'}",
        "{'kty':'EC','crv':'secp256k1','kid':'b','x':'AA','y':'AA'}",
        "{'kty':'RSA','kid':'c','n':'AQAB','e':'AQAB'}",
        "{'kty':'RSA','kid':'d'}",
        "{'kid':'e'}",
        "7",
        ED_PUBLIC,
    };
    CLEANUP(key_set_free_p) struct key_set *set = read_set(keys, ARRAY_LEN(keys));
    CHECK(key_set_count(set) == 1);
    CHECK(key_set_find(set, "ed", JWS_ALGORITHM_EDDSA) != NULL);
    /* The exponent 3. */
    CLEANUP(value_free_p) struct value *weak = json(RSA_PUBLIC);
    CLEANUP(text_deinit) struct text text = text_limited(4096);
    value_set_text(weak, "e", "Aw");
    text_add(&text, "{\"keys\":[");
    value_write(weak, &text);
    text_add(&text, "]}");
    CLEANUP(key_set_free_p) struct key_set *none = NULL;
    CHECK(key_set_read(&none, text_span(&text), NULL) == OK && key_set_count(none) == 0);
}

/* What points elsewhere, and what is private, is not even kept. */
static void test_cleaned(void)
{
    CLEANUP(value_free_p) struct value *key = json(ED_PRIVATE);
    CLEANUP(text_deinit) struct text text = text_limited(4096);
    value_set_text(key, "x5u", "http://127.0.0.1:1/");
    text_add(&text, "{\"keys\":[");
    value_write(key, &text);
    text_add(&text, "]}");
    CLEANUP(key_set_free_p) struct key_set *set = NULL;
    CHECK(key_set_read(&set, text_span(&text), NULL) == OK);
    const struct value *kept = key_set_find(set, "ed", JWS_ALGORITHM_EDDSA);
    CHECK(kept && !value_get(kept, "d") && !value_get(kept, "x5u") && value_get(kept, "x"));
}

static void test_forms(void)
{
    static const char *const bad[] = {
        "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":7}", "{\"keys\":[}"};
    struct key_set *set = NULL;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(key_set_read(&set, span_text(bad[i]), NULL) == ERR_MALFORMED && !set);
    }
    CLEANUP(text_deinit) struct text many = text_limited(4096);
    text_add(&many, "{\"keys\":[0");
    for (int i = 0; i < KEY_SET_MAX; i++) {
        text_add(&many, ",0");
    }
    text_add(&many, "]}");
    CHECK(key_set_read(&set, text_span(&many), NULL) == ERR_LIMIT && !set);
}

int main(void)
{
    test_find();
    test_ambiguous();
    test_passed_over();
    test_cleaned();
    test_forms();
    return CHECK_DONE();
}
