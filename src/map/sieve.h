/*
 * map/sieve - keeps a tile that would be thinned anyway from growing beyond what memory holds.
 *
 * Records come one by one. When a tile has `records_max` of them, the layer with the most is halved
 * by priority, and from then on takes none that comes behind those that stayed: in the end a layer
 * has everything up to one priority, as if all had been there at once. What goes depends on the
 * records alone, never on memory or threads. Owned by one thread.
 */
#pragma once

#include "map/assemble.h"

/* So many features never fit a tile of half a megabyte, but by being all alike. */
enum { SIEVE_RECORDS_MAX = 1 << 20 };

struct sieve;

struct sieve *sieve_new(const struct assembly *assembly, size_t records_max);
void sieve_free(struct sieve *sieve);
CLEANUP_FOR(struct sieve, sieve_free)

/* Another tile begins. */
void sieve_begin(struct sieve *sieve);

/* As tile_job_add, but for what goes: then the job says `sieved`. */
void sieve_add(struct sieve *sieve, struct tile_job *job, const struct tile_record *record);
