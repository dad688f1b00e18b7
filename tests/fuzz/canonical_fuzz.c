/*
 * Any JSON: its canonical form, read again, has the same canonical form.
 */
#include <assert.h>

#include "trust/canonical.h"

enum { SIZE_MAX_HERE = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct value *value = NULL;
    struct value *again = NULL;
    struct text first = text_limited((size_t)8 * SIZE_MAX_HERE);
    struct text second = text_limited((size_t)8 * SIZE_MAX_HERE);
    struct why why = {0};
    const bool read = !value_parse(&value, span_of(data, size), SIZE_MAX_HERE, NULL) &&
                      !canonical_write(value, &first, NULL);
    /* 1e20 is written with 21 digits, which no int64_t holds: the one form that is not read. */
    if (read && value_parse(&again, text_span(&first), (size_t)8 * SIZE_MAX_HERE, &why)) {
        assert(strstr(why.text, "too big"));
    } else if (read) {
        const enum err err = canonical_write(again, &second, NULL);
        assert(!err && span_equal(text_span(&first), text_span(&second)));
    }
    value_free(value);
    value_free(again);
    text_deinit(&first);
    text_deinit(&second);
    return 0;
}
