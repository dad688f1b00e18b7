#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { TEXT_CAPACITY_FIRST = 256 };

void text_deinit(struct text *text)
{
    free(text->data);
    *text = text_limited(text->size_max);
}

static bool reserve(struct text *text, size_t more)
{
    assert(text->size <= text->size_max);
    if (text->overflow || more > text->size_max - text->size) {
        text->overflow = true;
        return false;
    }
    const size_t needed = text->size + more + 1;
    if (needed > text->capacity) {
        size_t capacity = text->capacity ? text->capacity * 2 : TEXT_CAPACITY_FIRST;
        if (capacity < needed) { capacity = needed; }
        text->data = mem_resized(text->data, capacity);
        text->capacity = capacity;
    }
    return true;
}

void text_add_bytes(struct text *text, struct span bytes)
{
    if (bytes.size == 0 || !reserve(text, bytes.size)) { return; }
    memcpy(text->data + text->size, bytes.data, bytes.size);
    text->size += bytes.size;
    text->data[text->size] = '\0';
}

void text_add(struct text *text, const char *words)
{
    text_add_bytes(text, span_text(words));
}

void text_add_char(struct text *text, char letter)
{
    text_add_bytes(text, span_of(&letter, 1));
}

void text_format(struct text *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (size > 0 && reserve(text, (size_t)size)) {
        (void)vsnprintf(text->data + text->size, (size_t)size + 1, fmt, again);
        text->size += (size_t)size;
    }
    va_end(again);
}

void text_clear(struct text *text)
{
    text->size = 0;
    text->overflow = false;
    if (text->data) { text->data[0] = '\0'; }
}

const char *text_c(const struct text *text)
{
    return text->data ? text->data : "";
}

struct span text_span(const struct text *text)
{
    return span_of(text_c(text), text->size);
}

char *text_take(struct text *text)
{
    char *data = text->data ? TAKE(text->data) : mem_text("");
    text_deinit(text);
    return data;
}

bool text_copy(char *to, size_t size, const char *from)
{
    const size_t length = strlen(from);
    if (length >= size) {
        if (size > 0) { to[0] = '\0'; }
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}

/* The bytes of the UTF-8 sequence at `at` (RFC 3629: shortest form, no surrogates), 0 for none. */
static size_t sequence_size(const unsigned char *at)
{
    if (at[0] < 0x80) { return 1; }
    const size_t size = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4) { return 0; }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) { return 0; } /* the terminator ends it here too */
    }
    const bool wrong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
                       (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F);
    return wrong ? 0 : size;
}

void text_scrub(char *utf8)
{
    unsigned char *at = (unsigned char *)utf8;
    while (*at) {
        const size_t size = sequence_size(at);
        if (size == 0) { *at = '?'; }
        at += size ? size : 1;
    }
}
