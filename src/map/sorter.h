/*
 * map/sorter - sorts any number of records by a number, within a given amount of memory.
 *
 * Records of equal keys keep the order in which they came, so the result depends on the input
 * alone. What does not fit is written in sorted runs to a nameless file in `folder`, and merged.
 * Owned by one thread. A killed program leaves nothing behind.
 */
#pragma once

#include "geodata/bytes.h"

#include "base/err.h"

struct sorter;

enum { SORTER_RECORD_SIZE_MAX = 1 << 30 };

struct sorter *sorter_new(const char *folder, size_t memory_bytes);
void sorter_free(struct sorter *sorter);
CLEANUP_FOR(struct sorter, sorter_free)

/* Copies the record. ERR_IO when the disk is full. */
MUST_USE enum err sorter_add(struct sorter *sorter, uint64_t key, struct span record,
                             struct why *why);

/* No more records come; sorter_next may be called. */
MUST_USE enum err sorter_finish(struct sorter *sorter, struct why *why);

/* The next record, borrowed until the next call. `*more` is false at the end. */
MUST_USE enum err sorter_next(struct sorter *sorter, bool *more, uint64_t *key, struct span *record,
                              struct why *why);

/* Forgets all records and is as new. */
void sorter_clear(struct sorter *sorter);

uint64_t sorter_count(const struct sorter *sorter);

/* A file without a name in `folder`, for reading and writing: it goes when it is closed. */
MUST_USE enum err sorter_nameless_file(const char *folder, int *fd, struct why *why);
