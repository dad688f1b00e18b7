/*
 * Any bytes as a vector tile: judged within their own size.
 */
#include "map/mvt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mvt_summary summary = {0};
    struct why why = {0};
    (void)!mvt_check(span_of(data, size), NULL, &summary, &why);
    return 0;
}
