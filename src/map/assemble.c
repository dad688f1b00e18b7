#include "map/assemble.h"

#include <assert.h>
#include <string.h>

#include "geodata/deflate.h"
#include "map/mvt.h"

/*
 * Most of the time goes into compression. Large tiles are rows of points with numbers: there, a
 * thorough search finds 4 % more at twice the cost.
 */
#define SPOOL_READ_MAX ((uint64_t)32 << 20) /* then it is given back to the system */
enum { ATTEMPTS_MAX = 6, LARGE_TILE_SIZE = 256 * 1024, LARGE_TILE_LEVEL = 4 };

/* One record of the job, seen for thinning. */
struct candidate {
    uint32_t priority;
    uint32_t index;
};

struct assembler {
    const struct assembly *assembly;
    struct mvt_writer *writer;
    struct deflater *deflater, *large; /* `large`: for large tiles */
    struct bytes tile;
    uint64_t touched; /* bytes read from the spool since it was given back */
};

void tile_job_free(struct tile_job *job)
{
    if (!job) { return; }
    bytes_deinit(&job->records);
    bytes_deinit(&job->packed);
    free(job->kept);
    free(job);
}

/* A number is written as what it is more than the one before: a few bytes for most. */
static void put_step(struct bytes *out, uint64_t *last, uint64_t now)
{
    bytes_add_varint(out, now - *last);
    *last = now;
}

void tile_job_add(struct tile_job *job, const struct tile_record *record)
{
    struct tile_record *last = &job->last;
    uint64_t ordinal = last->ordinal;
    uint64_t layer = last->layer;
    assert(record->offset >= last->offset && record->ordinal >= last->ordinal &&
           record->layer >= last->layer);
    put_step(&job->records, &last->offset, record->offset);
    put_step(&job->records, &ordinal, record->ordinal);
    put_step(&job->records, &layer, record->layer);
    last->ordinal = record->ordinal;
    last->layer = record->layer;
    bytes_add_varint(&job->records, record->geometry.size);
    bytes_add(&job->records, record->geometry.data, record->geometry.size);
    job->count++;
}

static uint64_t take_number(const uint8_t **at)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) { return number; }
    }
}

void tile_cursor_next(struct tile_cursor *cursor)
{
    struct tile_record *record = &cursor->record;
    record->offset += take_number(&cursor->at);
    record->ordinal += (uint32_t)take_number(&cursor->at);
    record->layer = (uint16_t)(record->layer + take_number(&cursor->at));
    const size_t size = (size_t)take_number(&cursor->at);
    record->geometry = span_of(cursor->at, size);
    cursor->at += size;
}

enum { HEAD_SIZE = sizeof(uint64_t) + sizeof(uint32_t) + sizeof(uint16_t) };

void tile_record_write(const struct tile_record *record, struct bytes *out)
{
    bytes_add(out, &record->offset, sizeof record->offset);
    bytes_add(out, &record->ordinal, sizeof record->ordinal);
    bytes_add(out, &record->layer, sizeof record->layer);
    bytes_add(out, record->geometry.data, record->geometry.size);
}

struct tile_record tile_record_read(struct span bytes)
{
    struct tile_record record = {0};
    memcpy(&record.offset, bytes.data, sizeof record.offset);
    memcpy(&record.ordinal, bytes.data + 8, sizeof record.ordinal);
    memcpy(&record.layer, bytes.data + 12, sizeof record.layer);
    record.geometry = span_of(bytes.data + HEAD_SIZE, bytes.size - HEAD_SIZE);
    return record;
}

struct assembler *assembler_new(const struct assembly *assembly)
{
    struct assembler *assembler = MEM_NEW(struct assembler);
    assembler->assembly = assembly;
    assembler->writer = mvt_writer_new();
    assembler->deflater = deflater_new(assembly->level);
    assembler->large =
        deflater_new(assembly->level < LARGE_TILE_LEVEL ? assembly->level : LARGE_TILE_LEVEL);
    return assembler;
}

void assembler_free(struct assembler *assembler)
{
    if (!assembler) { return; }
    mvt_writer_free(assembler->writer);
    deflater_free(assembler->deflater);
    deflater_free(assembler->large);
    bytes_deinit(&assembler->tile);
    free(assembler);
}

/* Ends the layer that is open, and opens another. */
static void change_layer(struct assembler *assembler, int open, uint16_t number)
{
    const struct map_layer *layer = &assembler->assembly->layers[number];
    if (open >= 0) { mvt_layer_end(assembler->writer); }
    mvt_layer_begin(assembler->writer, layer->name, &layer->schema, &assembler->tile);
}

static void encode(struct assembler *assembler, struct tile_job *job)
{
    const struct assembly *assembly = assembler->assembly;
    struct tile_cursor cursor = {.at = job->records.data};
    const struct tile_record *record = &cursor.record;
    int open = -1;
    assembler->tile.size = 0;
    for (size_t i = 0; i < job->count; i++) {
        tile_cursor_next(&cursor);
        if (job->kept && !job->kept[i]) { continue; }
        if (open != record->layer) { change_layer(assembler, open, record->layer); }
        open = record->layer;
        const struct spooled spooled = spool_decode(spool_at(assembly->spool, record->offset));
        const struct mvt_feature feature = {
            .has_id = spooled.head.has_id,
            .id = spooled.head.id,
            .kind = (enum shape_kind)spooled.head.kind,
            .attributes = spooled.attributes,
            .geometry = record->geometry,
        };
        mvt_layer_add(assembler->writer, &feature);
        assembler->touched += spooled.head.size;
        if (assembler->touched > SPOOL_READ_MAX) {
            assembler->touched = 0;
            spool_forget(assembly->spool);
        }
    }
    if (open >= 0) { mvt_layer_end(assembler->writer); }
    struct deflater *deflater =
        assembler->tile.size > LARGE_TILE_SIZE ? assembler->large : assembler->deflater;
    deflate_gzip(deflater, bytes_span(&assembler->tile), &job->packed);
}

static int by_priority(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    if (a->priority != b->priority) { return a->priority < b->priority ? -1 : 1; }
    return (a->index > b->index) - (a->index < b->index);
}

/* The candidates of one layer. */
struct group {
    size_t begin, count;
    bool keep_all;
    double weight; /* bytes of all of them, about */
};

/* Keeps the first `share` of the group; one at least. */
static void keep_share(struct tile_job *job, struct candidate *begin, size_t count, double share)
{
    qsort(begin, count, sizeof *begin, by_priority);
    size_t keep = (size_t)((double)count * share);
    if (keep == 0) { keep = 1; }
    for (size_t i = 0; i < count; i++) {
        job->kept[begin[i].index] = i < keep;
    }
}

/* What a group may weigh so that all weigh `share` of what they do: the light ones give way last.
 */
static double allowance(const struct group *groups, size_t count, double share)
{
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        total += groups[i].weight;
    }
    double low = 0;
    double high = total;
    for (int i = 0; i < 50; i++) {
        const double middle = (low + high) / 2;
        double sum = 0;
        for (size_t n = 0; n < count; n++) {
            const bool whole = groups[n].keep_all || groups[n].weight < middle;
            sum += whole ? groups[n].weight : middle;
        }
        if (sum < total * share) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/* Sorts the records into groups of one layer each. */
static size_t find_groups(const struct assembler *assembler, const struct tile_job *job,
                          struct candidate *candidates, struct group *groups)
{
    struct tile_cursor cursor = {.at = job->records.data};
    const struct tile_record *record = &cursor.record;
    size_t count = 0;
    int layer = -1;
    for (size_t i = 0; i < job->count; i++) {
        struct spool_head feature;
        tile_cursor_next(&cursor);
        memcpy(&feature, spool_at(assembler->assembly->spool, record->offset), sizeof feature);
        if (count == 0 || layer != record->layer) {
            const struct map_layer *now = &assembler->assembly->layers[record->layer];
            groups[count++] = (struct group){.begin = i, .keep_all = now->keep_all};
        }
        layer = record->layer;
        groups[count - 1].count++;
        groups[count - 1].weight += feature.size;
        candidates[i] = (struct candidate){feature.priority, (uint32_t)i};
    }
    return count;
}

static void choose(const struct assembler *assembler, struct tile_job *job, double share)
{
    struct candidate *candidates = MEM_ARRAY(struct candidate, job->count);
    struct group groups[MAP_LAYERS_MAX];
    const size_t count = find_groups(assembler, job, candidates, groups);
    const double weight = allowance(groups, count, share);
    for (size_t i = 0; i < count; i++) {
        const bool whole = groups[i].keep_all || groups[i].weight <= weight;
        const double part = whole ? 1 : weight / groups[i].weight;
        keep_share(job, candidates + groups[i].begin, groups[i].count, part);
    }
    free(candidates);
}

void assemble_tile(struct assembler *assembler, struct tile_job *job)
{
    const size_t size_max = assembler->assembly->tile_size_max;
    double share = 1;
    encode(assembler, job);
    for (int i = 0; i < ATTEMPTS_MAX && size_max && !job->last_zoom; i++) {
        if (job->packed.size <= size_max || job->count == 1) { break; }
        share *= 0.97 * (double)size_max / (double)job->packed.size;
        if (!job->kept) { job->kept = mem_zeroed(job->count); }
        choose(assembler, job, share);
        encode(assembler, job);
    }
}
