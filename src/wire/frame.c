#include "wire/frame.h"

#include "base/cursor.h"

/* A frame that is not whole yet, and one more read. */
enum { HELD_SIZE_MAX = 2 * FRAME_SIZE_MAX + FRAME_HEAD_SIZE };

enum err frame_write(struct text *out, struct span body, struct why *why)
{
    if (body.size == 0 || body.size > FRAME_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a frame of %zu bytes; expected 1..%d", body.size,
                       FRAME_SIZE_MAX);
    }
    if (out->size_max - out->size < body.size + FRAME_HEAD_SIZE) {
        return why_set(why, ERR_LIMIT, "no room for a frame of %zu bytes", body.size);
    }
    const uint8_t head[FRAME_HEAD_SIZE] = {(uint8_t)(body.size >> 24), (uint8_t)(body.size >> 16),
                                           (uint8_t)(body.size >> 8), (uint8_t)body.size};
    text_add_bytes(out, span_of(head, sizeof head));
    text_add_bytes(out, body);
    return OK;
}

struct frame_reader frame_reader_new(void)
{
    return (struct frame_reader){.held = text_limited(HELD_SIZE_MAX)};
}

void frame_reader_deinit(struct frame_reader *reader)
{
    text_deinit(&reader->held);
    reader->taken = 0;
}

static struct span rest(const struct frame_reader *reader)
{
    const struct span held = text_span(&reader->held);
    return span_of(held.data + reader->taken, held.size - reader->taken);
}

/* Moves what is left to the front, so that the buffer never grows beyond its limit. */
static void compact(struct frame_reader *reader)
{
    if (reader->taken == 0) { return; }
    const size_t left = reader->held.size - reader->taken;
    memmove(reader->held.data, reader->held.data + reader->taken, left);
    reader->held.size = left;
    reader->taken = 0;
}

enum err frame_reader_add(struct frame_reader *reader, struct span bytes, struct why *why)
{
    compact(reader);
    if (bytes.size > reader->held.size_max - reader->held.size) {
        return why_set(why, ERR_LIMIT, "%zu bytes wait already; take the frames first",
                       reader->held.size);
    }
    text_add_bytes(&reader->held, bytes);
    return OK;
}

enum err frame_reader_next(struct frame_reader *reader, struct span *body, struct why *why)
{
    *body = span_of(NULL, 0);
    struct cursor cursor = cursor_over(rest(reader));
    const uint32_t size = cursor_u32(&cursor);
    if (cursor.short_read) { return OK; }
    if (size == 0 || size > FRAME_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a frame of %u bytes; expected 1..%d", size, FRAME_SIZE_MAX);
    }
    const struct span bytes = cursor_bytes(&cursor, size);
    if (cursor.short_read) { return OK; }
    reader->taken += FRAME_HEAD_SIZE + size;
    *body = bytes;
    return OK;
}
