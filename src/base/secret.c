#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

enum { CREDENTIAL_PATH_SIZE = 4096 };

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

/* A file of at most SECRET_SIZE_MAX bytes; one more is read, to notice a longer one. */
static enum err read_credential(struct secret **out, const char *path, struct why *why)
{
    uint8_t bytes[SECRET_SIZE_MAX + 1];
    size_t size = 0;
    ssize_t got = 1;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return errno == ENOENT
                   ? ERR_NOT_FOUND
                   : why_set(why, ERR_IO, "credential %.160s: %s", path, strerrordesc_np(errno));
    }
    while (got > 0 && size < sizeof bytes) {
        got = read(file, bytes + size, sizeof bytes - size);
        size += got > 0 ? (size_t)got : 0;
    }
    (void)close(file);
    if (size > 0 && size < sizeof bytes && bytes[size - 1] == '\n') { size--; }
    const enum err err = got < 0 ? why_set(why, ERR_IO, "credential %.160s cannot be read", path)
                         : size == 0 ? ERR_NOT_FOUND
                                     : secret_new(out, span_of(bytes, size), why);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}

static enum err from_credentials(struct secret **out, const char *name, struct why *why)
{
    char path[CREDENTIAL_PATH_SIZE];
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): programs call this at start */
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    enum err err = ERR_NOT_FOUND;
    if (folder && *folder) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        err = read_credential(out, path, why);
    }
    if (err != ERR_NOT_FOUND) { return err; }
    return why_set(why, ERR_NOT_FOUND,
                   "environment variable %s is not set, and there is no credential of that name",
                   name);
}

enum err secret_from_environment(struct secret **out, const char *name, struct why *why)
{
    char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): programs call this at start */
    if (!value || !*value) { return from_credentials(out, name, why); }
    const size_t size = strlen(value);
    const enum err err = secret_new(out, span_of(value, size), why);
    sodium_memzero(value, size);
    (void)unsetenv(name); /* NOLINT(concurrency-mt-unsafe): as above */
    return err ? why_prefix(why, err, name) : OK;
}

bool secret_from_hex(struct secret **out, struct span hex, size_t size)
{
    CLEANUP(secret_free_p) struct secret *key = blank(size);
    size_t length = 0;
    if (sodium_hex2bin(key->bytes, size, (const char *)hex.data, hex.size, NULL, &length, NULL) !=
            0 ||
        length != size) {
        return false;
    }
    *out = TAKE(key);
    return true;
}

enum err secret_hex_from_environment(struct secret **out, const char *name, size_t size,
                                     struct why *why)
{
    CLEANUP(secret_free_p) struct secret *hex = NULL;
    const enum err err = secret_from_environment(&hex, name, why);
    if (!hex) { return err; }
    if (secret_from_hex(out, secret_bytes(hex), size)) { return OK; }
    return why_set(why, ERR_MALFORMED, "%s must be %zu hexadecimal digits", name, 2 * size);
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
