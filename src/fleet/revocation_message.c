#include "fleet/revocation_message.h"

#include "base/encode.h"

struct value *revocation_message_make(struct span der)
{
    CLEANUP(text_deinit) struct text letters = text_limited((size_t)2 * REVOCATION_SIZE_MAX);
    encode_base64(&letters, der);
    struct value *content = value_object();
    value_set_text(content, "type", "revocation");
    value_set_text(content, "list", text_c(&letters));
    return content;
}

enum err revocation_message_read(struct text *der, const struct value *content, struct why *why)
{
    const char *type = value_text_or(value_get(content, "type"), "");
    const char *letters = value_text_or(value_get(content, "list"), NULL);
    if (strcmp(type, "revocation") != 0 || !letters) {
        return why_set(why, ERR_MALFORMED,
                       "a revocation has the type \"revocation\" and a list in base64");
    }
    size_t size = 0;
    CLEANUP(mem_free_p) uint8_t *bytes = mem_zeroed(REVOCATION_SIZE_MAX);
    const enum err err = decode_base64(bytes, REVOCATION_SIZE_MAX, &size, letters, why);
    if (err) { return why_prefix(why, err, "list"); }
    text_add_bytes(der, span_of(bytes, size));
    return der->overflow ? why_set(why, ERR_LIMIT, "the list does not fit") : OK;
}
