/*
 * Any bytes as a line of a GNSS receiver: a position that is read is one on the earth.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/physical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = mem_text_of((const char *)data, size);
    struct position position = {0};
    if (position_read_nmea(&position, line)) {
        assert(position.latitude >= -90 && position.latitude <= 90);
        assert(position.longitude >= -180 && position.longitude <= 180);
    }
    free(line);
    return 0;
}
