/* Areas as somebody may write them into a configuration. */
#include "fleet/area.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_free_p) char *text = mem_text_of((const char *)data, size);
    struct area area;
    if (area_parse(&area, text, NULL)) { return 0; }
    if (area.count < 3 || area.count > AREA_CORNER_MAX) { abort(); }
    CLEANUP(value_free_p) struct value *ring = area_ring(&area);
    if (value_count(ring) != area.count + 1) { abort(); }
    return 0;
}
