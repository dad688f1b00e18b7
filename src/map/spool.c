#include "map/spool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "geodata/proto.h"
#include "map/simplify.h"
#include "map/sorter.h"
#include "system/file.h"

enum { BLOCK_SIZE = 1 << 20 };

struct spool {
    int fd;
    struct bytes block;
    uint64_t size;
    uint32_t count;
    uint8_t *memory;
};

static bool same(struct point a, struct point b)
{
    return a.x == b.x && a.y == b.y;
}

static void put_point(struct bytes *out, struct point point, struct point *last)
{
    bytes_add_varint(out, zigzag(point.x - last->x));
    bytes_add_varint(out, zigzag(point.y - last->y));
    *last = point;
}

/* A part's points without repeats: how many, and with `out` the points themselves. */
static size_t put_part(const struct shape *shape, size_t part, struct bytes *out,
                       struct point *last)
{
    const size_t begin = shape_part_begin(shape, part);
    size_t end = shape->parts[part].end;
    const bool points = shape->kind == SHAPE_KIND_POINT;
    if (shape->kind == SHAPE_KIND_POLYGON) {
        while (end - begin > 1 && same(shape->points[begin], shape->points[end - 1])) {
            end--;
        }
    }
    size_t count = 0;
    for (size_t i = begin; i < end; i++) {
        if (!points && i > begin && same(shape->points[i], shape->points[i - 1])) { continue; }
        count++;
        if (!out) { continue; }
        if (!points) { bytes_add_u8(out, 0); }
        put_point(out, shape->points[i], last);
    }
    return count;
}

size_t spool_encode(const struct feature *feature, uint16_t layer, struct bytes *out)
{
    const struct shape *shape = &feature->shape;
    struct spool_head head = {.layer = layer, .kind = (uint8_t)shape->kind};
    head.has_id = feature->has_id;
    head.id = feature->id;
    out->size = 0;
    bytes_add(out, &head, sizeof head);
    bytes_add_varint(out, feature->attributes.size);
    bytes_add(out, feature->attributes.data, feature->attributes.size);
    bytes_add_varint(out, shape->part_count);
    struct point last = {0, 0};
    size_t vertices = 0;
    for (size_t part = 0; part < shape->part_count; part++) {
        const size_t count = put_part(shape, part, NULL, NULL);
        bytes_add_varint(out, (uint64_t)count << 1 | shape->parts[part].hole);
        vertices += put_part(shape, part, out, &last);
    }
    head.size = (uint32_t)out->size;
    memcpy(out->data, &head, sizeof head);
    return shape->kind == SHAPE_KIND_POINT ? 0 : vertices;
}

struct spooled spool_decode(const uint8_t *record)
{
    struct spooled spooled;
    memcpy(&spooled.head, record, sizeof spooled.head);
    struct proto row = proto_over(span_of(record, spooled.head.size));
    row.at += sizeof spooled.head;
    const size_t size = (size_t)proto_varint(&row);
    spooled.attributes = span_of(row.at, size);
    row.at += size;
    spooled.geometry = span_of(row.at, (size_t)(row.end - row.at));
    return spooled;
}

/* Reads `count` vertices on from `*at`; a point has no zoom of its own. */
static void read_part(struct proto *row, uint64_t count, int zoom, struct point *at,
                      struct shape *shape)
{
    const bool points = shape->kind == SHAPE_KIND_POINT;
    for (uint64_t i = 0; i < count; i++) {
        const int from = points ? 0 : *row->at++;
        at->x += unzigzag(proto_varint(row));
        at->y += unzigzag(proto_varint(row));
        if (from <= zoom) { shape_add(shape, *at); }
    }
}

void spool_shape(const struct spooled *spooled, int zoom, struct shape *shape)
{
    struct proto row = proto_over(spooled->geometry);
    struct point at = {0, 0};
    shape_clear(shape);
    shape->kind = (enum shape_kind)spooled->head.kind;
    for (uint64_t parts = proto_varint(&row); parts > 0; parts--) {
        const uint64_t count = proto_varint(&row);
        read_part(&row, count >> 1, zoom, &at, shape);
        shape_end_part(shape, count & 1);
    }
}

static enum err failed(const char *what, struct why *why)
{
    const int error = errno;
    char words[96];
    return why_set(why, ERR_IO, "cannot %s the features' temporary file: %s", what,
                   strerror_r(error, words, sizeof words));
}

enum err spool_new(struct spool **out, const char *folder, struct why *why)
{
    struct spool *spool = MEM_NEW(struct spool);
    const enum err err = sorter_nameless_file(folder, &spool->fd, why);
    if (err) {
        free(spool);
        return err;
    }
    *out = spool;
    return OK;
}

void spool_free(struct spool *spool)
{
    if (!spool) { return; }
    if (spool->memory) { (void)munmap(spool->memory, spool->size); }
    bytes_deinit(&spool->block);
    file_close_p(&spool->fd);
    free(spool);
}

static enum err flush(struct spool *spool, struct why *why)
{
    size_t done = 0;
    while (done < spool->block.size) {
        const ssize_t put = write(spool->fd, spool->block.data + done, spool->block.size - done);
        if (put < 0 && errno == EINTR) { continue; }
        if (put < 0) { return failed("write", why); }
        done += (size_t)put;
    }
    spool->block.size = 0;
    return OK;
}

enum err spool_append(struct spool *spool, struct span record, uint32_t priority, struct why *why)
{
    struct spool_head head;
    if (spool->count == UINT32_MAX) {
        return why_set(why, ERR_LIMIT, "there are more than %u features", UINT32_MAX);
    }
    memcpy(&head, record.data, sizeof head);
    head.ordinal = spool->count++;
    head.priority = priority;
    bytes_add(&spool->block, &head, sizeof head);
    bytes_add(&spool->block, record.data + sizeof head, record.size - sizeof head);
    spool->size += record.size;
    return spool->block.size < BLOCK_SIZE ? OK : flush(spool, why);
}

enum err spool_finish(struct spool *spool, struct why *why)
{
    const enum err err = flush(spool, why);
    if (err || spool->size == 0) { return err; }
    void *memory = mmap(NULL, spool->size, PROT_READ | PROT_WRITE, MAP_SHARED, spool->fd, 0);
    if (memory == MAP_FAILED) { return failed("map", why); }
    spool->memory = memory;
    bytes_deinit(&spool->block);
    return OK;
}

uint32_t spool_count(const struct spool *spool)
{
    return spool->count;
}

uint64_t spool_size(const struct spool *spool)
{
    return spool->size;
}

const uint8_t *spool_at(const struct spool *spool, uint64_t offset)
{
    return spool->memory + offset;
}

void spool_note_zooms(struct spool *spool, uint64_t offset, const uint8_t *zooms)
{
    const struct spooled spooled = spool_decode(spool->memory + offset);
    struct proto row = proto_over(spooled.geometry);
    size_t vertex = 0;
    for (uint64_t parts = proto_varint(&row); parts > 0; parts--) {
        for (uint64_t count = proto_varint(&row) >> 1; count > 0; count--) {
            spool->memory[row.at - spool->memory] = zooms[vertex++];
            row.at++;
            (void)proto_varint(&row);
            (void)proto_varint(&row);
        }
    }
}

void spool_forget(const struct spool *spool)
{
    if (spool->memory) { (void)madvise(spool->memory, spool->size, MADV_DONTNEED); }
}
