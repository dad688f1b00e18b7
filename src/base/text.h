/*
 * base/text - text or bytes that grow, up to a maximum that their maker must name.
 *
 * What does not fit is not added at all, and `overflow` stays set: the maker asks once, at the end.
 * `data` is always NUL-terminated. Owned by one thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct text {
    char *data; /* owned; NUL-terminated once anything was added, "" before (see text_c) */
    size_t size;
    size_t capacity;
    size_t size_max;
    bool overflow;
};

static inline struct text text_limited(size_t size_max)
{
    return (struct text){.size_max = size_max};
}

void text_deinit(struct text *text);

void text_add(struct text *text, const char *words);
void text_add_bytes(struct text *text, struct span bytes);
void text_add_char(struct text *text, char letter);
void text_format(struct text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Empties the text, keeps its memory, forgets an overflow. */
void text_clear(struct text *text);

/* The text as a C string, valid until the next change. */
const char *text_c(const struct text *text);
struct span text_span(const struct text *text);

/* Moves the C string out; the caller frees it. The text is empty afterwards. */
char *text_take(struct text *text);

/*
 * Copies `from` into `to`, a buffer of `size` bytes, always terminated. False when it did not fit:
 * then `to` is empty, never cut short.
 */
MUST_USE bool text_copy(char *to, size_t size, const char *from);

/*
 * Puts '?' in the place of every byte that is not part of valid UTF-8, such as what is left of a
 * letter that "%.40s" has cut. Any text may come from outside; JSON and terminals want UTF-8.
 */
void text_scrub(char *utf8);
