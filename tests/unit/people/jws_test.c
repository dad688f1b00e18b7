#include "people/jws.h"

#include "base/encode.h"
#include "check.h"
#include "tables.h"

/* RFC 8037, A.1: a key pair; A.4: a token signed with it. */
#define RFC8037_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
static const char PRIVATE_KEY[] = "{'kty':'OKP','crv':'Ed25519',"
                                  "'d':'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',"
                                  "'x':'" RFC8037_X "'}";
static const char PUBLIC_KEY[] = "{'kty':'OKP','crv':'Ed25519','x':'" RFC8037_X "'}";
static const char RFC8037_TOKEN[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

static enum err verify(const char *key, enum jws_algorithm algorithm, const char *token,
                       struct text *payload)
{
    CLEANUP(value_free_p) struct value *jwk = json(key);
    const struct jws_key public_key = {algorithm, jwk};
    return jws_verify(&public_key, token, payload, NULL);
}

static void test_published(void)
{
    CLEANUP(text_deinit) struct text payload = text_limited(256);
    CHECK(verify(PUBLIC_KEY, JWS_ALGORITHM_EDDSA, RFC8037_TOKEN, &payload) == OK);
    CHECK_TEXT(text_c(&payload), "Example of Ed25519 signing");
}

static void test_own(void)
{
    CLEANUP(value_free_p) struct value *key = json(PRIVATE_KEY);
    CLEANUP(text_deinit) struct text token = text_limited(1024);
    CLEANUP(text_deinit) struct text payload = text_limited(256);
    CLEANUP(value_free_p) struct value *header = NULL;
    struct jws_draft draft = {.algorithm = JWS_ALGORITHM_EDDSA,
                              .key = key,
                              .type = "at+jwt",
                              .key_id = "7",
                              .payload = span_text("{}")};
    CHECK(jws_sign(&draft, &token, NULL) == OK);
    CHECK(jws_header(text_c(&token), &header, NULL) == OK);
    CHECK(value_count(header) == 3);
    CHECK_TEXT(value_text_or(value_get(header, "alg"), ""), "EdDSA");
    CHECK_TEXT(value_text_or(value_get(header, "typ"), ""), "at+jwt");
    CHECK_TEXT(value_text_or(value_get(header, "kid"), ""), "7");
    CHECK(verify(PUBLIC_KEY, JWS_ALGORITHM_EDDSA, text_c(&token), &payload) == OK);
    CHECK_TEXT(text_c(&payload), "{}");
    /* Every letter of it counts. */
    int passed = 0;
    for (size_t i = 0; i < token.size; i++) {
        const char letter = token.data[i];
        token.data[i] = letter == 'A' ? 'B' : 'A';
        passed += verify(PUBLIC_KEY, JWS_ALGORITHM_EDDSA, token.data, &payload) == OK;
        token.data[i] = letter;
    }
    CHECK(passed == 0);
    draft.algorithm = JWS_ALGORITHM_RS256;
    CHECK(jws_sign(&draft, &token, NULL) == ERR_MALFORMED);
}

/* RFC 8725: with a header of the attacker's choice over the good payload and signature. */
static void test_headers(void)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"ES256\"}",
        "{}",
        "{\"alg\":7}",
        "[\"EdDSA\"]",
        "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}",
        "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"EdDSA\",\"jku\":\"http://127.0.0.1:1/keys\"}",
        "{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" RFC8037_X "\"}}",
        "{\"alg\":\"EdDSA\",\"x5u\":\"http://127.0.0.1:1/chain\"}",
        "{\"alg\":\"EdDSA\",\"x5c\":[]}",
        "{\"alg\":\"EdDSA\",\"b64\":false}",
        "{\"alg\":\"EdDSA\"} ",
        "",
    };
    CLEANUP(text_deinit) struct text payload = text_limited(256);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        CLEANUP(text_deinit) struct text token = text_limited(1024);
        encode_base64_url(&token, span_text(headers[i]));
        text_add(&token, strchr(RFC8037_TOKEN, '.'));
        CHECK(verify(PUBLIC_KEY, JWS_ALGORITHM_EDDSA, text_c(&token), &payload) != OK);
    }
    CHECK(payload.size == 0);
}

static void test_forms(void)
{
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "a.b",
        "e30.e30.",
        "e30..e30",
        ".e30.e30",
        "e30.e30.e30.e30",
        "eyJhbGciOiJFZERTQSJ9=.RXhhbXBsZQ.AAAA",
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZQ.AA AA",
        /* its last letter has bits that are not of the signature */
        ("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
         "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAh"),
    };
    CLEANUP(text_deinit) struct text payload = text_limited(256);
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        CHECK(verify(PUBLIC_KEY, JWS_ALGORITHM_EDDSA, tokens[i], &payload) == ERR_MALFORMED);
    }
    char *large = mem_zeroed(JWS_SIZE_MAX + 2);
    memset(large, 'A', JWS_SIZE_MAX + 1);
    CHECK(verify(PUBLIC_KEY, JWS_ALGORITHM_EDDSA, large, &payload) == ERR_LIMIT);
    free(large);
}

static void test_keys(void)
{
    static const char *const keys[] = {
        "{'kty':'OKP','crv':'Ed25519','use':'enc','x':'" RFC8037_X "'}",
        "{'kty':'OKP','crv':'Ed25519','key_ops':['encrypt'],'x':'" RFC8037_X "'}",
        "{'kty':'OKP','crv':'Ed25519','alg':'ES256','x':'" RFC8037_X "'}",
        "{'kty':'OKP','crv':'Ed448','x':'" RFC8037_X "'}",
        "{'kty':'oct','k':'" RFC8037_X "'}",
        "{'kty':'OKP','crv':'Ed25519'}",
        "{}",
    };
    CLEANUP(text_deinit) struct text payload = text_limited(256);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        CHECK(verify(keys[i], JWS_ALGORITHM_EDDSA, RFC8037_TOKEN, &payload) == ERR_DENIED);
    }
}

static void test_names(void)
{
    static const char *const others[] = {"none", "HS256", "RS384", "eddsa", "ES256K", ""};
    enum jws_algorithm algorithm = JWS_ALGORITHM_EDDSA;
    for (int i = 0; i < JWS_ALGORITHM_COUNT; i++) {
        CHECK(jws_algorithm_parse(&algorithm, jws_algorithm_name((enum jws_algorithm)i)));
        CHECK((int)algorithm == i);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK(!jws_algorithm_parse(&algorithm, others[i]));
    }
}

int main(void)
{
    CHECK(jws_begin(NULL) == OK);
    test_published();
    test_own();
    test_headers();
    test_forms();
    test_keys();
    test_names();
    return CHECK_DONE();
}
