/*
 * geodata/bytes - a growing row of bytes for hot loops: no terminator, no limit of its own.
 *
 * Whoever fills it bounds what goes in (a feature, a tile, a directory each has its named limit).
 * Also the two integer forms of Protocol Buffers. Owned by one thread.
 */
#pragma once

#include "base/span.h"

enum { VARINT_SIZE_MAX = 10 };

struct bytes {
    uint8_t *data; /* owned */
    size_t size;
    size_t capacity;
};

void bytes_deinit(struct bytes *bytes);

/* Makes room for `more` bytes behind `size`; never fails (base/base.h). */
void bytes_grow(struct bytes *bytes, size_t more);

static inline uint8_t *bytes_reserve(struct bytes *bytes, size_t more)
{
    if (bytes->capacity - bytes->size < more) { bytes_grow(bytes, more); }
    return bytes->data + bytes->size;
}

static inline struct span bytes_span(const struct bytes *bytes)
{
    return span_of(bytes->data, bytes->size);
}

static inline void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    if (size == 0) { return; }
    memcpy(bytes_reserve(bytes, size), data, size);
    bytes->size += size;
}

static inline void bytes_add_u8(struct bytes *bytes, uint8_t byte)
{
    *bytes_reserve(bytes, 1) = byte;
    bytes->size++;
}

/* Writes `number` as a varint at `to` (VARINT_SIZE_MAX bytes) and returns its size. */
static inline size_t varint_write(uint8_t *to, uint64_t number)
{
    size_t size = 0;
    while (number >= 0x80) {
        to[size++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    to[size++] = (uint8_t)number;
    return size;
}

static inline size_t varint_size(uint64_t number)
{
    size_t size = 1;
    while (number >>= 7) {
        size++;
    }
    return size;
}

static inline uint64_t zigzag(int64_t number)
{
    return ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static inline void bytes_add_varint(struct bytes *bytes, uint64_t number)
{
    bytes->size += varint_write(bytes_reserve(bytes, VARINT_SIZE_MAX), number);
}

/* A field of Protocol Buffers that holds bytes: its tag, its length, itself. */
static inline void bytes_add_field(struct bytes *bytes, uint32_t field, struct span value)
{
    bytes_add_varint(bytes, ((uint64_t)field << 3) | 2);
    bytes_add_varint(bytes, value.size);
    bytes_add(bytes, value.data, value.size);
}
