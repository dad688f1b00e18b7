/*
 * geodata/deflate - gzip and zlib, whole buffers at a time. Wraps libdeflate.
 *
 * The same bytes at the same level give the same result. An object is used by one thread at a time.
 * Follows RFC 1950 and RFC 1952.
 */
#pragma once

#include "base/err.h"
#include "geodata/bytes.h"

enum { DEFLATE_LEVEL_MIN = 1, DEFLATE_LEVEL_MAX = 12 };

struct deflater;
struct inflater;

struct deflater *deflater_new(int level);
void deflater_free(struct deflater *deflater);
CLEANUP_FOR(struct deflater, deflater_free)

struct inflater *inflater_new(void);
void inflater_free(struct inflater *inflater);
CLEANUP_FOR(struct inflater, inflater_free)

/* Replaces what `out` holds with `plain` as one gzip member. */
void deflate_gzip(struct deflater *deflater, struct span plain, struct bytes *out);

/*
 * Replaces what `out` holds with what one gzip member or zlib stream unpacks to. ERR_LIMIT beyond
 * `size_max` bytes, ERR_MALFORMED for damage or for anything behind its end.
 */
MUST_USE enum err inflate_gzip(struct inflater *inflater, struct span packed, size_t size_max,
                               struct bytes *out, struct why *why);
MUST_USE enum err inflate_zlib(struct inflater *inflater, struct span packed, size_t size,
                               struct bytes *out, struct why *why);
