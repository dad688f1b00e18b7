/*
 * base/encode - bytes as text: base64 (RFC 4648, with padding, and the URL form without) and hex.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"

void encode_base64(struct text *out, struct span bytes);
void encode_base64_url(struct text *out, struct span bytes); /* no padding */
void encode_hex(struct text *out, struct span bytes);

/*
 * Decodes into `buffer` of `size` bytes and writes the length to `*length`. ERR_MALFORMED for any
 * letter or padding that is not canonical, ERR_LIMIT when it does not fit.
 */
MUST_USE enum err decode_base64(uint8_t *buffer, size_t size, size_t *length, const char *text,
                                struct why *why);
MUST_USE enum err decode_base64_url(uint8_t *buffer, size_t size, size_t *length, const char *text,
                                    struct why *why);
MUST_USE enum err decode_hex(uint8_t *buffer, size_t size, size_t *length, const char *text,
                             struct why *why);
