#include "map/pmtiles.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "map/pmtiles_read.h"
#include "map/pmtiles_write.h"
#include "map/tile.h"
#include "system/file.h"

static void test_header(void)
{
    struct pmtiles_header header = {.root = {127, 20},
                                    .metadata = {147, 30},
                                    .tiles = {177, 1000},
                                    .addressed = 5,
                                    .clustered = true,
                                    .internal = PMTILES_COMPRESSION_GZIP,
                                    .tile = PMTILES_COMPRESSION_GZIP,
                                    .type = PMTILES_TYPE_MVT,
                                    .zoom_max = 14,
                                    .west = -1800000000,
                                    .east = 1800000000,
                                    .south = -850000000,
                                    .north = 850000000};
    uint8_t bytes[PMTILES_HEADER_SIZE] = {0};
    struct pmtiles_header again;
    const struct span all = span_of(bytes, sizeof bytes);
    pmtiles_header_write(&header, bytes);
    CHECK(memcmp(bytes, "PMTiles\x03", 8) == 0);
    CHECK(pmtiles_header_read(all, &again, NULL) == OK);
    CHECK(again.west == header.west && again.tiles.size == 1000 && again.clustered);
    CHECK(pmtiles_header_read(span_of(bytes, 126), &again, NULL) == ERR_MALFORMED);
    const struct {
        size_t at;
        uint8_t byte;
    } faults[] = {{7, 4}, {0, 'Q'}, {96, 2}, {97, 5}, {100, 15}, {101, 40}, {8, 0}, {21, 1}};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        const uint8_t held = bytes[faults[i].at];
        bytes[faults[i].at] = faults[i].byte;
        CHECK(pmtiles_header_read(all, &again, NULL) == ERR_MALFORMED);
        bytes[faults[i].at] = held;
    }
}

static void test_directory(void)
{
    const struct pmtiles_entry entries[] = {{0, 0, 10, 1}, {1, 10, 5, 3}, {7, 0, 10, 1}};
    struct bytes bytes = {0};
    struct pmtiles_entry *again = NULL;
    size_t count = 0;
    pmtiles_directory_write(entries, 3, &bytes);
    CHECK(pmtiles_directory_read(bytes_span(&bytes), &again, &count, NULL) == OK && count == 3);
    CHECK(again[1].offset == 10 && again[1].run == 3 && again[2].tile_id == 7 &&
          again[2].offset == 0);
    free(again);
    for (size_t size = 0; size < bytes.size; size++) {
        CHECK(pmtiles_directory_read(span_of(bytes.data, size), &again, &count, NULL) ==
              ERR_MALFORMED);
    }
    const struct pmtiles_entry bad[][2] = {{{0, 0, 10, 4}, {3, 10, 5, 1}},  /* overlap */
                                           {{5, 0, 10, 1}, {5, 10, 5, 1}},  /* not in order */
                                           {{0, 0, 10, 1}, {1, 10, 0, 1}}}; /* no bytes */
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bytes.size = 0;
        pmtiles_directory_write(bad[i], 2, &bytes);
        CHECK(pmtiles_directory_read(bytes_span(&bytes), &again, &count, NULL) == ERR_MALFORMED);
    }
    CHECK(pmtiles_directory_read(span_of("\0", 1), &again, &count, NULL) == ERR_MALFORMED);
    CHECK(pmtiles_directory_read(span_of("\xff\xff\xff\x7f", 4), &again, &count, NULL) ==
          ERR_MALFORMED);
    bytes_deinit(&bytes);
}

/* Writes `count` tiles, of which every third is the same as the one before. */
static enum err write_archive(const char *path, uint64_t count, struct why *why)
{
    CLEANUP(pmtiles_writer_free_p) struct pmtiles_writer *writer = NULL;
    const struct pmtiles_header about = {.type = PMTILES_TYPE_UNKNOWN, .zoom_center = 30};
    enum err err = pmtiles_writer_open(&writer, path, why);
    for (uint64_t i = 0; i < count && !err; i++) {
        uint32_t content[8] = {0};
        content[0] = (uint32_t)(i % 3 == 2 ? i - 1 : i);
        err = pmtiles_writer_add(writer, i, span_of(content, sizeof content), why);
    }
    return err ? err : pmtiles_writer_finish(writer, &about, span_text("{}"), why);
}

static void check_archive(const char *path, uint64_t count)
{
    CLEANUP(pmtiles_reader_free_p) struct pmtiles_reader *reader = NULL;
    CHECK(pmtiles_reader_open(&reader, path, NULL) == OK);
    const struct pmtiles_header *header = pmtiles_reader_header(reader);
    CHECK(header->addressed == count && header->clustered && header->zoom_min == 0);
    CHECK(header->contents == count - count / 3);
    CHECK(header->zoom_max == tile_of_id(count - 1).zoom &&
          header->zoom_center == header->zoom_max);
    CHECK(header->west < header->east); /* widened */
    CHECK((header->leaves.size > 0) == (count > 20000));
    struct bytes bytes = {0};
    CHECK(pmtiles_reader_metadata(reader, &bytes, NULL) == OK);
    CHECK(span_equal(bytes_span(&bytes), span_text("{}")));
    bool found = true;
    for (uint64_t i = 0; i < count; i += 1 + count / 50) {
        struct pmtiles_entry entry;
        uint32_t number = 0;
        found = found && pmtiles_reader_find(reader, i, &entry, NULL) == OK;
        found = found && pmtiles_reader_stored(reader, &entry, &bytes, NULL) == OK;
        if (!found) { break; }
        memcpy(&number, bytes.data, sizeof number);
        found = number == (i % 3 == 2 ? i - 1 : i);
    }
    CHECK(found);
    struct pmtiles_entry entry;
    CHECK(pmtiles_reader_find(reader, count, &entry, NULL) == ERR_NOT_FOUND);
    CHECK(pmtiles_reader_find(reader, count * 1000, &entry, NULL) == ERR_NOT_FOUND);
    bytes_deinit(&bytes);
}

static void test_archives(const char *folder)
{
    static const uint64_t counts[] = {1, 100, 200000};
    char path[FILE_PATH_SIZE];
    CHECK(file_join(path, folder, "a.pmtiles", NULL) == OK);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        CHECK(write_archive(path, counts[i], NULL) == OK);
        check_archive(path, counts[i]);
    }
    struct text first = text_limited((size_t)1 << 30);
    struct text second = text_limited((size_t)1 << 30);
    CHECK(file_read(&first, path, NULL) == OK && write_archive(path, 200000, NULL) == OK);
    CHECK(file_read(&second, path, NULL) == OK);
    CHECK(span_equal(text_span(&first), text_span(&second))); /* the same bytes */
    text_clear(&second);
    CHECK(write_archive(path, 0, NULL) == ERR_CONFLICT); /* nothing in it: the old one stays */
    CHECK(file_read(&second, path, NULL) == OK);
    CHECK(span_equal(text_span(&first), text_span(&second)));
    text_deinit(&first);
    text_deinit(&second);
    (void)unlink(path);
}

/* Two writers of one archive: the second is refused, and the first is not disturbed. */
static void test_lock(const char *folder)
{
    char path[FILE_PATH_SIZE];
    char part[FILE_PATH_SIZE];
    struct why why = {0};
    CHECK(file_join(path, folder, "b.pmtiles", NULL) == OK);
    CHECK(file_join(part, folder, "b.pmtiles.part", NULL) == OK);
    CHECK(file_write(part, span_text("left over by a killed writer"), 0600, NULL) == OK);
    struct pmtiles_writer *first = NULL;
    CHECK(pmtiles_writer_open(&first, path, NULL) == OK);
    CHECK(write_archive(path, 3, &why) == ERR_CONFLICT);
    CHECK(strstr(why.text, "another program") != NULL);
    CHECK(file_exists(part));
    pmtiles_writer_free(first);
    CHECK(!file_exists(part) && !file_exists(path));
    CHECK(write_archive(path, 3, NULL) == OK && !file_exists(part));
    (void)unlink(path);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-pmtiles-XXXXXX";
    if (!mkdtemp(folder)) { return 1; }
    test_header();
    test_directory();
    test_archives(folder);
    test_lock(folder);
    (void)rmdir(folder);
    return CHECK_DONE();
}
