#include "map/pmtiles_write.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "geodata/deflate.h"
#include "map/tile.h"
#include "system/file.h"

enum {
    HASH_SIZE = 16,
    BLOCK_SIZE = 4 << 20,
    LEVEL = 9,
    LEAF_ENTRIES_MIN = 4096,
    ROOT_ENTRIES_MAX = 16384
};

/* A content that is stored already. */
struct content {
    uint8_t hash[HASH_SIZE];
    uint64_t offset;
    uint32_t size; /* 0: empty slot */
};

struct pmtiles_writer {
    char *path, *part;
    int fd;
    struct bytes block; /* tiles that are not written yet */
    uint64_t tiles_size;
    uint64_t file_at; /* where `block` goes */
    struct pmtiles_entry *entries;
    size_t entry_count, entry_capacity;
    struct content *contents;
    size_t slot_count, content_count;
    uint64_t addressed, next_id;
    bool finished;
};

static enum err failed(const struct pmtiles_writer *writer, const char *what, struct why *why)
{
    const int error = errno;
    char words[96];
    return why_set(why, ERR_IO, "cannot %s %.140s: %s", what, writer->part,
                   strerror_r(error, words, sizeof words));
}

/* A lock tells a killed writer's leftover, which is emptied, from one that is being written. */
static enum err open_part(struct pmtiles_writer *writer, struct why *why)
{
    writer->fd = open(writer->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (writer->fd < 0) { return failed(writer, "create", why); }
    if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0) {
        return why_set(why, ERR_CONFLICT, "%.140s is being written by another program",
                       writer->part);
    }
    if (ftruncate(writer->fd, 0) != 0) { return failed(writer, "empty", why); }
    return OK;
}

enum err pmtiles_writer_open(struct pmtiles_writer **out, const char *path, struct why *why)
{
    if (sodium_init() < 0) { return why_set(why, ERR_UNAVAILABLE, "libsodium does not start"); }
    if (strlen(path) + sizeof ".part" > FILE_PATH_SIZE) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", path);
    }
    CLEANUP(pmtiles_writer_free_p) struct pmtiles_writer *writer = MEM_NEW(struct pmtiles_writer);
    writer->path = mem_text(path);
    writer->part = mem_zeroed(strlen(path) + sizeof ".part");
    (void)snprintf(writer->part, strlen(path) + sizeof ".part", "%s.part", path);
    writer->file_at = PMTILES_FIRST_FETCH;
    writer->slot_count = 1024;
    writer->contents = MEM_ARRAY(struct content, writer->slot_count);
    const enum err err = open_part(writer, why);
    if (err == ERR_CONFLICT) {
        file_close_p(&writer->fd);
        writer->fd = -1; /* it is not ours to remove */
    }
    if (!err) { *out = TAKE(writer); }
    return err;
}

void pmtiles_writer_free(struct pmtiles_writer *writer)
{
    if (!writer) { return; }
    if (writer->fd >= 0 && !writer->finished) { (void)unlink(writer->part); }
    file_close_p(&writer->fd);
    bytes_deinit(&writer->block);
    free(writer->entries);
    free(writer->contents);
    free(writer->path);
    free(writer->part);
    free(writer);
}

static enum err write_at(struct pmtiles_writer *writer, struct span bytes, uint64_t at,
                         struct why *why)
{
    while (bytes.size > 0) {
        const ssize_t put = pwrite(writer->fd, bytes.data, bytes.size, (off_t)at);
        if (put < 0 && errno == EINTR) { continue; }
        if (put < 0) { return failed(writer, "write", why); }
        bytes = span_of(bytes.data + put, bytes.size - (size_t)put);
        at += (uint64_t)put;
    }
    return OK;
}

static enum err append(struct pmtiles_writer *writer, struct span bytes, struct why *why)
{
    bytes_add(&writer->block, bytes.data, bytes.size);
    if (writer->block.size < BLOCK_SIZE) { return OK; }
    const enum err err = write_at(writer, bytes_span(&writer->block), writer->file_at, why);
    writer->file_at += writer->block.size;
    writer->block.size = 0;
    return err;
}

static struct content *find(struct pmtiles_writer *writer, const uint8_t hash[static HASH_SIZE],
                            uint32_t size)
{
    uint64_t at = 0;
    memcpy(&at, hash, sizeof at);
    for (;; at++) {
        struct content *content = &writer->contents[at & (writer->slot_count - 1)];
        if (content->size == 0) { return content; }
        if (content->size == size && memcmp(content->hash, hash, HASH_SIZE) == 0) {
            return content;
        }
    }
}

static void make_room(struct pmtiles_writer *writer)
{
    if (writer->content_count * 2 < writer->slot_count) { return; }
    struct content *old = writer->contents;
    const size_t old_count = writer->slot_count;
    writer->slot_count *= 2;
    writer->contents = MEM_ARRAY(struct content, writer->slot_count);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].size > 0) { *find(writer, old[i].hash, old[i].size) = old[i]; }
    }
    free(old);
}

static void add_entry(struct pmtiles_writer *writer, uint64_t id, const struct content *content)
{
    const bool any = writer->entries && writer->entry_count > 0;
    struct pmtiles_entry *last = any ? &writer->entries[writer->entry_count - 1] : NULL;
    writer->addressed++;
    writer->next_id = id + 1;
    if (last && last->offset == content->offset && last->tile_id + last->run == id &&
        last->run < UINT32_MAX) {
        last->run++;
        return;
    }
    if (writer->entry_count == writer->entry_capacity) {
        writer->entry_capacity = writer->entry_capacity ? writer->entry_capacity * 2 : 1024;
        writer->entries =
            mem_resized(writer->entries, writer->entry_capacity * sizeof *writer->entries);
    }
    assert(writer->entries);
    writer->entries[writer->entry_count++] = (struct pmtiles_entry){
        .tile_id = id, .offset = content->offset, .size = content->size, .run = 1};
}

enum err pmtiles_writer_add(struct pmtiles_writer *writer, uint64_t id, struct span packed,
                            struct why *why)
{
    assert(id >= writer->next_id && packed.size > 0);
    if (packed.size > UINT32_MAX) { return why_set(why, ERR_LIMIT, "a tile is larger than 4 GiB"); }
    uint8_t hash[HASH_SIZE];
    (void)crypto_generichash(hash, sizeof hash, packed.data, packed.size, NULL, 0);
    make_room(writer);
    struct content *content = find(writer, hash, (uint32_t)packed.size);
    enum err err = OK;
    if (content->size == 0) {
        memcpy(content->hash, hash, HASH_SIZE);
        content->offset = writer->tiles_size;
        content->size = (uint32_t)packed.size;
        writer->tiles_size += packed.size;
        writer->content_count++;
        err = append(writer, packed, why);
    }
    add_entry(writer, id, content);
    return err;
}

struct pmtiles_written pmtiles_writer_count(const struct pmtiles_writer *writer)
{
    return (struct pmtiles_written){writer->addressed, writer->content_count, writer->tiles_size};
}

/* The directories, packed: a root that fits, and leaves when one directory is too large. */
static void make_directories(const struct pmtiles_writer *writer, struct bytes *root,
                             struct bytes *leaves)
{
    CLEANUP(deflater_free_p) struct deflater *deflater = deflater_new(LEVEL);
    struct bytes plain = {0};
    const size_t count = writer->entry_count;
    pmtiles_directory_write(writer->entries, count, &plain);
    deflate_gzip(deflater, bytes_span(&plain), root);
    size_t step = count / 3500 < LEAF_ENTRIES_MIN ? LEAF_ENTRIES_MIN : count / 3500;
    while (root->size > PMTILES_ROOT_SIZE_MAX || (count >= ROOT_ENTRIES_MAX && !leaves->size)) {
        struct pmtiles_entry *tops = MEM_ARRAY(struct pmtiles_entry, count / step + 1);
        size_t top_count = 0;
        struct bytes packed = {0};
        leaves->size = 0;
        for (size_t i = 0; i < count; i += step) {
            plain.size = 0;
            pmtiles_directory_write(writer->entries + i, count - i < step ? count - i : step,
                                    &plain);
            deflate_gzip(deflater, bytes_span(&plain), &packed);
            tops[top_count++] = (struct pmtiles_entry){.tile_id = writer->entries[i].tile_id,
                                                       .offset = leaves->size,
                                                       .size = (uint32_t)packed.size};
            bytes_add(leaves, packed.data, packed.size);
        }
        plain.size = 0;
        pmtiles_directory_write(tops, top_count, &plain);
        deflate_gzip(deflater, bytes_span(&plain), root);
        free(tops);
        bytes_deinit(&packed);
        step += step / 5;
    }
    bytes_deinit(&plain);
}

static void widen(int32_t *low, int32_t *high, int32_t limit)
{
    if (*low < *high) { return; }
    *low = *low > -limit ? *low - 1 : *low;
    *high = *high < limit ? *high + 1 : *high;
}

static struct pmtiles_header complete(const struct pmtiles_writer *writer,
                                      const struct pmtiles_header *about)
{
    struct pmtiles_header header = *about;
    assert(writer->entries);
    const struct pmtiles_entry *last = &writer->entries[writer->entry_count - 1];
    header.addressed = writer->addressed;
    header.entries = writer->entry_count;
    header.contents = writer->content_count;
    header.clustered = true;
    header.internal = PMTILES_COMPRESSION_GZIP;
    header.tile = PMTILES_COMPRESSION_GZIP;
    header.zoom_min = tile_of_id(writer->entries[0].tile_id).zoom;
    header.zoom_max = tile_of_id(last->tile_id + last->run - 1).zoom;
    widen(&header.west, &header.east, 1800000000);
    widen(&header.south, &header.north, 900000000);
    if (header.zoom_center < header.zoom_min) { header.zoom_center = header.zoom_min; }
    if (header.zoom_center > header.zoom_max) { header.zoom_center = header.zoom_max; }
    return header;
}

/* Behind the tiles: metadata, leaves. In front: header, root. */
static enum err write_frame(struct pmtiles_writer *writer, struct pmtiles_header *header,
                            struct span metadata, struct why *why)
{
    struct bytes root = {0};
    struct bytes leaves = {0};
    struct bytes packed = {0};
    make_directories(writer, &root, &leaves);
    CLEANUP(deflater_free_p) struct deflater *deflater = deflater_new(LEVEL);
    deflate_gzip(deflater, metadata, &packed);
    header->root = (struct pmtiles_section){PMTILES_HEADER_SIZE, root.size};
    /* A small archive is still in memory: its tiles follow the root without a gap. */
    const bool small = writer->file_at == PMTILES_FIRST_FETCH;
    if (small) { writer->file_at = PMTILES_HEADER_SIZE + root.size; }
    const uint64_t begin = small ? writer->file_at : PMTILES_FIRST_FETCH;
    header->tiles = (struct pmtiles_section){begin, writer->tiles_size};
    header->metadata = (struct pmtiles_section){begin + writer->tiles_size, packed.size};
    header->leaves = (struct pmtiles_section){header->metadata.offset + packed.size, leaves.size};
    uint8_t head[PMTILES_HEADER_SIZE];
    pmtiles_header_write(header, head);
    enum err err = write_at(writer, bytes_span(&writer->block), writer->file_at, why);
    if (!err) { err = write_at(writer, bytes_span(&packed), header->metadata.offset, why); }
    if (!err) { err = write_at(writer, bytes_span(&leaves), header->leaves.offset, why); }
    if (!err) { err = write_at(writer, bytes_span(&root), PMTILES_HEADER_SIZE, why); }
    if (!err) { err = write_at(writer, span_of(head, sizeof head), 0, why); }
    bytes_deinit(&root);
    bytes_deinit(&leaves);
    bytes_deinit(&packed);
    return err;
}

static enum err sync_folder(const struct pmtiles_writer *writer, struct why *why)
{
    char folder[FILE_PATH_SIZE];
    (void)snprintf(folder, sizeof folder, "%s", writer->path);
    char *slash = strrchr(folder, '/');
    if (slash) { slash[1] = '\0'; }
    CLEANUP(file_close_p)
    const int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OK : failed(writer, "sync the folder of", why);
}

enum err pmtiles_writer_finish(struct pmtiles_writer *writer, const struct pmtiles_header *about,
                               struct span metadata, struct why *why)
{
    if (writer->entry_count == 0) {
        return why_set(why, ERR_CONFLICT, "there is nothing to put on the map: no tile was made");
    }
    struct pmtiles_header header = complete(writer, about);
    const enum err err = write_frame(writer, &header, metadata, why);
    if (err) { return err; }
    if (fsync(writer->fd) != 0) { return failed(writer, "write", why); }
    if (rename(writer->part, writer->path) != 0) { return failed(writer, "rename", why); }
    writer->finished = true;
    return sync_folder(writer, why);
}
