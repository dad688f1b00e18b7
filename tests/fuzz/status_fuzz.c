/* What status_parse accepts, it can write and read again. */
#include "fleet/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    static struct status one;
    static struct status two;
    if (value_parse(&content, span_of(data, size), 64 * 1024, NULL) != OK ||
        status_parse(&one, content, NULL) != OK) {
        return 0;
    }
    CLEANUP(value_free_p) struct value *written = status_to_value(&one);
    if (status_parse(&two, written, NULL) != OK) { abort(); }
    return 0;
}
