#include "geodata/deflate.h"

#include <assert.h>
#include <libdeflate.h>

struct deflater {
    struct libdeflate_compressor *compressor;
};

struct inflater {
    struct libdeflate_decompressor *decompressor;
};

struct deflater *deflater_new(int level)
{
    assert(level >= DEFLATE_LEVEL_MIN && level <= DEFLATE_LEVEL_MAX);
    struct deflater *deflater = MEM_NEW(struct deflater);
    deflater->compressor = libdeflate_alloc_compressor(level);
    if (!deflater->compressor) { abort(); }
    return deflater;
}

void deflater_free(struct deflater *deflater)
{
    if (!deflater) { return; }
    libdeflate_free_compressor(deflater->compressor);
    free(deflater);
}

struct inflater *inflater_new(void)
{
    struct inflater *inflater = MEM_NEW(struct inflater);
    inflater->decompressor = libdeflate_alloc_decompressor();
    if (!inflater->decompressor) { abort(); }
    return inflater;
}

void inflater_free(struct inflater *inflater)
{
    if (!inflater) { return; }
    libdeflate_free_decompressor(inflater->decompressor);
    free(inflater);
}

void deflate_gzip(struct deflater *deflater, struct span plain, struct bytes *out)
{
    out->size = 0;
    const size_t bound = libdeflate_gzip_compress_bound(deflater->compressor, plain.size);
    uint8_t *to = bytes_reserve(out, bound);
    out->size = libdeflate_gzip_compress(deflater->compressor, plain.data, plain.size, to, bound);
    assert(out->size > 0); /* the bound is a promise */
}

static enum err judge(enum libdeflate_result result, bool whole, struct why *why)
{
    switch (result) {
    case LIBDEFLATE_SUCCESS:
        return whole ? OK
                     : why_set(why, ERR_MALFORMED, "there are bytes behind the compressed data");
    case LIBDEFLATE_INSUFFICIENT_SPACE:
        return why_set(why, ERR_LIMIT, "it unpacks to more bytes than are allowed");
    case LIBDEFLATE_SHORT_OUTPUT:
    case LIBDEFLATE_BAD_DATA: break;
    }
    return why_set(why, ERR_MALFORMED, "the compressed data is damaged");
}

enum err inflate_gzip(struct inflater *inflater, struct span packed, size_t size_max,
                      struct bytes *out, struct why *why)
{
    size_t room = packed.size < size_max / 8 ? packed.size * 8 : size_max;
    if (room < 1024) { room = size_max < 1024 ? size_max : 1024; }
    for (;;) {
        out->size = 0;
        size_t used = 0;
        size_t made = 0;
        const enum libdeflate_result result =
            libdeflate_gzip_decompress_ex(inflater->decompressor, packed.data, packed.size,
                                          bytes_reserve(out, room), room, &used, &made);
        if (result == LIBDEFLATE_INSUFFICIENT_SPACE && room < size_max) {
            room = room < size_max / 4 ? room * 4 : size_max;
            continue;
        }
        out->size = result == LIBDEFLATE_SUCCESS ? made : 0;
        return judge(result, used == packed.size, why);
    }
}

enum err inflate_zlib(struct inflater *inflater, struct span packed, size_t size, struct bytes *out,
                      struct why *why)
{
    out->size = 0;
    size_t used = 0;
    size_t made = 0;
    const enum libdeflate_result result =
        libdeflate_zlib_decompress_ex(inflater->decompressor, packed.data, packed.size,
                                      bytes_reserve(out, size), size, &used, &made);
    out->size = result == LIBDEFLATE_SUCCESS ? made : 0;
    if (result == LIBDEFLATE_SUCCESS && made != size) {
        return why_set(why, ERR_MALFORMED, "it unpacks to %zu bytes where %zu were announced", made,
                       size);
    }
    return judge(result, used == packed.size, why);
}
