/*
 * system/file_batch - many files written at once, each as file_write would: the old content or the
 * new after a crash.
 *
 * file_batch_add writes under a temporary name and lets the disk begin; file_batch_settle waits for
 * all, in the order in which they were added, then gives them their names, then syncs their
 * folders. So the disk works on many at a time, and a file is never there before those added before
 * it. One thread. Writes files.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <sys/types.h>

enum { FILE_BATCH_MAX = 64 }; /* files waiting; one more settles the others first */

struct file_batch;

struct file_batch *file_batch_new(void);
void file_batch_free(
    struct file_batch *batch); /* what is not settled is dropped; NULL is allowed */
CLEANUP_FOR(struct file_batch, file_batch_free)

/* The file's folder must be there. After an error the batch is good only for file_batch_free. */
MUST_USE enum err file_batch_add(struct file_batch *batch, const char *path, struct span bytes,
                                 mode_t mode, struct why *why);
MUST_USE enum err file_batch_settle(struct file_batch *batch, struct why *why);
