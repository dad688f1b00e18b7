#include "map/build.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/value.h"
#include "check.h"
#include "map/verify.h"
#include "system/file.h"

static char folder[] = "/tmp/tocsin-build-XXXXXX";

static const char *path_of(char path[static FILE_PATH_SIZE], const char *name)
{
    if (file_join(path, folder, name, NULL)) { abort(); }
    return path;
}

static void put(const char *name, const struct text *text)
{
    char path[FILE_PATH_SIZE];
    CHECK(!text->overflow && file_write(path_of(path, name), text_span(text), 0600, NULL) == OK);
}

/* A town: points on a grid, one of them far away, streets, and two districts with a common border.
 */
static void make_inputs(void)
{
    struct text text = text_limited((size_t)64 << 20);
    for (int i = 0; i < 20000; i++) {
        text_format(&text,
                    "{\"type\":\"Feature\",\"id\":%d,\"properties\":{\"n\":%d,\"kind\":\"k%d\"},"
                    "\"geometry\":{\"type\":\"Point\",\"coordinates\":[%.5f,%.5f]}}\n",
                    i + 1, i, i % 5, 76.2 + (i % 200) * 0.0011, 9.9 + i / 200 * 0.0013);
    }
    put("points.geojsonl", &text);
    text_clear(&text);
    text_add(&text, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (int i = 0; i < 2; i++) {
        text_format(&text,
                    "%s{\"type\":\"Feature\",\"properties\":{\"name\":\"d%d\"},\"geometry\":{"
                    "\"type\":\"Polygon\",\"coordinates\":[[[76.3,9.9],[76.31,9.93],[76.3,9.95],"
                    "[76.3,10.0],[%f,10.0],[%f,9.9],[76.3,9.9]]]}}",
                    i ? "," : "", i, i ? 76.4 : 76.2, i ? 76.4 : 76.2);
    }
    text_add(&text,
             ",{\"type\":\"Feature\",\"properties\":{},\"geometry\":{\"type\":\"Polygon\","
             "\"coordinates\":[[[76.25,9.95],[76.2500001,9.95],[76.25,9.9500001],"
             "[76.25,9.95]]]}},{\"type\":\"Feature\",\"properties\":{},\"geometry\":null}]}");
    put("districts.json", &text);
    text_deinit(&text);
}

static const struct build_source sources[] = {{.layer = "points"}, {.layer = "districts"}};

static enum err build(const char *out, int threads, size_t tile_size, bool keep_all,
                      struct build_report *report)
{
    char paths[2][FILE_PATH_SIZE];
    char out_path[FILE_PATH_SIZE];
    struct build_source both[2] = {sources[0], sources[1]};
    both[0].path = path_of(paths[0], "points.geojsonl");
    both[1].path = path_of(paths[1], "districts.json");
    const struct build_options options = {.sources = both,
                                          .source_count = 2,
                                          .out = path_of(out_path, out),
                                          .zoom_min = 4,
                                          .zoom_max = 14,
                                          .keep_all = keep_all,
                                          .memory_bytes = threads == 1 ? 200000 : 64 << 20,
                                          .tile_size_max = tile_size,
                                          .threads = threads,
                                          .level = 6,
                                          .tolerance = 1};
    struct why why = {0};
    const enum err err = build_run(&options, report, &why);
    check_(err == OK, why.text, __FILE__, __LINE__);
    return err;
}

static void check_report(const struct build_report *report, bool keep_all)
{
    const struct build_layer_report *points = &report->layers[0];
    const struct build_layer_report *districts = &report->layers[1];
    CHECK(report->layer_count == 2 && points->tally.taken == 20000);
    CHECK(districts->tally.read == 4 && districts->tally.no_geometry == 1);
    CHECK(points->zooms[14].present == 20000 && points->zooms[14].thinned == 0);
    CHECK(districts->zooms[14].present == 3 && districts->zooms[14].enlarged == 1);
    CHECK(points->zooms[14].instances >= 20000);
    bool sums = true;
    for (int zoom = 4; zoom <= 14; zoom++) {
        for (size_t i = 0; i < 2; i++) {
            const struct build_count *count = &report->layers[i].zooms[zoom];
            sums = sums && count->present + count->too_small + count->thinned ==
                               report->layers[i].tally.taken;
            sums = sums && (!keep_all || count->present == report->layers[i].tally.taken);
        }
    }
    CHECK(sums);
}

static void check_valid(const char *name, uint64_t features_least)
{
    char path[FILE_PATH_SIZE];
    struct verify_report verified;
    struct why why = {0};
    check_(verify_archive(path_of(path, name), &verified, &why) == OK, why.text, __FILE__,
           __LINE__);
    CHECK(verified.remark_count == 0 && verified.tiles.features >= features_least);
    CHECK(verified.header.zoom_min == 4 && verified.header.zoom_max == 14);
}

/* One thread in little memory, and three in much, write the same bytes. */
static void test_same_bytes(void)
{
    struct build_report report = {0};
    char path[FILE_PATH_SIZE];
    struct text texts[2];
    for (int i = 0; i < 2; i++) {
        texts[i] = text_limited((size_t)64 << 20);
        CHECK(build("a.pmtiles", i == 0 ? 1 : 3, 20000, false, &report) == OK);
        check_report(&report, false);
        build_report_deinit(&report);
        check_valid("a.pmtiles", 20000);
        CHECK(file_read(&texts[i], path_of(path, "a.pmtiles"), NULL) == OK);
    }
    CHECK(span_equal(text_span(&texts[0]), text_span(&texts[1])));
    text_deinit(&texts[0]);
    text_deinit(&texts[1]);
}

static void test_thinning(void)
{
    struct build_report report = {0};
    CHECK(build("a.pmtiles", 2, 20000, false, &report) == OK);
    CHECK(report.zooms[4].thinned_tiles == 1 && report.zooms[4].largest <= 20000);
    CHECK(report.zooms[4].largest > 10000); /* it uses the room that it has */
    CHECK(report.layers[0].zooms[4].thinned > 0 && report.layers[0].zooms[4].present > 100);
    CHECK(report.layers[1].zooms[4].present == 2 && report.layers[1].zooms[4].too_small == 1);
    build_report_deinit(&report);
    CHECK(build("a.pmtiles", 2, 20000, true, &report) == OK);
    check_report(&report, true);
    CHECK(report.zooms[4].thinned_tiles == 0);
    check_valid("a.pmtiles", 11 * 20000);
    struct text text = text_limited(1 << 20);
    struct value *value = NULL;
    build_report_write(&report, &text);
    CHECK(value_parse(&value, text_span(&text), 1 << 20, NULL) == OK);
    CHECK(value_count(value_get(value, "zooms")) == 11);
    CHECK_TEXT(value_text_or(value_get(value_at(value_get(value, "layers"), 1), "name"), ""),
               "districts");
    value_free(value);
    text_deinit(&text);
    build_report_deinit(&report);
}

/* What is wrong is said, and the archive that was there stays as it was. */
static void test_faults(void)
{
    char paths[3][FILE_PATH_SIZE];
    struct text before = text_limited((size_t)64 << 20);
    struct text after = text_limited((size_t)64 << 20);
    struct text bad = text_limited(1000);
    CHECK(file_read(&before, path_of(paths[0], "a.pmtiles"), NULL) == OK);
    text_add(&bad, "{\"type\":\"Point\",\"coordinates\":[1,2]}\n{\"type\":\"Point\",");
    put("bad.geojson", &bad);
    struct build_source one = {.layer = "bad", .path = path_of(paths[1], "bad.geojson")};
    struct build_options options = {.sources = &one,
                                    .source_count = 1,
                                    .out = paths[0],
                                    .zoom_max = 5,
                                    .memory_bytes = 64 << 20,
                                    .threads = 2,
                                    .level = 6,
                                    .tolerance = 1};
    struct build_report report = {0};
    struct why why = {0};
    CHECK(build_run(&options, &report, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "bad.geojson: feature 2") && strstr(why.text, "ends in the middle"));
    build_report_deinit(&report);
    one.path = path_of(paths[2], "absent.geojson");
    CHECK(build_run(&options, &report, &why) == ERR_NOT_FOUND);
    build_report_deinit(&report);
    options.zoom_min = 6;
    CHECK(build_run(&options, &report, &why) == ERR_RANGE);
    CHECK(file_read(&after, paths[0], NULL) == OK);
    CHECK(span_equal(text_span(&before), text_span(&after)));
    CHECK(!file_exists(path_of(paths[2], "a.pmtiles.part")));
    text_deinit(&before);
    text_deinit(&after);
    text_deinit(&bad);
}

int main(void)
{
    static const char *const names[] = {"points.geojsonl", "districts.json", "bad.geojson",
                                        "a.pmtiles"};
    char path[FILE_PATH_SIZE];
    if (!mkdtemp(folder)) { return 1; }
    make_inputs();
    test_same_bytes();
    test_thinning();
    test_faults();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)unlink(path_of(path, names[i]));
    }
    (void)rmdir(folder);
    return CHECK_DONE();
}
