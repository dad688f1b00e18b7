/*
 * base/cursor - reads binary formats front to back, never past their end.
 *
 * A read that does not fit returns zero (or an empty span) and marks the cursor `short_read` for
 * good, so that a parser may read a whole structure and ask once. Plain value, no allocation.
 */
#pragma once

#include "base/span.h"

struct cursor {
    struct span rest;
    bool short_read;
};

static inline struct cursor cursor_over(struct span bytes)
{
    return (struct cursor){.rest = bytes};
}

/* The next `size` bytes, borrowed. */
struct span cursor_bytes(struct cursor *cursor, size_t size);

/* Unsigned integers, most significant byte first. */
uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
