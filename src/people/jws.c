#include "people/jws.h"

#include <rhonabwy.h>
#include <sodium.h>
#include <string.h>

#include "base/encode.h"

enum { PART_COUNT = 3 };

static const struct {
    const char *name, *kind, *curve;
    jwa_alg number;
} ALGORITHMS[] = {
    [JWS_ALGORITHM_EDDSA] = {"EdDSA", "OKP", "Ed25519", R_JWA_ALG_EDDSA},
    [JWS_ALGORITHM_ES256] = {"ES256", "EC", "P-256", R_JWA_ALG_ES256},
    [JWS_ALGORITHM_RS256] = {"RS256", "RSA", NULL, R_JWA_ALG_RS256},
    [JWS_ALGORITHM_PS256] = {"PS256", "RSA", NULL, R_JWA_ALG_PS256},
};

const char *jws_algorithm_name(enum jws_algorithm algorithm)
{
    return ALGORITHMS[algorithm].name;
}

bool jws_algorithm_parse(enum jws_algorithm *algorithm, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(ALGORITHMS); i++) {
        if (strcmp(name, ALGORITHMS[i].name) == 0) {
            *algorithm = (enum jws_algorithm)i;
            return true;
        }
    }
    return false;
}

enum err jws_begin(struct why *why)
{
    return r_global_init() == RHN_OK ? OK : why_set(why, ERR_IO, "rhonabwy does not start");
}

/* ---- keys ---- */

static void free_key(jwk_t **key)
{
    r_jwk_free(*key);
}

/* A member of the key that, when it is there, must say `expected`. */
static bool says(const struct value *key, const char *member, const char *expected)
{
    const struct value *found = value_get(key, member);
    return !found || strcmp(value_text_or(found, ""), expected) == 0;
}

static bool may_verify(const struct value *key)
{
    const struct value *uses = value_get(key, "key_ops");
    bool found = uses == NULL;
    for (size_t i = 0; i < value_count(uses); i++) {
        const char *use = value_text_or(value_at(uses, i), "");
        found = found || strcmp(use, "verify") == 0 || strcmp(use, "sign") == 0;
    }
    return found && says(key, "use", "sig");
}

/* rhonabwy's form of a JWK, if it is one for the algorithm. */
static enum err read_key(jwk_t **out, const struct value *key, enum jws_algorithm algorithm,
                         struct why *why)
{
    const char *curve = ALGORITHMS[algorithm].curve;
    if (strcmp(value_text_or(value_get(key, "kty"), ""), ALGORITHMS[algorithm].kind) != 0 ||
        (curve && strcmp(value_text_or(value_get(key, "crv"), ""), curve) != 0) ||
        !says(key, "alg", ALGORITHMS[algorithm].name) || !may_verify(key)) {
        return why_set(why, ERR_DENIED, "the key is not one for %s", ALGORITHMS[algorithm].name);
    }
    CLEANUP(text_deinit) struct text json = text_limited(JWS_SIZE_MAX);
    CLEANUP(free_key) jwk_t *made = NULL;
    value_write(key, &json);
    const bool read = !json.overflow && r_jwk_init(&made) == RHN_OK &&
                      r_jwk_import_from_json_str(made, text_c(&json)) == RHN_OK;
    if (json.data) { sodium_memzero(json.data, json.size); }
    if (!read) { return why_set(why, ERR_DENIED, "the key is malformed"); }
    *out = TAKE(made);
    return OK;
}

/* ---- parts of a token ---- */

struct parts {
    struct text decoded[PART_COUNT]; /* header, payload, signature */
};

static void free_parts(struct parts *parts)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        text_deinit(&parts->decoded[i]);
    }
}

static enum err malformed(struct why *why)
{
    return why_set(why, ERR_MALFORMED, "a token has three parts of base64url without padding");
}

static enum err decode_part(struct text *out, const char *begin, size_t size, struct why *why)
{
    CLEANUP(mem_free_p) char *part = mem_zeroed(size + 1);
    CLEANUP(mem_free_p) uint8_t *bytes = mem_zeroed(size + 1);
    size_t length = 0;
    memcpy(part, begin, size);
    if (decode_base64_url(bytes, size + 1, &length, part, NULL) || length == 0) {
        return malformed(why);
    }
    *out = text_limited(JWS_SIZE_MAX);
    text_add_bytes(out, span_of(bytes, length));
    return OK;
}

static enum err split(struct parts *parts, const char *token, struct why *why)
{
    if (strnlen(token, JWS_SIZE_MAX + 1) > JWS_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a token has at most %d letters", JWS_SIZE_MAX);
    }
    const char *at = token;
    for (size_t i = 0; i < PART_COUNT; i++) {
        const size_t size = strcspn(at, ".");
        const bool last = i == PART_COUNT - 1;
        if (size == 0 || (at[size] == '\0') != last) { return malformed(why); }
        const enum err err = decode_part(&parts->decoded[i], at, size, why);
        if (err) { return err; }
        at += size + 1;
    }
    return OK;
}

static enum err read_header(const struct parts *parts, struct value **header, struct why *why)
{
    static const char *const refused[] = {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"};
    CLEANUP(value_free_p) struct value *read = NULL;
    const enum err err = value_parse(&read, text_span(&parts->decoded[0]), JWS_SIZE_MAX, why);
    if (err) { return err; }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        if (value_get(read, refused[i])) {
            return why_set(why, ERR_DENIED, "the token's header has \"%s\"", refused[i]);
        }
    }
    if (value_kind(read) != VALUE_KIND_OBJECT) { return malformed(why); }
    *header = TAKE(read);
    return OK;
}

enum err jws_header(const char *token, struct value **header, struct why *why)
{
    CLEANUP(free_parts) struct parts parts = {0};
    const enum err err = split(&parts, token, why);
    return err ? err : read_header(&parts, header, why);
}

/* ---- signing and verifying ---- */

static void free_jws(jws_t **jws)
{
    r_jws_free(*jws);
}

static void free_words(char **words)
{
    r_free(*words);
}

enum err jws_sign(const struct jws_draft *draft, struct text *token, struct why *why)
{
    CLEANUP(free_key) jwk_t *key = NULL;
    const enum err err = read_key(&key, draft->key, draft->algorithm, why);
    if (err) { return why_prefix(why, ERR_MALFORMED, "signing a token"); }
    CLEANUP(free_jws) jws_t *jws = NULL;
    if (r_jws_init(&jws) != RHN_OK ||
        r_jws_set_alg(jws, ALGORITHMS[draft->algorithm].number) != RHN_OK ||
        r_jws_set_header_str_value(jws, "typ", draft->type) != RHN_OK ||
        r_jws_set_header_str_value(jws, "kid", draft->key_id) != RHN_OK ||
        r_jws_set_payload(jws, draft->payload.data, draft->payload.size) != RHN_OK) {
        return why_set(why, ERR_MALFORMED, "the token cannot be put together");
    }
    CLEANUP(free_words) char *words = r_jws_serialize(jws, key, R_FLAG_IGNORE_REMOTE);
    if (!words) { return why_set(why, ERR_MALFORMED, "the token cannot be signed"); }
    text_add(token, words);
    return OK;
}

enum err jws_verify(const struct jws_key *key, const char *token, struct text *payload,
                    struct why *why)
{
    CLEANUP(free_parts) struct parts parts = {0};
    CLEANUP(value_free_p) struct value *header = NULL;
    CLEANUP(free_key) jwk_t *public = NULL;
    enum err err = split(&parts, token, why);
    if (!err) { err = read_header(&parts, &header, why); }
    if (err) { return err; }
    const char *algorithm = value_text_or(value_get(header, "alg"), "none");
    if (strcmp(algorithm, ALGORITHMS[key->algorithm].name) != 0) {
        return why_set(why, ERR_DENIED, "the token is signed with \"%.20s\", expected %s",
                       algorithm, ALGORITHMS[key->algorithm].name);
    }
    err = read_key(&public, key->key, key->algorithm, why);
    if (err) { return err; }
    CLEANUP(free_jws) jws_t *jws = NULL;
    if (r_jws_init(&jws) != RHN_OK ||
        r_jws_advanced_compact_parse(jws, token, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) != RHN_OK ||
        r_jws_verify_signature(jws, public, R_FLAG_IGNORE_REMOTE) != RHN_OK) {
        return why_set(why, ERR_DENIED, "the token's signature is wrong");
    }
    text_add_bytes(payload, text_span(&parts.decoded[1]));
    return OK;
}
