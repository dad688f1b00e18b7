#include "wire/s3_answer.h"

#include <stdio.h>

enum { TAG_SIZE = 64 };

static const struct {
    const char *text;
    char letter;
} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

/* The letter at `at`, and how many bytes stand for it. */
static char decode(struct span text, size_t at, size_t *used)
{
    *used = 1;
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        const size_t size = strlen(entities[i].text);
        if (text.size - at < size || memcmp(text.data + at, entities[i].text, size) != 0) {
            continue;
        }
        *used = size;
        return entities[i].letter;
    }
    return (char)text.data[at];
}

bool s3_answer_element(struct span xml, const char *name, char *out, size_t size)
{
    char open[TAG_SIZE];
    char close[TAG_SIZE];
    (void)snprintf(open, sizeof open, "<%.40s>", name);
    (void)snprintf(close, sizeof close, "</%.40s>", name);
    const uint8_t *begin = xml.size > 0 ? memmem(xml.data, xml.size, open, strlen(open)) : NULL;
    if (!begin) { return false; }
    begin += strlen(open);
    const size_t left = xml.size - (size_t)(begin - xml.data);
    const uint8_t *end = memmem(begin, left, close, strlen(close));
    if (!end) { return false; }
    const struct span text = span_of(begin, (size_t)(end - begin));
    if (memchr(text.data, '<', text.size) || memchr(text.data, '\0', text.size)) { return false; }
    size_t written = 0;
    for (size_t at = 0, used = 0; at < text.size; at += used) {
        if (written + 1 >= size) { return false; }
        out[written++] = decode(text, at, &used);
    }
    out[written] = '\0';
    return true;
}
