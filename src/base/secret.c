#include "base/secret.h"

#include <sodium.h>

struct secret {
    size_t size;
    uint8_t *bytes; /* owned, from sodium_malloc */
};

static struct secret *blank(size_t size)
{
    if (sodium_init() < 0) { abort(); }
    struct secret *secret = MEM_NEW(struct secret);
    secret->size = size;
    secret->bytes = sodium_malloc(size ? size : 1);
    if (!secret->bytes) { abort(); }
    return secret;
}

enum err secret_new(struct secret **out, struct span bytes, struct why *why)
{
    if (bytes.size > SECRET_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "secret has %zu bytes, at most %d are allowed", bytes.size,
                       SECRET_SIZE_MAX);
    }
    struct secret *secret = blank(bytes.size);
    if (bytes.size) { memcpy(secret->bytes, bytes.data, bytes.size); }
    *out = secret;
    return OK;
}

void secret_free(struct secret *secret)
{
    if (!secret) { return; }
    sodium_free(secret->bytes);
    free(secret);
}

enum err secret_from_environment(struct secret **out, const char *name, struct why *why)
{
    char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): programs call this at start */
    if (!value || !*value) {
        return why_set(why, ERR_NOT_FOUND, "environment variable %s is not set", name);
    }
    const size_t size = strlen(value);
    const enum err err = secret_new(out, span_of(value, size), why);
    sodium_memzero(value, size);
    (void)unsetenv(name); /* NOLINT(concurrency-mt-unsafe): as above */
    return err ? why_prefix(why, err, name) : OK;
}

enum err secret_hex_from_environment(struct secret **out, const char *name, size_t size,
                                     struct why *why)
{
    CLEANUP(secret_free_p) struct secret *hex = NULL;
    const enum err err = secret_from_environment(&hex, name, why);
    if (!hex) { return err; }
    CLEANUP(secret_free_p) struct secret *key = blank(size);
    size_t length = 0;
    if (sodium_hex2bin(key->bytes, size, (const char *)hex->bytes, hex->size, NULL, &length,
                       NULL) != 0 ||
        length != size) {
        return why_set(why, ERR_MALFORMED, "%s must be %zu hexadecimal digits", name, 2 * size);
    }
    *out = TAKE(key);
    return OK;
}

struct span secret_bytes(const struct secret *secret)
{
    return span_of(secret->bytes, secret->size);
}

bool secret_equal(const struct secret *secret, struct span candidate)
{
    return secret->size == candidate.size &&
           (candidate.size == 0 ||
            sodium_memcmp(secret->bytes, candidate.data, candidate.size) == 0);
}
