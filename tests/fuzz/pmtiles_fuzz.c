/*
 * Any bytes as a header and a directory of PMTiles: what is read is written the same way again.
 */
#include <assert.h>

#include "map/pmtiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pmtiles_header header;
    struct pmtiles_entry *entries = NULL;
    size_t count = 0;
    struct why why = {0};
    if (!pmtiles_header_read(span_of(data, size), &header, &why)) {
        uint8_t again[PMTILES_HEADER_SIZE];
        pmtiles_header_write(&header, again);
        assert(memcmp(again, data, sizeof again) == 0);
    }
    if (!pmtiles_directory_read(span_of(data, size), &entries, &count, &why)) {
        struct bytes out = {0};
        struct pmtiles_entry *read = NULL;
        size_t read_count = 0;
        pmtiles_directory_write(entries, count, &out);
        const enum err err = pmtiles_directory_read(bytes_span(&out), &read, &read_count, &why);
        assert(!err && read_count == count);
        assert(memcmp(read, entries, count * sizeof *read) == 0);
        bytes_deinit(&out);
        free(read);
    }
    free(entries);
    return 0;
}
