#include "map/assemble.h"

#include "check.h"
#include "geodata/deflate.h"
#include "map/mvt.h"
#include "map/tiler.h"
#include "unit/map/shapes.h"

enum { FEATURES = 3000 };

/* A spool of one layer of points and one of two points only, and a job with all of them. */
static struct tile_job *make_job(struct spool *spool, const struct map_layer *layers)
{
    struct tile_job *job = MEM_NEW(struct tile_job);
    struct bytes record = {0};
    uint64_t offset = 0;
    for (uint32_t i = 0; i < FEATURES; i++) {
        const uint16_t layer = i < FEATURES - 2 ? 0 : 1;
        struct schema schema = layers[layer].schema;
        struct feature feature = {.schema = &schema, .has_id = true, .id = i * 7919};
        feature.shape.kind = SHAPE_KIND_POINT;
        SHAPES_PART(&feature.shape, false, i, i);
        (void)spool_encode(&feature, layer, &record);
        CHECK(spool_append(spool, bytes_span(&record), FEATURES - i, NULL) == OK);
        const struct tile_record part = {
            .offset = offset, .ordinal = i, .layer = layer, .geometry = span_of("\x09\x32\x22", 3)};
        tile_job_add(job, &part);
        offset += record.size;
        feature_deinit(&feature);
    }
    CHECK(spool_finish(spool, NULL) == OK);
    bytes_deinit(&record);
    return job;
}

static uint64_t features_in(const struct tile_job *job)
{
    CLEANUP(inflater_free_p) struct inflater *inflater = inflater_new();
    struct bytes plain = {0};
    struct mvt_summary summary = {0};
    CHECK(inflate_gzip(inflater, bytes_span(&job->packed), 1 << 24, &plain, NULL) == OK);
    CHECK(mvt_check(bytes_span(&plain), NULL, &summary, NULL) == OK);
    bytes_deinit(&plain);
    return summary.features;
}

int main(void)
{
    const struct map_layer layers[] = {{.name = mem_text("many")}, {.name = mem_text("few")}};
    CLEANUP(spool_free_p) struct spool *spool = NULL;
    CHECK(spool_new(&spool, "/tmp", NULL) == OK);
    struct tile_job *job = make_job(spool, layers);
    struct assembly assembly = {.spool = spool, .layers = layers, .level = 6};
    CLEANUP(assembler_free_p) struct assembler *assembler = assembler_new(&assembly);
    assemble_tile(assembler, job);
    CHECK(!job->kept && features_in(job) == FEATURES);
    const size_t whole = job->packed.size;

    assembly.tile_size_max = whole / 3;
    assemble_tile(assembler, job);
    CHECK(job->kept && job->packed.size <= whole / 3 && job->packed.size > whole / 5);
    const uint64_t left = features_in(job);
    CHECK(left > FEATURES / 6 && left < FEATURES);
    uint64_t kept = 0;
    for (size_t i = 0; i < FEATURES; i++) {
        kept += job->kept[i];
    }
    CHECK(kept == left);
    CHECK(job->kept[FEATURES - 1] && job->kept[FEATURES - 2]); /* the small layer keeps all */
    CHECK(job->kept[FEATURES - 3] && !job->kept[0]);           /* the smaller priority stays */

    job->last_zoom = true; /* there, nothing is left out, however large the tile becomes */
    free(job->kept);
    job->kept = NULL;
    assemble_tile(assembler, job);
    CHECK(!job->kept && job->packed.size == whole);
    tile_job_free(job);
    free(layers[0].name);
    free(layers[1].name);
    return CHECK_DONE();
}
