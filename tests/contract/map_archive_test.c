/*
 * Archives that others wrote, good and bad, and archives that we build from real files.
 */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "map/build.h"
#include "map/verify.h"
#include "system/file.h"

#define MAPS SHARED_DATA "/maps/"

static const struct {
    const char *name, *reason; /* NULL: valid */
} archives[] = {
    {"go-pmtiles/test_fixture_1.pmtiles", NULL},
    {"go-pmtiles/unclustered.pmtiles", NULL},
    {"planetiler/box1degree.pmtiles", NULL},
    {"pmtiles-js/test_fixture_1.pmtiles", NULL},
    {"pmtiles-js/test_fixture_2.pmtiles", NULL},
    {"pmtiles-js/empty.pmtiles", "no PMTiles archive"},
    {"pmtiles-js/invalid.pmtiles", "no PMTiles archive"},
    {"pmtiles-js/invalid_v4.pmtiles", "version 4"},
    {"pmtiles-js/test_fixture_mlt.pmtiles", "no entries"}, /* a header alone */
    {"pmtiles-spec-v3/stamen_toner(raster)CC-BY+ODbL_z3.pmtiles", NULL},
    {"pmtiles-spec-v3/usgs-mt-whitney-8-15-webp-512.pmtiles", NULL},
    {"near-badschandau-z10-11.graphhopper.pmtiles", NULL},
    {"bad-maxzoom-header-11-but-z12-tiles.tippecanoe.pmtiles",
     "max zoom is 11, the last tile is at zoom 12"},
    {"bad-minzoom-header-0-but-first-tile-z2.tippecanoe.pmtiles",
     "min zoom is 0, the first tile is at zoom 2"},
};

static void test_verdicts(void)
{
    for (size_t i = 0; i < ARRAY_LEN(archives); i++) {
        char path[FILE_PATH_SIZE];
        char what[600];
        struct verify_report report;
        struct why why = {0};
        (void)snprintf(path, sizeof path, "%s%s", MAPS "fixtures/", archives[i].name);
        const enum err err = verify_archive(path, &report, &why);
        (void)snprintf(what, sizeof what, "%s: %s", archives[i].name, err ? why.text : "valid");
        const char *reason = archives[i].reason;
        check_(reason ? err && strstr(why.text, reason) : !err, what, __FILE__, __LINE__);
    }
}

/* Every feature of the real files is in the archive at the last zoom, and the archive is valid. */
static void test_builds(const char *out)
{
    static const struct {
        struct build_source source;
        uint64_t read, features;
    } inputs[] = {
        {{.layer = "wards", .path = MAPS "inputs/kochi_wards.geojsonl"}, 77, 77},
        {{.layer = "stations", .path = MAPS "inputs/india_stations.geojson"}, 8990, 8697},
        {{.layer = "streets", .path = MAPS "inputs/osm_streets.geojsonl"}, 10689, 10689},
        {{.layer = "areas", .path = MAPS "inputs/osm_areas.geojsonl"}, 16986, 16986},
    };
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        const struct build_options options = {.sources = &inputs[i].source,
                                              .source_count = 1,
                                              .out = out,
                                              .zoom_max = 14,
                                              .memory_bytes = 64 << 20,
                                              .tile_size_max = BUILD_TILE_SIZE_MAX,
                                              .threads = 2,
                                              .level = 6,
                                              .tolerance = 1.5};
        struct build_report report = {0};
        struct verify_report verified;
        struct why why = {0};
        check_(build_run(&options, &report, &why) == OK, why.text, __FILE__, __LINE__);
        const struct build_layer_report *layer = &report.layers[0];
        CHECK(layer->tally.read == inputs[i].read && layer->tally.taken == inputs[i].features);
        CHECK(layer->zooms[14].present == inputs[i].features);
        build_report_deinit(&report);
        check_(verify_archive(out, &verified, &why) == OK, why.text, __FILE__, __LINE__);
        CHECK(verified.remark_count == 0);
    }
}

int main(void)
{
    if (!file_exists(MAPS "fixtures")) { return CHECK_SKIP_ALL("shared/data/maps is not here"); }
    char folder[] = "/tmp/tocsin-archive-XXXXXX";
    char out[FILE_PATH_SIZE];
    if (!mkdtemp(folder) || file_join(out, folder, "a.pmtiles", NULL)) { return 1; }
    test_verdicts();
    test_builds(out);
    (void)unlink(out);
    (void)rmdir(folder);
    return CHECK_DONE();
}
