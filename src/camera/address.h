/*
 * camera/address - where a camera is, with credentials that cannot be printed by accident.
 *
 * `rtsp://user:password@host/path?key=secret` and the path of a file. What is shown to people and
 * logs has neither user, password nor query; only camera/source asks for the whole. A plain file
 * path is shown by its last part.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { ADDRESS_SIZE_MAX = 2048 };

struct address; /* opaque, so that no %s can print it */

/* Reads rtsp://, rtsps:// or a file path. ERR_MALFORMED never repeats the credentials. */
MUST_USE enum err address_new(struct address **out, const char *url, struct why *why);
void address_free(struct address *address); /* zeroes; NULL is allowed */
CLEANUP_FOR(struct address, address_free)

/* For people and logs. */
const char *address_shown(const struct address *address);
bool address_is_file(const struct address *address);

/* The whole, for the library that connects. Never to be formatted or logged. */
const char *address_whole(const struct address *address);
