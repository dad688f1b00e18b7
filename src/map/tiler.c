#include "map/tiler.h"

#include <assert.h>

#include "system/queue.h"
#include "system/worker.h"

enum { THREADS_MAX = 64, UNDER_WAY_MAX = 256 };

struct tiler {
    const struct assembly *assembly;
    struct queue *work, *done;
    struct worker *workers[THREADS_MAX];
    int threads;
    struct tile_job *ring[UNDER_WAY_MAX]; /* in the order of their ids */
    size_t first, count;
    size_t bytes, bytes_max; /* of records under way */
    struct pmtiles_writer *writer;
    struct tiler_listener listener;
};

static void drop_job(void *item)
{
    tile_job_free(item);
}

static void work(void *context)
{
    struct tiler *tiler = context;
    CLEANUP(assembler_free_p) struct assembler *assembler = assembler_new(tiler->assembly);
    struct tile_job *job = NULL;
    while ((job = queue_pop(tiler->work, -1))) {
        assemble_tile(assembler, job);
        const enum err err = queue_push(tiler->done, job);
        assert(!err); /* it has room for all that are under way */
        (void)err;
    }
}

enum err tiler_new(struct tiler **out, const struct assembly *assembly, int threads,
                   size_t memory_bytes, struct why *why)
{
    CLEANUP(tiler_free_p) struct tiler *tiler = MEM_NEW(struct tiler);
    tiler->assembly = assembly;
    tiler->bytes_max = memory_bytes;
    tiler->work = queue_new(UNDER_WAY_MAX, NULL);
    tiler->done = queue_new(UNDER_WAY_MAX, NULL);
    for (int i = 0; i < threads && i < THREADS_MAX; i++) {
        const enum err err = worker_start(&tiler->workers[i], "map-tile", work, tiler, why);
        if (err) { return err; }
        tiler->threads++;
    }
    *out = TAKE(tiler);
    return OK;
}

void tiler_free(struct tiler *tiler)
{
    if (!tiler) { return; }
    queue_close(tiler->work);
    for (int i = 0; i < tiler->threads; i++) {
        worker_join(tiler->workers[i]);
    }
    queue_free(tiler->work);
    queue_free(tiler->done);
    for (size_t i = 0; i < tiler->count; i++) {
        drop_job(tiler->ring[(tiler->first + i) % UNDER_WAY_MAX]);
    }
    free(tiler);
}

void tiler_write_to(struct tiler *tiler, struct pmtiles_writer *writer,
                    struct tiler_listener listener)
{
    tiler->writer = writer;
    tiler->listener = listener;
}

/* Writes the finished jobs at the front of the ring. */
static enum err commit(struct tiler *tiler, struct why *why)
{
    while (tiler->count > 0 && tiler->ring[tiler->first]->finished) {
        struct tile_job *job = tiler->ring[tiler->first];
        tiler->first = (tiler->first + 1) % UNDER_WAY_MAX;
        tiler->count--;
        tiler->bytes -= job->records.size;
        const enum err err =
            pmtiles_writer_add(tiler->writer, tile_id(job->tile), bytes_span(&job->packed), why);
        if (!err) { tiler->listener.written(tiler->listener.context, job); }
        tile_job_free(job);
        if (err) { return err; }
    }
    return OK;
}

static enum err wait_for_one(struct tiler *tiler, struct why *why)
{
    struct tile_job *job = queue_pop(tiler->done, -1);
    assert(job); /* nobody closes this queue */
    job->finished = true;
    return commit(tiler, why);
}

enum err tiler_submit(struct tiler *tiler, struct tile_job *job, struct why *why)
{
    while (tiler->count == UNDER_WAY_MAX ||
           (tiler->count > 0 && tiler->bytes + job->records.size > tiler->bytes_max)) {
        const enum err err = wait_for_one(tiler, why);
        if (err) {
            tile_job_free(job);
            return err;
        }
    }
    tiler->ring[(tiler->first + tiler->count++) % UNDER_WAY_MAX] = job;
    tiler->bytes += job->records.size;
    const enum err err = queue_push(tiler->work, job);
    assert(!err); /* the ring is not larger than the queue */
    return err;
}

enum err tiler_drain(struct tiler *tiler, struct why *why)
{
    enum err err = OK;
    while (tiler->count > 0 && !err) {
        err = wait_for_one(tiler, why);
    }
    return err;
}
