#include "wire/est.h"

#include "base/encode.h"

void est_write(struct text *out, struct span der)
{
    encode_base64(out, der);
}

enum err est_read(struct text *out, struct span body, struct why *why)
{
    if (body.size > EST_BODY_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the body has %zu bytes, at most %d are allowed", body.size,
                       EST_BODY_SIZE_MAX);
    }
    CLEANUP(text_deinit) struct text letters = text_limited(EST_BODY_SIZE_MAX);
    for (size_t i = 0; i < body.size; i++) {
        const char letter = (char)body.data[i];
        if (letter == '\0') { return why_set(why, ERR_MALFORMED, "the body is not base64"); }
        if (!strchr(" \t\r\n", letter)) { text_add_char(&letters, letter); }
    }
    size_t size = 0;
    CLEANUP(mem_free_p) uint8_t *bytes = mem_zeroed(letters.size + 1);
    const enum err err = decode_base64(bytes, letters.size + 1, &size, text_c(&letters), why);
    if (err) { return err; }
    text_add_bytes(out, span_of(bytes, size));
    return out->overflow ? why_set(why, ERR_LIMIT,
                                   "the body stands for %zu bytes, at most %zu "
                                   "are allowed",
                                   size, out->size_max)
                         : OK;
}
