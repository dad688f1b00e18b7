#include "provider/metadata.h"

#include <string.h>

#include "base/value.h"
#include "people/jws.h"

/* Whether the list, when it is there, has `word`. */
static bool lists(const struct value *list, const char *word, bool absent)
{
    if (!list) { return absent; }
    for (size_t i = 0; i < value_count(list); i++) {
        if (strcmp(value_text_or(value_at(list, i), ""), word) == 0) { return true; }
    }
    return false;
}

static enum err read_endpoint(char address[static ADDRESS_SIZE], const struct value *document,
                              const char *name, struct why *why)
{
    const enum err err = value_need_text(document, name, address, ADDRESS_SIZE, why);
    if (err || address_valid(address)) { return err; }
    return why_set(why, ERR_DENIED, "the provider's %s is \"%.100s\", expected https://HOST/...",
                   name, address);
}

static unsigned int read_algorithms(const struct value *list)
{
    unsigned int algorithms = 0;
    for (size_t i = 0; i < value_count(list); i++) {
        enum jws_algorithm algorithm = JWS_ALGORITHM_EDDSA;
        if (jws_algorithm_parse(&algorithm, value_text_or(value_at(list, i), ""))) {
            algorithms |= 1U << algorithm;
        }
    }
    return algorithms;
}

static enum err judge(const struct metadata *metadata, const struct value *document,
                      struct why *why)
{
    if (metadata->algorithms == 0) {
        return why_set(why, ERR_DENIED,
                       "the provider signs with none of EdDSA, ES256, RS256, PS256");
    }
    if (!lists(value_get(document, "response_types_supported"), "code", false)) {
        return why_set(why, ERR_DENIED, "the provider knows no authorisation code");
    }
    /* Some that know it do not say so; one that says others means it. */
    if (!lists(value_get(document, "code_challenge_methods_supported"), "S256", true)) {
        return why_set(why, ERR_DENIED, "the provider knows no PKCE with S256");
    }
    return OK;
}

enum err metadata_read(struct metadata *out, struct span json, const char *issuer, struct why *why)
{
    CLEANUP(value_free_p) struct value *document = NULL;
    struct metadata metadata = {.algorithms = 0};
    enum err err = value_parse(&document, json, METADATA_SIZE_MAX, why);
    if (err) { return why_prefix(why, err, "the provider's metadata"); }
    const char *said = value_text_or(value_get(document, "issuer"), "");
    if (strcmp(said, issuer) != 0) {
        return why_set(why, ERR_DENIED, "the provider calls itself \"%.80s\", not \"%.80s\"", said,
                       issuer);
    }
    err = read_endpoint(metadata.authorization, document, "authorization_endpoint", why);
    if (!err) { err = read_endpoint(metadata.token, document, "token_endpoint", why); }
    if (!err) { err = read_endpoint(metadata.keys, document, "jwks_uri", why); }
    metadata.algorithms =
        read_algorithms(value_get(document, "id_token_signing_alg_values_supported"));
    if (!err) { err = judge(&metadata, document, why); }
    if (err) { return err; }
    metadata.basic = lists(value_get(document, "token_endpoint_auth_methods_supported"),
                           "client_secret_basic", true);
    metadata.names_issuer = value_boolean_or(
        value_get(document, "authorization_response_iss_parameter_supported"), false);
    *out = metadata;
    return OK;
}
