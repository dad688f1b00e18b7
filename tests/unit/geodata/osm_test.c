#include "geodata/osm.h"

#include "check.h"
#include "unit/geodata/osm_bytes.h"

struct seen {
    int points, lines, polygons, holes;
    uint64_t ids;
    size_t attributes;
};

static enum err look(void *context, struct feature *feature, struct why *why)
{
    struct seen *seen = context;
    (void)why;
    seen->points += feature->shape.kind == SHAPE_KIND_POINT;
    seen->lines += feature->shape.kind == SHAPE_KIND_LINE;
    seen->polygons += feature->shape.kind == SHAPE_KIND_POLYGON;
    seen->holes += feature->shape.part_count == 2 && feature->shape.parts[1].hole;
    seen->ids += feature->id;
    seen->attributes += feature->attribute_count;
    return OK;
}

static enum err read(struct span bytes, struct seen *seen, struct feature_tally *tally,
                     struct why *why)
{
    struct schema schema = {0};
    struct input input = input_over(bytes, "dir/town.osm.pbf");
    struct reading reading = {.schema = &schema, .taker = {look, seen}};
    *seen = (struct seen){0};
    const enum err err = osm_read(&input, &reading, why);
    *tally = reading.tally;
    schema_deinit(&schema);
    return err;
}

enum { EMPTY, NAME, VALUE, HIGHWAY, BUILDING, TYPE, MULTIPOLYGON, OUTER, INNER, AREA, YES };
static const char *const strings[] = {"",         "name", "A\xff",        "highway",
                                      "building", "type", "multipolygon", "outer",
                                      "inner",    "area", "yes"};

static void header(struct bytes *file, const char *feature)
{
    struct bytes block = {0};
    osm_text(&block, 4, "OsmSchema-V0.6");
    osm_text(&block, 4, feature);
    osm_file_block(file, "OSMHeader", &block);
    bytes_deinit(&block);
}

/* Eight nodes, two squares one in the other; the first node has a name. */
static void nodes(struct bytes *block)
{
    struct bytes object = {0};
    struct bytes group = {0};
    OSM_ROW(&object, 1, true, 1, 2, 3, 4, 5, 6, 7, 8);
    OSM_ROW(&object, 8, true, 0, 0, 90000, 90000, 30000, 30000, 60000, 60000);
    OSM_ROW(&object, 9, true, 0, 90000, 90000, 0, 30000, 60000, 60000, 30000);
    OSM_ROW(&object, 10, false, NAME, VALUE, 0, 0, 0, 0, 0, 0, 0, 0);
    osm_message(&group, 2, &object);
    osm_message(block, 2, &group);
    bytes_deinit(&object);
    bytes_deinit(&group);
}

static void way(struct bytes *group, int64_t id, int64_t key, const int64_t *refs, size_t count)
{
    struct bytes object = {0};
    osm_number(&object, 1, (uint64_t)id);
    if (key) {
        OSM_ROW(&object, 2, false, key);
        OSM_ROW(&object, 3, false, YES);
    }
    osm_row(&object, 8, refs, count, true);
    osm_message(group, 3, &object);
    bytes_deinit(&object);
}

static void relation(struct bytes *group, int64_t id, int64_t first, int64_t second)
{
    struct bytes object = {0};
    osm_number(&object, 1, (uint64_t)id);
    OSM_ROW(&object, 2, false, TYPE, BUILDING);
    OSM_ROW(&object, 3, false, MULTIPOLYGON, YES);
    OSM_ROW(&object, 8, false, OUTER, INNER);
    OSM_ROW(&object, 9, true, first, second);
    OSM_ROW(&object, 10, false, 1, 1);
    osm_message(group, 4, &object);
    bytes_deinit(&object);
}

static void town(struct bytes *file)
{
    static const int64_t outer[] = {1, 2, 3, 4, 1};
    static const int64_t inner[] = {5, 6, 7, 8, 5};
    static const int64_t broken[] = {1, 2, 99};
    struct bytes block = {0};
    struct bytes group = {0};
    header(file, "DenseNodes");
    osm_strings(&block, strings, ARRAY_LEN(strings));
    nodes(&block);
    osm_file_block(file, "OSMData", &block);
    osm_strings(&block, strings, ARRAY_LEN(strings));
    way(&group, 1, 0, outer, 5);
    way(&group, 2, 0, inner, 5);
    way(&group, 3, HIGHWAY, outer, 5);  /* closed, and yet a line */
    way(&group, 4, BUILDING, inner, 5); /* closed, and an area */
    way(&group, 5, HIGHWAY, broken, 3); /* leads out of the file */
    way(&group, 6, AREA, outer, 5);
    osm_message(&block, 2, &group);
    relation(&group, 1, 1, 2);
    relation(&group, 2, 1, 77);
    osm_message(&block, 2, &group);
    osm_file_block(file, "OSMData", &block);
    osm_text(&block, 1, "whatever");
    osm_file_block(file, "Unknown", &block);
    bytes_deinit(&block);
    bytes_deinit(&group);
}

static void test_features(void)
{
    struct bytes file = {0};
    struct seen seen;
    struct feature_tally tally;
    struct why why = {0};
    town(&file);
    CHECK(osm_is(bytes_span(&file)) && !osm_is(span_text("{\"type\"")));
    check_(read(bytes_span(&file), &seen, &tally, &why) == OK, why.text, __FILE__, __LINE__);
    CHECK(seen.points == 1 && seen.lines == 1 && seen.polygons == 3 && seen.holes == 1);
    CHECK(tally.read == 7 && tally.taken == 5 && tally.incomplete == 2);
    CHECK(seen.ids == 11 + 32 + 42 + 62 + 13 && seen.attributes == 6);
    /* Cut anywhere but between two blocks, it is refused. */
    int whole = 0;
    for (size_t size = 0; size < file.size; size++) {
        const enum err err = read(span_of(file.data, size), &seen, &tally, &why);
        whole += err == OK;
        if (err && err != ERR_MALFORMED) { whole += 100; }
    }
    CHECK(whole == 3);
    bytes_deinit(&file);
}

static void test_refusals(void)
{
    static const char *const reasons[] = {"HistoricalInformation",     "header is expected first",
                                          "header is expected first",  "run osmium sort",
                                          "another method than zlib",  "more than 32 MiB",
                                          "compressed data is damaged"};
    for (size_t fault = 0; fault < ARRAY_LEN(reasons); fault++) {
        struct bytes file = {0};
        struct bytes block = {0};
        struct seen seen;
        struct feature_tally tally;
        struct why why = {0};
        if (fault != 1) { header(&file, fault == 0 ? "HistoricalInformation" : "DenseNodes"); }
        if (fault == 2) { header(&file, "DenseNodes"); }
        osm_strings(&block, strings, ARRAY_LEN(strings));
        nodes(&block);
        if (fault == 3) { nodes(&block); }
        osm_file_block(&file, "OSMData", &block);
        if (fault >= 4) { /* a blob that says more than it is */
            struct bytes head = {0};
            if (fault == 4) { osm_text(&block, 7, "zstd"); }
            if (fault == 5) { osm_number(&block, 2, (uint64_t)33 << 20); }
            if (fault == 6) { osm_number(&block, 2, 100); }
            if (fault >= 5) { osm_text(&block, 3, "no zlib"); }
            osm_text(&head, 1, "OSMData");
            osm_number(&head, 3, block.size);
            const uint8_t length[4] = {0, 0, 0, (uint8_t)head.size};
            bytes_add(&file, length, sizeof length);
            bytes_add(&file, head.data, head.size);
            bytes_add(&file, block.data, block.size);
            bytes_deinit(&head);
        }
        CHECK(read(bytes_span(&file), &seen, &tally, &why) != OK);
        check_(strstr(why.text, reasons[fault]) && strstr(why.text, "town.osm.pbf: block at"),
               why.text, __FILE__, __LINE__);
        bytes_deinit(&file);
        bytes_deinit(&block);
    }
}

int main(void)
{
    test_features();
    test_refusals();
    return CHECK_DONE();
}
