/*
 * base/secret - a key or password in memory: zeroed on release, never formatted, never logged.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum { SECRET_SIZE_MAX = 4096 };

struct secret; /* opaque, so that no %s can print it */

/* A copy of `bytes` (at most SECRET_SIZE_MAX) in locked memory; release with secret_free. */
MUST_USE enum err secret_new(struct secret **out, struct span bytes, struct why *why);
void secret_free(struct secret *secret); /* zeroes; NULL is allowed */
CLEANUP_FOR(struct secret, secret_free)

/*
 * Takes the environment variable `name`: copies, overwrites and unsets it, so that neither a child
 * nor /proc can read it later. When it is unset or empty: the file `name` in the folder
 * CREDENTIALS_DIRECTORY, where systemd puts credentials, without the line's end. ERR_NOT_FOUND:
 * neither is there.
 */
MUST_USE enum err secret_from_environment(struct secret **out, const char *name, struct why *why);

/* A key of `size` bytes out of hexadecimal digits; false when they are something else. */
MUST_USE bool secret_from_hex(struct secret **out, struct span hex, size_t size);

/* As secret_from_environment for a key of `size` bytes, written as hexadecimal digits; else
 * ERR_MALFORMED. */
MUST_USE enum err secret_hex_from_environment(struct secret **out, const char *name, size_t size,
                                              struct why *why);

/* The bytes, borrowed. Only wrappers of cryptographic libraries call this. */
struct span secret_bytes(const struct secret *secret);

/* Compares in constant time for equal lengths. */
bool secret_equal(const struct secret *secret, struct span candidate);
