#include "provider/metadata.h"

#include "base/value.h"
#include "check.h"
#include "people/jws.h"
#include "tables.h"

#define ISSUER "https://id.town.example"

static const char GOOD[] =
    "{'issuer':'" ISSUER "','authorization_endpoint':'" ISSUER "/auth','token_endpoint':'" ISSUER
    "/token','jwks_uri':'https://keys.town.example/jwks','response_types_supported':['code'],"
    "'id_token_signing_alg_values_supported':['none','HS256','RS256','EdDSA'],"
    "'code_challenge_methods_supported':['plain','S256']}";

/* The good document with one member replaced; `with` NULL: left out. */
static enum err read_with(const char *member, const char *with, struct metadata *metadata)
{
    CLEANUP(value_free_p) struct value *document = json(GOOD);
    CLEANUP(text_deinit) struct text text = text_limited(4096);
    if (member && with) {
        value_set(document, member, json(with));
    } else if (member) {
        value_remove(document, member);
    }
    value_write(document, &text);
    struct why why = {""};
    const enum err err = metadata_read(metadata, text_span(&text), ISSUER, &why);
    CHECK(!err || *why.text);
    return err;
}

static void test_good(void)
{
    struct metadata metadata = {.algorithms = 0};
    CHECK(read_with(NULL, NULL, &metadata) == OK);
    CHECK_TEXT(metadata.authorization, ISSUER "/auth");
    CHECK_TEXT(metadata.token, ISSUER "/token");
    CHECK_TEXT(metadata.keys, "https://keys.town.example/jwks");
    CHECK(metadata.algorithms == (1U << JWS_ALGORITHM_RS256 | 1U << JWS_ALGORITHM_EDDSA));
    CHECK(metadata.basic && !metadata.names_issuer);
    CHECK(read_with("token_endpoint_auth_methods_supported", "['client_secret_post']", &metadata) ==
          OK);
    CHECK(!metadata.basic);
    CHECK(read_with("authorization_response_iss_parameter_supported", "true", &metadata) == OK);
    CHECK(metadata.names_issuer);
    CHECK(read_with("code_challenge_methods_supported", NULL, &metadata) == OK);
}

static void test_bad(void)
{
    static const char *const cases[][2] = {
        {"issuer", "'https://id.town.example/'"}, /* a mix-up is one letter away */
        {"issuer", "'https://id.town.example.other'"},
        {"issuer", "7"},
        {"issuer", NULL},
        {"authorization_endpoint", "'http://id.town.example/auth'"},
        {"authorization_endpoint", "'javascript:alert(1)'"},
        {"authorization_endpoint", NULL},
        {"token_endpoint", "'http://169.254.169.254/latest'"},
        {"token_endpoint", "'https://user:word@id.town.example/'"},
        {"token_endpoint", NULL},
        {"jwks_uri", "'file:///etc/passwd'"},
        {"jwks_uri", NULL},
        {"response_types_supported", "['token']"},
        {"response_types_supported", NULL},
        {"id_token_signing_alg_values_supported", "['none','HS256','RS512']"},
        {"id_token_signing_alg_values_supported", NULL},
        {"code_challenge_methods_supported", "['plain']"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct metadata metadata = {.algorithms = 7};
        CHECK(read_with(cases[i][0], cases[i][1], &metadata) != OK);
        CHECK(metadata.algorithms == 7); /* written on OK only */
    }
    struct metadata metadata = {.algorithms = 0};
    CHECK(metadata_read(&metadata, span_text("<html>"), ISSUER, NULL) == ERR_MALFORMED);
    CHECK(metadata_read(&metadata, span_text("[]"), ISSUER, NULL) == ERR_DENIED);
    char *large = mem_zeroed(METADATA_SIZE_MAX + 2);
    memset(large, ' ', METADATA_SIZE_MAX + 1);
    CHECK(metadata_read(&metadata, span_text(large), ISSUER, NULL) == ERR_LIMIT);
    free(large);
}

int main(void)
{
    test_good();
    test_bad();
    return CHECK_DONE();
}
