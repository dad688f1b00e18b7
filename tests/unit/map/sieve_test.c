#include "map/sieve.h"

#include "check.h"
#include "unit/map/shapes.h"

enum { FEATURES = 5000, MOST = 1000 };

static uint32_t priorities[FEATURES];
static uint64_t offsets[FEATURES];

static uint16_t layer_of(uint32_t number)
{
    return number < 4000 ? 0 : number < 4900 ? 1 : 2;
}

/* 4000 in a layer with mixed priorities, 900 of one priority, 100 that all stay. */
static void fill(struct spool *spool)
{
    struct bytes record = {0};
    uint64_t offset = 0;
    for (uint32_t i = 0; i < FEATURES; i++) {
        struct schema schema = {0};
        struct feature feature = {.schema = &schema};
        feature.shape.kind = SHAPE_KIND_POINT;
        SHAPES_PART(&feature.shape, false, i, i);
        (void)spool_encode(&feature, layer_of(i), &record);
        priorities[i] = layer_of(i) == 0 ? i * UINT32_C(2654435761) : 7;
        CHECK(spool_append(spool, bytes_span(&record), priorities[i], NULL) == OK);
        offsets[i] = offset;
        offset += record.size;
        feature_deinit(&feature);
    }
    CHECK(spool_finish(spool, NULL) == OK);
    bytes_deinit(&record);
}

static struct tile_job *sift(struct sieve *sieve, bool last_zoom)
{
    struct tile_job *job = MEM_NEW(struct tile_job);
    job->last_zoom = last_zoom;
    sieve_begin(sieve);
    size_t most = 0;
    for (uint32_t i = 0; i < FEATURES; i++) {
        const struct tile_record record = {
            .offset = offsets[i], .ordinal = i, .layer = layer_of(i), .geometry = span_text("xyz")};
        sieve_add(sieve, job, &record);
        most = job->count > most ? job->count : most;
    }
    CHECK(last_zoom ? most == FEATURES : most <= MOST);
    return job;
}

/* Of the mixed layer, all up to one priority; of the others, as said. */
static void judge(const struct tile_job *job)
{
    static bool kept[FEATURES];
    struct tile_cursor cursor = {.at = job->records.data};
    size_t counts[3] = {0};
    bool changed = false;
    for (size_t i = 0; i < job->count; i++) {
        tile_cursor_next(&cursor);
        kept[cursor.record.ordinal] = true;
        counts[cursor.record.layer]++;
        changed = changed || cursor.record.offset != offsets[cursor.record.ordinal] ||
                  !span_equal(cursor.record.geometry, span_text("xyz"));
    }
    CHECK(!changed);
    uint32_t last = 0;
    uint32_t first = UINT32_MAX;
    for (size_t i = 0; i < 4000; i++) {
        if (kept[i] && priorities[i] > last) { last = priorities[i]; }
        if (!kept[i] && priorities[i] < first) { first = priorities[i]; }
    }
    CHECK(last < first);
    CHECK(counts[0] >= MOST / 8 && counts[1] >= MOST / 8 && counts[1] < 900 && counts[2] == 100);
    printf("# %zu %zu %zu\n", counts[0], counts[1], counts[2]);
}

int main(void)
{
    CLEANUP(spool_free_p) struct spool *spool = NULL;
    CHECK(spool_new(&spool, "/tmp", NULL) == OK);
    fill(spool);
    const struct map_layer layers[3] = {[2] = {.keep_all = true}};
    struct assembly assembly = {.spool = spool, .layers = layers, .tile_size_max = 1};
    CLEANUP(sieve_free_p) struct sieve *sieve = sieve_new(&assembly, MOST);
    struct tile_job *job = sift(sieve, false);
    CHECK(job->sieved);
    judge(job);
    struct tile_job *again = sift(sieve, false); /* nothing is left over from the tile before */
    CHECK(again->count == job->count &&
          span_equal(bytes_span(&again->records), bytes_span(&job->records)));
    tile_job_free(again);
    tile_job_free(job);
    job = sift(sieve, true);
    CHECK(!job->sieved && job->count == FEATURES);
    tile_job_free(job);
    return CHECK_DONE();
}
