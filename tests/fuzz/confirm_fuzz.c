/* What confirm_parse accepts, it can write and read again. */
#include "fleet/confirm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    static struct confirm one;
    static struct confirm two;
    if (value_parse(&content, span_of(data, size), 64 * 1024, NULL) != OK ||
        confirm_parse(&one, content, NULL) != OK) {
        return 0;
    }
    CLEANUP(value_free_p) struct value *written = confirm_to_value(&one);
    if (confirm_parse(&two, written, NULL) != OK) { abort(); }
    return 0;
}
