/*
 * Any bytes: either refused, or read and written again as JSON that reads back.
 */
#include <assert.h>

#include "base/value.h"

enum { SIZE_MAX_HERE = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct value *value = NULL;
    struct value *again = NULL;
    struct why why = {0};
    if (value_parse(&value, span_of(data, size), SIZE_MAX_HERE, &why)) {
        assert(!value && why.text[0]);
        return 0;
    }
    struct text out = text_limited((size_t)8 * SIZE_MAX_HERE);
    value_write(value, &out);
    const enum err err = value_parse(&again, text_span(&out), (size_t)8 * SIZE_MAX_HERE, &why);
    assert(!err && value_kind(again) == value_kind(value));
    assert(value_count(again) == value_count(value));
    value_free(value);
    value_free(again);
    text_deinit(&out);
    return 0;
}
