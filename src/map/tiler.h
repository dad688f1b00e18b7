/*
 * map/tiler - makes tiles on several threads and writes them in order.
 *
 * The caller hands in jobs in the order of their ids; threads assemble them; the caller's thread
 * writes them, in order, while it hands in more. What is under way is bounded in number and bytes,
 * so memory is, and the archive does not depend on the number of threads.
 */
#pragma once

#include "map/assemble.h"
#include "map/pmtiles_write.h"

/* Hears of every tile after it was written, on the caller's thread. */
struct tiler_listener {
    void (*written)(void *context, const struct tile_job *job);
    void *context;
};

struct tiler;

MUST_USE enum err tiler_new(struct tiler **out, const struct assembly *assembly, int threads,
                            size_t memory_bytes, struct why *why);

/* Waits for the threads. NULL is allowed. */
void tiler_free(struct tiler *tiler);
CLEANUP_FOR(struct tiler, tiler_free)

void tiler_write_to(struct tiler *tiler, struct pmtiles_writer *writer,
                    struct tiler_listener listener);

/* Takes `job`, also when it fails. */
MUST_USE enum err tiler_submit(struct tiler *tiler, struct tile_job *job, struct why *why);

/* Waits until all jobs are written. */
MUST_USE enum err tiler_drain(struct tiler *tiler, struct why *why);
