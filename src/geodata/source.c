#include "geodata/source.h"

#include <string.h>

#include "geodata/csv.h"
#include "geodata/geojson.h"

/* The first byte that means something. Text of GeoJSON begins with a brace, CSV with a name. */
static uint8_t first_letter(const struct input *input)
{
    const struct span rest = input_rest(input);
    for (size_t i = 0; i < rest.size; i++) {
        const uint8_t letter = rest.data[i];
        const bool mark = i < 3 && (letter == 0xef || letter == 0xbb || letter == 0xbf);
        if (!mark && letter > ' ') { return letter; }
    }
    return 0;
}

enum err source_read(const char *path, struct reading *reading, struct why *why)
{
    struct input input = {.fd = -1};
    enum err err = input_open(&input, path, why);
    if (!err) { err = input_more(&input, why); }
    if (!err) {
        const uint8_t letter = first_letter(&input);
        err = letter == '{' || letter == '[' || letter == 0 ? geojson_read(&input, reading, why)
                                                            : csv_read(&input, reading, why);
    }
    input_close(&input);
    return err;
}
