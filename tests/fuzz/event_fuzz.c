/* What event_parse accepts, it can write and read again. */
#include "fleet/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    static struct event one;
    static struct event two;
    if (value_parse(&content, span_of(data, size), 64 * 1024, NULL) != OK ||
        event_parse(&one, content, NULL) != OK) {
        return 0;
    }
    CLEANUP(value_free_p) struct value *written = event_to_value(&one);
    if (event_parse(&two, written, NULL) != OK) { abort(); }
    return 0;
}
