#include "map/verify.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "geodata/deflate.h"
#include "map/pmtiles_write.h"
#include "system/file.h"

/* A tile with one point in a layer "a". */
static const uint8_t tile[] = {0x1a, 0x10, 0x0a, 1,    'a',  0x12, 0x07, 0x18, 1,
                               0x22, 3,    9,    0x32, 0x22, 0x28, 1,    0x78, 2};

static char path[FILE_PATH_SIZE];
static struct text archive;

static void make_archive(void)
{
    CLEANUP(deflater_free_p) struct deflater *deflater = deflater_new(6);
    CLEANUP(pmtiles_writer_free_p) struct pmtiles_writer *writer = NULL;
    struct bytes packed = {0};
    struct bytes other = {0};
    const struct pmtiles_header about = {.type = PMTILES_TYPE_MVT};
    deflate_gzip(deflater, span_of(tile, sizeof tile), &packed);
    deflate_gzip(deflater, span_of(NULL, 0), &other);
    CHECK(pmtiles_writer_open(&writer, path, NULL) == OK);
    CHECK(pmtiles_writer_add(writer, 1, bytes_span(&packed), NULL) == OK);
    CHECK(pmtiles_writer_add(writer, 2, bytes_span(&other), NULL) == OK);
    CHECK(pmtiles_writer_add(writer, 3, bytes_span(&packed), NULL) == OK);
    CHECK(pmtiles_writer_finish(writer, &about, span_text("{\"vector_layers\":[]}"), NULL) == OK);
    bytes_deinit(&packed);
    bytes_deinit(&other);
    archive = text_limited(1 << 20);
    CHECK(file_read(&archive, path, NULL) == OK);
}

/* Changes a byte, asks for the verdict, changes it back. */
static void refuses(size_t at, uint8_t byte, const char *reason)
{
    struct verify_report report;
    struct why why = {0};
    const char held = archive.data[at];
    archive.data[at] = (char)byte;
    CHECK(file_write(path, text_span(&archive), 0600, NULL) == OK);
    check_(verify_archive(path, &report, &why) == ERR_MALFORMED && strstr(why.text, reason),
           *why.text ? why.text : reason, __FILE__, __LINE__);
    archive.data[at] = held;
}

static void test_faults(void)
{
    struct verify_report report;
    struct why why = {0};
    check_(verify_archive(path, &report, &why) == OK, why.text, __FILE__, __LINE__);
    CHECK(report.addressed == 3 && report.contents == 2 && report.remark_count == 0);
    CHECK(report.tiles.features == 1 && report.tiles.points == 1);
    refuses(100, 0, "min zoom is 0, the first tile is at zoom 1");
    refuses(101, 9, "max zoom is 9, the last tile is at zoom 1");
    refuses(72, 9, "9 addressed tiles, the directories have 3");
    refuses(80, 9, "9 tile entries");
    refuses(88, 9, "9 tile contents");
    refuses(59, 1, "beyond the end"); /* tiles: far away */
    refuses(24, 127, "overlap");      /* metadata: in the root directory */
    refuses(99, 2, "not of the type");
    CHECK(verify_archive("/nowhere", &report, &why) == ERR_NOT_FOUND);
}

/* Cut short or damaged anywhere, it is refused or still whole: never more than that. */
static void test_damage(void)
{
    struct verify_report report;
    bool refused = true;
    for (size_t size = 0; size < archive.size; size += 7) {
        CHECK(file_write(path, span_of(archive.data, size), 0600, NULL) == OK);
        refused = refused && verify_archive(path, &report, NULL) != OK;
    }
    CHECK(refused);
    for (size_t at = 0; at < archive.size; at++) {
        archive.data[at] = (char)(archive.data[at] ^ 0x41);
        CHECK(file_write(path, text_span(&archive), 0600, NULL) == OK);
        const enum err err = verify_archive(path, &report, NULL);
        (void)err; /* a changed bound or center may be as good as before */
        archive.data[at] = (char)(archive.data[at] ^ 0x41);
    }
}

int main(void)
{
    char folder[] = "/tmp/tocsin-verify-XXXXXX";
    if (!mkdtemp(folder) || file_join(path, folder, "a.pmtiles", NULL)) { return 1; }
    make_archive();
    test_faults();
    test_damage();
    text_deinit(&archive);
    (void)unlink(path);
    (void)rmdir(folder);
    return CHECK_DONE();
}
