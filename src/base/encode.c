#include "base/encode.h"

#include <sodium.h>

static void encode_variant(struct text *out, struct span bytes, int variant)
{
    const size_t size = sodium_base64_encoded_len(bytes.size, variant);
    CLEANUP(mem_free_p) char *letters = mem_zeroed(size);
    (void)sodium_bin2base64(letters, size, bytes.data, bytes.size, variant);
    text_add(out, letters);
}

void encode_base64(struct text *out, struct span bytes)
{
    encode_variant(out, bytes, sodium_base64_VARIANT_ORIGINAL);
}

void encode_base64_url(struct text *out, struct span bytes)
{
    encode_variant(out, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void encode_hex(struct text *out, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t at = 0; at < bytes.size; at++) {
        text_add_char(out, digits[bytes.data[at] >> 4]);
        text_add_char(out, digits[bytes.data[at] & 15]);
    }
}

static enum err decode_variant(uint8_t *buffer, size_t size, size_t *length, const char *text,
                               int variant)
{
    const size_t letters = strlen(text);
    const char *end = NULL;
    size_t decoded = 0;
    if (letters / 4 * 3 > size + 3) { return ERR_LIMIT; }
    if (sodium_base642bin(buffer, size, text, letters, NULL, &decoded, &end, variant) != 0 ||
        end != text + letters) {
        return ERR_MALFORMED;
    }
    *length = decoded;
    return OK;
}

static enum err said(enum err err, struct why *why)
{
    switch ((int)err) {
    case OK: return OK;
    case ERR_LIMIT: return why_set(why, err, "base64 text is longer than allowed here");
    default: return why_set(why, err, "text is not canonical base64, or longer than allowed here");
    }
}

enum err decode_base64(uint8_t *buffer, size_t size, size_t *length, const char *text,
                       struct why *why)
{
    return said(decode_variant(buffer, size, length, text, sodium_base64_VARIANT_ORIGINAL), why);
}

enum err decode_base64_url(uint8_t *buffer, size_t size, size_t *length, const char *text,
                           struct why *why)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    return said(decode_variant(buffer, size, length, text, variant), why);
}

enum err decode_hex(uint8_t *buffer, size_t size, size_t *length, const char *text, struct why *why)
{
    const size_t letters = strlen(text);
    size_t decoded = 0;
    if (letters % 2 != 0 || letters / 2 > size ||
        sodium_hex2bin(buffer, size, text, letters, NULL, &decoded, NULL) != 0 ||
        decoded != letters / 2) {
        return why_set(why, ERR_MALFORMED, "text is not hex of at most %zu bytes", size);
    }
    *length = decoded;
    return OK;
}
