#include "map/tiler.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "map/pmtiles_read.h"
#include "system/file.h"
#include "unit/map/shapes.h"

enum { TILES = 2000 };

struct order {
    uint64_t count;
    bool good;
};

static void written(void *context, const struct tile_job *job)
{
    struct order *order = context;
    order->good = order->good && tile_id(job->tile) == order->count;
    order->count++;
}

static struct tile_job *make_job(uint64_t id)
{
    struct tile_job *job = MEM_NEW(struct tile_job);
    job->tile = tile_of_id(id);
    const size_t count = 1 + id * 31 % 50; /* some take longer than others */
    const struct tile_record record = {.geometry = span_of("\x09\x32\x22", 3)};
    for (size_t i = 0; i < count; i++) {
        tile_job_add(job, &record);
    }
    return job;
}

/* More tiles than may be under way, on several threads: written in order, all of them. */
static void run(const char *path, const struct assembly *assembly, int threads)
{
    CLEANUP(pmtiles_writer_free_p) struct pmtiles_writer *writer = NULL;
    struct tiler *tiler = NULL;
    struct order order = {.good = true};
    CHECK(pmtiles_writer_open(&writer, path, NULL) == OK);
    CHECK(tiler_new(&tiler, assembly, threads, 5000, NULL) == OK);
    tiler_write_to(tiler, writer, (struct tiler_listener){written, &order});
    bool good = true;
    for (uint64_t id = 0; id < TILES; id++) {
        good = good && tiler_submit(tiler, make_job(id), NULL) == OK;
    }
    CHECK(good && tiler_drain(tiler, NULL) == OK);
    CHECK(order.good && order.count == TILES);
    CHECK(pmtiles_writer_count(writer).addressed == TILES);
    CHECK(pmtiles_writer_count(writer).contents == 50);
    tiler_free(tiler);
}

int main(void)
{
    char folder[] = "/tmp/tocsin-tiler-XXXXXX";
    char path[FILE_PATH_SIZE];
    if (!mkdtemp(folder) || file_join(path, folder, "a.pmtiles", NULL)) { return 1; }
    const struct map_layer layer = {.name = mem_text("layer")};
    CLEANUP(spool_free_p) struct spool *spool = NULL;
    struct feature feature = {0};
    struct bytes record = {0};
    feature.shape.kind = SHAPE_KIND_POINT;
    SHAPES_PART(&feature.shape, false, 1, 1);
    (void)spool_encode(&feature, 0, &record);
    CHECK(spool_new(&spool, "/tmp", NULL) == OK);
    CHECK(spool_append(spool, bytes_span(&record), 0, NULL) == OK);
    CHECK(spool_finish(spool, NULL) == OK);
    const struct assembly assembly = {.spool = spool, .layers = &layer, .level = 6};
    run(path, &assembly, 1);
    run(path, &assembly, 4);
    CLEANUP(pmtiles_writer_free_p) struct pmtiles_writer *writer = NULL;
    struct tiler *tiler = NULL; /* given up with tiles under way */
    CHECK(pmtiles_writer_open(&writer, path, NULL) == OK);
    CHECK(tiler_new(&tiler, &assembly, 2, 1 << 20, NULL) == OK);
    tiler_write_to(tiler, writer, (struct tiler_listener){written, &(struct order){0}});
    for (uint64_t id = 0; id < 100; id++) {
        CHECK(tiler_submit(tiler, make_job(id), NULL) == OK);
    }
    tiler_free(tiler);
    feature_deinit(&feature);
    bytes_deinit(&record);
    free(layer.name);
    (void)unlink(path);
    (void)rmdir(folder);
    return CHECK_DONE();
}
