#include "provider/key_set.h"

#include <string.h>

#include "base/encode.h"

enum { RSA_BYTES_MIN = 256, RSA_BYTES_MAX = 1024 };

struct key_set {
    struct value *keys; /* array of objects, cleaned */
};

static const char *kind_of(enum jws_algorithm algorithm)
{
    static const char *const kinds[] = {[JWS_ALGORITHM_EDDSA] = "OKP",
                                        [JWS_ALGORITHM_ES256] = "EC",
                                        [JWS_ALGORITHM_RS256] = "RSA",
                                        [JWS_ALGORITHM_PS256] = "RSA"};
    return kinds[algorithm];
}

static const char *member(const struct value *key, const char *name)
{
    return value_text_or(value_get(key, name), "");
}

/* Two exponents that have been small enough to attack were 3 and 17; everybody uses 65537. */
static bool strong_rsa(const struct value *key)
{
    uint8_t modulus[RSA_BYTES_MAX];
    size_t size = 0;
    return !decode_base64_url(modulus, sizeof modulus, &size, member(key, "n"), NULL) &&
           size >= RSA_BYTES_MIN && (modulus[0] & 0x80) && strcmp(member(key, "e"), "AQAB") == 0;
}

static bool usable(const struct value *key)
{
    const char *kind = member(key, "kty");
    const char *curve = member(key, "crv");
    return (strcmp(kind, "OKP") == 0 && strcmp(curve, "Ed25519") == 0) ||
           (strcmp(kind, "EC") == 0 && strcmp(curve, "P-256") == 0) ||
           (strcmp(kind, "RSA") == 0 && strong_rsa(key));
}

static struct value *clean(const struct value *key)
{
    static const char *const kept[] = {"kty", "kid", "alg", "use", "key_ops",
                                       "crv", "x",   "y",   "n",   "e"};
    struct value *cleaned = value_object();
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const struct value *found = value_get(key, kept[i]);
        if (found) { value_set(cleaned, kept[i], value_copy(found)); }
    }
    return cleaned;
}

enum err key_set_read(struct key_set **out, struct span json, struct why *why)
{
    CLEANUP(value_free_p) struct value *document = NULL;
    enum err err = value_parse(&document, json, KEY_SET_SIZE_MAX, why);
    if (err) { return why_prefix(why, err, "the provider's keys"); }
    const struct value *keys = value_get(document, "keys");
    if (!keys || value_kind(keys) != VALUE_KIND_ARRAY) {
        return why_set(why, ERR_MALFORMED, "the provider's keys have no list \"keys\"");
    }
    if (value_count(keys) > KEY_SET_MAX) {
        return why_set(why, ERR_LIMIT, "the provider has %zu keys, at most %d are read",
                       value_count(keys), KEY_SET_MAX);
    }
    struct key_set *set = MEM_NEW(struct key_set);
    set->keys = value_array();
    for (size_t i = 0; i < value_count(keys); i++) {
        const struct value *key = value_at(keys, i);
        if (usable(key)) { value_append(set->keys, clean(key)); }
    }
    *out = set;
    return OK;
}

void key_set_free(struct key_set *set)
{
    if (!set) { return; }
    value_free(set->keys);
    free(set);
}

size_t key_set_count(const struct key_set *set)
{
    return value_count(set->keys);
}

static bool fits(const struct value *key, enum jws_algorithm algorithm)
{
    const char *said = member(key, "alg");
    return strcmp(member(key, "kty"), kind_of(algorithm)) == 0 &&
           (!*said || strcmp(said, jws_algorithm_name(algorithm)) == 0);
}

const struct value *key_set_find(const struct key_set *set, const char *key_id,
                                 enum jws_algorithm algorithm)
{
    const struct value *found = NULL;
    for (size_t i = 0; i < value_count(set->keys); i++) {
        const struct value *key = value_at(set->keys, i);
        if (!fits(key, algorithm) || (key_id && strcmp(member(key, "kid"), key_id) != 0)) {
            continue;
        }
        if (found) { return NULL; }
        found = key;
    }
    return found;
}
