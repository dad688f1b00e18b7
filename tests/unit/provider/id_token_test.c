/*
 * ID tokens as RFC 8725 and OpenID Connect Core, 3.1.3.7 want them judged: good ones of every
 * algorithm, made by another implementation too, and each attack by itself.
 */
#include "provider/id_token.h"

#include "base/encode.h"
#include "check.h"
#include "tables.h"
#include "unit/provider/provider_keys.h"

#define ISSUER "https://id.town.example"
#define ALL 0xfU

static const int64_t NOW_US = 1800000060 * CLOCK_SECOND_US;
static const char CLAIMS[] = "{'iss':'" ISSUER "','aud':'tocsin','sub':'ann','nonce':'n',"
                             "'iat':1800000000,'exp':1800000300}";

static struct key_set *keys;

static void read_keys(void)
{
    static const char *const all[] = {ED_PUBLIC, EC_PUBLIC, RSA_PUBLIC};
    CLEANUP(value_free_p) struct value *document = value_object();
    CLEANUP(text_deinit) struct text text = text_limited(KEY_SET_SIZE_MAX);
    struct value *list = value_array();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        value_append(list, json(all[i]));
    }
    value_set(document, "keys", list);
    value_write(document, &text);
    if (key_set_read(&keys, text_span(&text), NULL)) { abort(); }
}

static struct id_token_expected expected_with(const char *access_token)
{
    return (struct id_token_expected){.issuer = ISSUER,
                                      .client_id = "tocsin",
                                      .nonce = "n",
                                      .access_token = access_token,
                                      .algorithms = ALL,
                                      .now_us = NOW_US};
}

static enum err verify(const char *token, const struct id_token_expected *expected)
{
    struct id_token person = {.subject = "nobody"};
    struct why why = {""};
    const enum err err = id_token_verify(token, keys, expected, &person, &why);
    if (err) {
        printf("# %s: %s\n", err_name(err), why.text);
        CHECK_TEXT(person.subject, "nobody");
    }
    return err;
}

/* A token of these claims, signed with one of the keys. */
static void sign(struct text *token, enum jws_algorithm algorithm, const struct value *claims)
{
    const bool rsa = algorithm == JWS_ALGORITHM_RS256 || algorithm == JWS_ALGORITHM_PS256;
    const bool curve = algorithm == JWS_ALGORITHM_ES256;
    CLEANUP(value_free_p)
    struct value *key = json(rsa ? RSA_PRIVATE : curve ? EC_PRIVATE : ED_PRIVATE);
    CLEANUP(text_deinit) struct text payload = text_limited(4096);
    value_write(claims, &payload);
    const struct jws_draft draft = {.algorithm = algorithm,
                                    .key = key,
                                    .type = "JWT",
                                    .key_id = rsa     ? "rsa"
                                              : curve ? "ec"
                                                      : "ed",
                                    .payload = text_span(&payload)};
    text_clear(token);
    if (jws_sign(&draft, token, NULL)) { abort(); }
}

/* The good claims with one replaced; `with` NULL: left out. */
static enum err verify_claims(const char *member, const char *with, const char *access_token)
{
    CLEANUP(value_free_p) struct value *claims = json(CLAIMS);
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    if (with) {
        value_set(claims, member, json(with));
    } else {
        value_remove(claims, member);
    }
    sign(&token, JWS_ALGORITHM_EDDSA, claims);
    const struct id_token_expected expected = expected_with(access_token);
    return verify(text_c(&token), &expected);
}

static void test_others_tokens(void)
{
    static const char *const tokens[] = {EDDSA_TOKEN, ES256_TOKEN, RS256_TOKEN, PS256_TOKEN};
    const struct id_token_expected expected = expected_with(NULL);
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct id_token person = {.subject = ""};
        CHECK(id_token_verify(tokens[i], keys, &expected, &person, NULL) == OK);
        CHECK_TEXT(person.subject, "ann");
        CHECK_TEXT(person.name, "");
    }
}

static void test_person(void)
{
    CLEANUP(value_free_p) struct value *claims = json(CLAIMS);
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    const struct id_token_expected expected = expected_with(NULL);
    struct id_token person = {.subject = ""};
    value_set_text(claims, "name", "Ann Other");
    value_set_text(claims, "email", "ann@town.example");
    sign(&token, JWS_ALGORITHM_ES256, claims);
    CHECK(id_token_verify(text_c(&token), keys, &expected, &person, NULL) == OK);
    CHECK_TEXT(person.name, "ann@town.example");
    value_set_text(claims, "preferred_username", "ann.o");
    sign(&token, JWS_ALGORITHM_RS256, claims);
    CHECK(id_token_verify(text_c(&token), keys, &expected, &person, NULL) == OK);
    CHECK_TEXT(person.name, "ann.o");
}

/* One claim wrong at a time. */
static void test_claims(void)
{
    static const char *const denied[][2] = {
        {"iss", "'https://id.town.example/'"}, /* mix-up */
        {"iss", "'https://other.example'"},
        {"iss", NULL},
        {"aud", "'other'"},
        {"aud", "'tocsin '"},
        {"aud", "['other']"},
        {"aud", "[]"},
        {"aud", "7"},
        {"aud", NULL},
        {"aud", "['tocsin','other']"}, /* and no azp */
        {"azp", "'other'"},
        {"azp", "7"},
        {"nonce", "'m'"}, /* another sign-in's: an injected code */
        {"nonce", "''"},
        {"nonce", NULL},
        {"exp", "1799999999"},
        {"exp", "1800000000"}, /* 60 s ago: the skew ends */
        {"exp", "'1800000300'"},
        {"exp", "-1"},
        {"exp", "1e300"},
        {"exp", NULL},
        {"iat", "1800000121"}, /* of the future */
        {"iat", "1799999400"}, /* kept for eleven minutes */
        {"iat", NULL},
        {"nbf", "1800000121"},
        {"nbf", "'x'"},
        {"sub", "''"},
        {"sub", "7"},
        {"sub", "'a b'"},
        {"sub", "'a\\u00e9'"},
        {"sub", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
        CHECK(verify_claims(denied[i][0], denied[i][1], NULL) == ERR_DENIED);
    }
    static const char *const good[][2] = {
        {"aud", "['tocsin']"},    {"azp", "'tocsin'"},   {"exp", "1800000001"},
        {"exp", "1800000300.5"},  {"iat", "1800000120"}, {"nbf", "1800000120"},
        {"iat", "1799999401"},    {"sub", "'0-9|{}~'"},  {"acr", "'urn:x'"},
        {"amr", "['pwd','otp']"},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CHECK(verify_claims(good[i][0], good[i][1], NULL) == OK);
    }
    CLEANUP(text_deinit) struct text long_subject = text_limited(400);
    text_add_char(&long_subject, '\'');
    for (int i = 0; i < 256; i++) {
        text_add_char(&long_subject, 's');
    }
    text_add_char(&long_subject, '\'');
    CHECK(verify_claims("sub", text_c(&long_subject), NULL) == ERR_DENIED);
    const struct id_token_expected empty = {
        .issuer = ISSUER, .client_id = "tocsin", .nonce = "", .algorithms = ALL, .now_us = NOW_US};
    CHECK(verify(EDDSA_TOKEN, &empty) == ERR_DENIED);
}

static void test_audience(void)
{
    CLEANUP(value_free_p) struct value *claims = json(CLAIMS);
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    const struct id_token_expected expected = expected_with(NULL);
    value_set(claims, "aud", json("['other','tocsin']"));
    value_set_text(claims, "azp", "tocsin");
    sign(&token, JWS_ALGORITHM_EDDSA, claims);
    CHECK(verify(text_c(&token), &expected) == OK);
    value_set_text(claims, "azp", "other");
    sign(&token, JWS_ALGORITHM_EDDSA, claims);
    CHECK(verify(text_c(&token), &expected) == ERR_DENIED);
}

/* OpenID Connect Core, A.3 has the access token and its at_hash for RS256. */
static void test_access_token(void)
{
    static const char access[] = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    CLEANUP(value_free_p) struct value *claims = json(CLAIMS);
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    struct id_token_expected expected = expected_with(access);
    value_set_text(claims, "at_hash", "77QmUPtjPfzWtF2AnpK9RQ");
    sign(&token, JWS_ALGORITHM_RS256, claims);
    CHECK(verify(text_c(&token), &expected) == OK);
    sign(&token, JWS_ALGORITHM_EDDSA, claims); /* whose hash is SHA-512 */
    CHECK(verify(text_c(&token), &expected) == ERR_DENIED);
    sign(&token, JWS_ALGORITHM_RS256, claims);
    expected.access_token = "another";
    CHECK(verify(text_c(&token), &expected) == ERR_DENIED);
    expected.access_token = NULL;
    CHECK(verify(text_c(&token), &expected) == ERR_DENIED);
    CHECK(verify_claims("at_hash", "7", access) == ERR_DENIED);
}

/* Asked for, a fresh sign-in must be said and be one. */
static void test_freshness(void)
{
    CLEANUP(value_free_p) struct value *claims = json(CLAIMS);
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    struct id_token_expected expected = expected_with(NULL);
    expected.max_age_us = 300 * CLOCK_SECOND_US;
    CHECK(verify(EDDSA_TOKEN, &expected) == ERR_DENIED);
    value_set_integer(claims, "auth_time", 1799999701); /* 359 s ago, with the skew */
    sign(&token, JWS_ALGORITHM_EDDSA, claims);
    CHECK(verify(text_c(&token), &expected) == OK);
    value_set_integer(claims, "auth_time", 1799999700);
    sign(&token, JWS_ALGORITHM_EDDSA, claims);
    CHECK(verify(text_c(&token), &expected) == ERR_DENIED);
    value_set_text(claims, "auth_time", "1800000000");
    sign(&token, JWS_ALGORITHM_EDDSA, claims);
    CHECK(verify(text_c(&token), &expected) == ERR_DENIED);
}

/* The header is the attacker's, the rest is good (RFC 8725, 2.1, 2.5, 3.1). */
static void test_headers(void)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"ed\"}",
        "{\"alg\":\"nOnE\"}",
        "{\"alg\":\"HS256\",\"kid\":\"rsa\"}",
        "{\"alg\":\"RS256\",\"kid\":\"ed\"}",
        "{\"alg\":\"ES256\",\"kid\":\"ec\"}",
        "{\"alg\":\"ES256K\",\"kid\":\"ec\"}",
        "{\"alg\":\"RS512\",\"kid\":\"rsa\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"other\"}",
        "{\"alg\":\"EdDSA\",\"kid\":7}",
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"logout+jwt\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"jku\":\"https://other.example/keys\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"x5u\":\"https://other.example/chain\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"../../ed\"}",
        "{}",
    };
    const struct id_token_expected expected = expected_with(NULL);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        CLEANUP(text_deinit) struct text token = text_limited(8192);
        encode_base64_url(&token, span_text(headers[i]));
        text_add(&token, strchr(EDDSA_TOKEN, '.'));
        const enum err err = verify(text_c(&token), &expected);
        CHECK(err == ERR_DENIED || err == ERR_NOT_FOUND);
    }
}

/* RFC 8725, 2.1: the public key as the secret of an HMAC; and no signature at all. */
static void test_forms(void)
{
    static const char *const forms[] = {"", "a", "a.b", "..", "a.b.c.d", "e30.e30.e30"};
    const struct id_token_expected expected = expected_with(NULL);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        CHECK(verify(forms[i], &expected) != OK);
    }
    CLEANUP(text_deinit) struct text bare = text_limited(8192);
    text_add_bytes(&bare, span_of(EDDSA_TOKEN, (size_t)(strrchr(EDDSA_TOKEN, '.') - EDDSA_TOKEN)));
    text_add_char(&bare, '.');
    CHECK(verify(text_c(&bare), &expected) == ERR_MALFORMED);
    CLEANUP(text_deinit) struct text other = text_limited(8192);
    text_add(&other, EDDSA_TOKEN);
    int passed = 0;
    for (size_t i = 0; i < other.size; i++) {
        const char letter = other.data[i];
        struct id_token person;
        other.data[i] = letter == 'A' ? 'B' : 'A';
        passed += id_token_verify(other.data, keys, &expected, &person, NULL) == OK;
        other.data[i] = letter;
    }
    CHECK(passed == 0);
    /* The provider never said that it signs so. */
    struct id_token_expected few = expected;
    few.algorithms = 1U << JWS_ALGORITHM_RS256;
    CHECK(verify(EDDSA_TOKEN, &few) == ERR_DENIED);
    CHECK(verify(RS256_TOKEN, &few) == OK);
}

static void test_payloads(void)
{
    CLEANUP(value_free_p) struct value *list = json("['iss']");
    CLEANUP(text_deinit) struct text token = text_limited(8192);
    const struct id_token_expected expected = expected_with(NULL);
    sign(&token, JWS_ALGORITHM_EDDSA, list);
    CHECK(verify(text_c(&token), &expected) == ERR_MALFORMED);
    CLEANUP(value_free_p) struct value *key = json(ED_PRIVATE);
    static const char twice[] = "{\"iss\":\"" ISSUER "\",\"aud\":\"tocsin\",\"sub\":\"ann\","
                                "\"sub\":\"ben\",\"nonce\":\"n\",\"iat\":1800000000,"
                                "\"exp\":1800000300}";
    const struct jws_draft draft = {.algorithm = JWS_ALGORITHM_EDDSA,
                                    .key = key,
                                    .type = "JWT",
                                    .key_id = "ed",
                                    .payload = span_text(twice)};
    text_clear(&token);
    CHECK(jws_sign(&draft, &token, NULL) == OK);
    CHECK(verify(text_c(&token), &expected) == ERR_MALFORMED);
}

int main(void)
{
    if (jws_begin(NULL)) { abort(); }
    read_keys();
    test_others_tokens();
    test_person();
    test_claims();
    test_audience();
    test_access_token();
    test_freshness();
    test_headers();
    test_forms();
    test_payloads();
    key_set_free(keys);
    return CHECK_DONE();
}
