/*
 * release/pass - a short right to read one private archive, which control hands to a signed-in
 * person and the map's server believes: both know the token of private archives.
 *
 * "1.SECONDS.NAME.MAC": when it ends (Unix time), the archive, and HMAC-SHA-256 over what stands
 * before, under a key that is derived from the token (base64url without padding). Nothing is kept;
 * it cannot be taken back before it ends, so it ends soon. Pure: time is a parameter, any thread.
 */
#pragma once

#include "base/secret.h"

#include <stdint.h>

enum { PASS_SIZE = 160, PASS_NAME_SIZE = 48, PASS_LIFE_MAX_S = 900 };

/* ERR_RANGE when `archive` has other characters than letters, digits, '-' and '_', or too many. */
MUST_USE enum err pass_make(char pass[static PASS_SIZE], const struct secret *token,
                            const char *archive, int64_t end_us, struct why *why);

/* Whether `pass` is for `archive`, by `token`, and has neither ended nor been made for longer than
 * any of ours. */
bool pass_is_good(struct span pass, const struct secret *token, const char *archive,
                  int64_t now_us);
