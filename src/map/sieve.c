#include "map/sieve.h"

#include <string.h>

enum { BUCKETS = 1 << 16 };

struct sieve {
    const struct assembly *assembly;
    size_t records_max;
    uint64_t limits[MAP_LAYERS_MAX]; /* by layer: priorities below stay */
    size_t counts[MAP_LAYERS_MAX];   /* by layer: records in the job */
    size_t buckets[BUCKETS];
};

struct sieve *sieve_new(const struct assembly *assembly, size_t records_max)
{
    struct sieve *sieve = MEM_NEW(struct sieve);
    sieve->assembly = assembly;
    sieve->records_max = records_max;
    sieve_begin(sieve);
    return sieve;
}

void sieve_free(struct sieve *sieve)
{
    free(sieve);
}

void sieve_begin(struct sieve *sieve)
{
    for (size_t i = 0; i < MAP_LAYERS_MAX; i++) {
        sieve->limits[i] = (uint64_t)UINT32_MAX + 1;
        sieve->counts[i] = 0;
    }
}

static uint32_t priority_of(const struct sieve *sieve, const struct tile_record *record)
{
    struct spool_head head;
    memcpy(&head, spool_at(sieve->assembly->spool, record->offset), sizeof head);
    return head.priority;
}

/* The layer with the most records, of those that may be thinned; -1: none has two. */
static int largest_layer(const struct sieve *sieve)
{
    int largest = -1;
    size_t most = 1;
    for (int i = 0; i < MAP_LAYERS_MAX; i++) {
        if (sieve->counts[i] <= most || sieve->assembly->layers[i].keep_all) { continue; }
        most = sieve->counts[i];
        largest = i;
    }
    return largest;
}

/* The bucket in which the record of rank `rank` is; `*rank` becomes the one within it. */
static uint32_t bucket_of(const struct sieve *sieve, size_t *rank)
{
    uint32_t bucket = 0;
    while (*rank >= sieve->buckets[bucket]) {
        *rank -= sieve->buckets[bucket++];
    }
    return bucket;
}

/* Counts the layer's priorities by their upper half, or those of one `upper` half by their lower.
 */
static void count_halves(struct sieve *sieve, const struct tile_job *job, int layer,
                         const uint32_t *upper)
{
    struct tile_cursor cursor = {.at = job->records.data};
    memset(sieve->buckets, 0, sizeof sieve->buckets);
    for (size_t i = 0; i < job->count; i++) {
        tile_cursor_next(&cursor);
        if (cursor.record.layer != layer) { continue; }
        const uint32_t priority = priority_of(sieve, &cursor.record);
        if (!upper) { sieve->buckets[priority >> 16]++; }
        if (upper && priority >> 16 == *upper) { sieve->buckets[priority & 0xffff]++; }
    }
}

/* The median priority of the layer's records: first its upper half, then its lower. */
static uint32_t median_of(struct sieve *sieve, const struct tile_job *job, int layer)
{
    size_t rank = sieve->counts[layer] / 2;
    count_halves(sieve, job, layer, NULL);
    const uint32_t upper = bucket_of(sieve, &rank);
    count_halves(sieve, job, layer, &upper);
    return upper << 16 | bucket_of(sieve, &rank);
}

/* Keeps of `layer` what is below `limit`; when nothing is, every second. */
static void shrink(struct sieve *sieve, struct tile_job *job, int layer, uint64_t limit,
                   bool every_second)
{
    struct tile_job kept = {0};
    struct tile_cursor cursor = {.at = job->records.data};
    size_t met = 0;
    for (size_t i = 0; i < job->count; i++) {
        tile_cursor_next(&cursor);
        const bool ours = cursor.record.layer == layer;
        const bool goes =
            ours && (every_second ? met % 2 == 1 : priority_of(sieve, &cursor.record) >= limit);
        met += ours;
        sieve->counts[layer] -= goes;
        if (!goes) { tile_job_add(&kept, &cursor.record); }
    }
    bytes_deinit(&job->records);
    job->records = kept.records;
    job->last = kept.last;
    job->count = kept.count;
}

static void halve(struct sieve *sieve, struct tile_job *job)
{
    const int layer = largest_layer(sieve);
    if (layer < 0) { return; }
    const size_t before = sieve->counts[layer];
    const uint32_t median = median_of(sieve, job, layer);
    struct tile_cursor cursor = {.at = job->records.data};
    size_t below = 0;
    for (size_t i = 0; i < job->count; i++) {
        tile_cursor_next(&cursor);
        below += cursor.record.layer == layer && priority_of(sieve, &cursor.record) < median;
    }
    const bool alike = below < before / 4; /* many are of one priority: it says nothing */
    if (!alike) { sieve->limits[layer] = median; }
    shrink(sieve, job, layer, median, alike);
    job->sieved = true;
}

void sieve_add(struct sieve *sieve, struct tile_job *job, const struct tile_record *record)
{
    const bool limited = sieve->limits[record->layer] <= UINT32_MAX;
    if (limited && priority_of(sieve, record) >= sieve->limits[record->layer]) { return; }
    tile_job_add(job, record);
    sieve->counts[record->layer]++;
    const bool whole = job->last_zoom || sieve->assembly->tile_size_max == 0;
    if (!whole && job->count >= sieve->records_max) { halve(sieve, job); }
}
