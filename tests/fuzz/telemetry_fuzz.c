/* What telemetry_parse accepts, it can write and read again. */
#include "fleet/telemetry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    static struct telemetry one;
    static struct telemetry two;
    if (value_parse(&content, span_of(data, size), 64 * 1024, NULL) != OK ||
        telemetry_parse(&one, content, NULL) != OK) {
        return 0;
    }
    CLEANUP(value_free_p) struct value *written = telemetry_to_value(&one);
    if (telemetry_parse(&two, written, NULL) != OK) { abort(); }
    return 0;
}
