/* What receipt_parse accepts, it can write and read again. */
#include "alert/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    static struct receipt one;
    static struct receipt two;
    if (value_parse(&content, span_of(data, size), 64 * 1024, NULL) != OK ||
        receipt_parse(&one, content, NULL) != OK) {
        return 0;
    }
    CLEANUP(value_free_p) struct value *written = receipt_to_value(&one);
    if (receipt_parse(&two, written, NULL) != OK) { abort(); }
    return 0;
}
