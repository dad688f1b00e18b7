#include "map/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system/file.h"

enum { RUNS_MAX = 512, RUN_BUFFER_SIZE = 128 * 1024 };

struct entry {
    uint64_t key;
    uint64_t offset; /* of the record in `records`: its size (4 bytes), then itself */
};

/* A sorted row of records in the file, seen through a buffer. */
struct run {
    off_t at, end;
    struct bytes buffer;
    size_t taken; /* of the buffer */
    uint64_t key;
    uint32_t size;
};

struct sorter {
    char *folder;
    size_t memory;
    struct bytes records;
    struct entry *entries, *spare;
    size_t count, capacity;
    uint64_t total;
    int fd;
    off_t file_size;
    struct run runs[RUNS_MAX];
    size_t run_count;
    size_t heap[RUNS_MAX]; /* runs that have a record, smallest first */
    size_t heap_count;
    size_t next; /* entry, while nothing was written to the file */
};

struct sorter *sorter_new(const char *folder, size_t memory_bytes)
{
    struct sorter *sorter = MEM_NEW(struct sorter);
    sorter->folder = mem_text(folder);
    sorter->memory = memory_bytes;
    sorter->fd = -1;
    return sorter;
}

static void forget_memory(struct sorter *sorter)
{
    bytes_deinit(&sorter->records);
    free(sorter->entries);
    free(sorter->spare);
    sorter->entries = NULL;
    sorter->spare = NULL;
    sorter->count = 0;
    sorter->capacity = 0;
}

void sorter_clear(struct sorter *sorter)
{
    forget_memory(sorter);
    for (size_t i = 0; i < sorter->run_count; i++) {
        bytes_deinit(&sorter->runs[i].buffer);
    }
    file_close_p(&sorter->fd);
    sorter->fd = -1;
    sorter->run_count = 0;
    sorter->heap_count = 0;
    sorter->next = 0;
    sorter->file_size = 0;
    sorter->total = 0;
}

void sorter_free(struct sorter *sorter)
{
    if (!sorter) { return; }
    sorter_clear(sorter);
    free(sorter->folder);
    free(sorter);
}

uint64_t sorter_count(const struct sorter *sorter)
{
    return sorter->total;
}

static enum err failed(struct why *why, const char *what, const char *path)
{
    const int error = errno;
    char words[96];
    return why_set(why, ERR_IO, "cannot %s in %.120s: %s", what, path,
                   strerror_r(error, words, sizeof words));
}

enum err sorter_nameless_file(const char *folder, int *fd, struct why *why)
{
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0) { return OK; }
    char path[FILE_PATH_SIZE];
    const enum err err = file_join(path, folder, ".tocsin-map-XXXXXX", why);
    if (err) { return err; }
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0) { return failed(why, "make a temporary file", folder); }
    (void)unlink(path);
    return OK;
}

/* Merges two sorted neighbours of `from` into `to`; equal keys stay in order. */
static void merge(const struct entry *from, struct entry *to, size_t left, size_t right)
{
    size_t a = 0;
    size_t b = left;
    for (size_t i = 0; i < right; i++) {
        to[i] = b == right || (a < left && from[a].key <= from[b].key) ? from[a++] : from[b++];
    }
}

/* Merges pairs of sorted stretches of `width` from `entries` into `spare`. */
static void merge_all(const struct entry *entries, struct entry *spare, size_t count, size_t width)
{
    for (size_t i = 0; i < count; i += 2 * width) {
        const size_t left = count - i < width ? count - i : width;
        const size_t both = count - i < 2 * width ? count - i : 2 * width;
        const struct entry *from = entries + i;
        if (both == left || from[left - 1].key <= from[left].key) {
            memcpy(spare + i, from, both * sizeof *from);
        } else {
            merge(from, spare + i, left, both);
        }
    }
}

static bool is_sorted(const struct sorter *sorter)
{
    for (size_t i = 1; i < sorter->count; i++) {
        if (sorter->entries[i - 1].key > sorter->entries[i].key) { return false; }
    }
    return true;
}

/* Merge sort, from the bottom up. Records come nearly in order: what is in order is only copied. */
static void sort_entries(struct sorter *sorter)
{
    if (is_sorted(sorter)) { return; }
    if (!sorter->spare) { sorter->spare = MEM_ARRAY(struct entry, sorter->capacity); }
    for (size_t width = 1; width < sorter->count; width *= 2) {
        merge_all(sorter->entries, sorter->spare, sorter->count, width);
        struct entry *held = sorter->entries;
        sorter->entries = sorter->spare;
        sorter->spare = held;
    }
}

static struct span record_at(const struct sorter *sorter, uint64_t offset)
{
    uint32_t size = 0;
    memcpy(&size, sorter->records.data + offset, sizeof size);
    return span_of(sorter->records.data + offset + sizeof size, size);
}

static enum err write_out(struct sorter *sorter, struct bytes *block, struct why *why)
{
    size_t done = 0;
    while (done < block->size) {
        const ssize_t put =
            pwrite(sorter->fd, block->data + done, block->size - done, sorter->file_size);
        if (put < 0 && errno == EINTR) { continue; }
        if (put < 0) { return failed(why, "write a temporary file", sorter->folder); }
        done += (size_t)put;
        sorter->file_size += put;
    }
    block->size = 0;
    return OK;
}

/* Writes what is in memory as one sorted run. */
static enum err spill(struct sorter *sorter, struct why *why)
{
    if (sorter->run_count == RUNS_MAX) {
        return why_set(why, ERR_LIMIT, "the input needs more than %d sorted runs: give more memory",
                       RUNS_MAX);
    }
    enum err err = sorter->fd < 0 ? sorter_nameless_file(sorter->folder, &sorter->fd, why) : OK;
    sort_entries(sorter);
    struct bytes block = {0};
    const off_t begin = sorter->file_size;
    for (size_t i = 0; i < sorter->count && !err; i++) {
        const struct span record = record_at(sorter, sorter->entries[i].offset);
        const uint32_t size = (uint32_t)record.size;
        bytes_add(&block, &sorter->entries[i].key, sizeof(uint64_t));
        bytes_add(&block, &size, sizeof size);
        bytes_add(&block, record.data, record.size);
        if (block.size >= RUN_BUFFER_SIZE) { err = write_out(sorter, &block, why); }
    }
    if (!err) { err = write_out(sorter, &block, why); }
    bytes_deinit(&block);
    sorter->runs[sorter->run_count++] = (struct run){.at = begin, .end = sorter->file_size};
    sorter->count = 0;
    sorter->records.size = 0;
    return err;
}

static size_t memory_used(const struct sorter *sorter, size_t more)
{
    return sorter->records.size + more + sorter->count * 2 * sizeof(struct entry);
}

enum err sorter_add(struct sorter *sorter, uint64_t key, struct span record, struct why *why)
{
    if (record.size > SORTER_RECORD_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a record is larger than 1 GiB");
    }
    if (sorter->count > 0 && memory_used(sorter, record.size) > sorter->memory) {
        const enum err err = spill(sorter, why);
        if (err) { return err; }
    }
    if (sorter->count == sorter->capacity) {
        sorter->capacity = sorter->capacity ? sorter->capacity * 2 : 1024;
        sorter->entries = mem_resized(sorter->entries, sorter->capacity * sizeof *sorter->entries);
        free(sorter->spare);
        sorter->spare = NULL;
    }
    const uint32_t size = (uint32_t)record.size;
    sorter->entries[sorter->count++] = (struct entry){key, sorter->records.size};
    bytes_add(&sorter->records, &size, sizeof size);
    bytes_add(&sorter->records, record.data, record.size);
    sorter->total++;
    return OK;
}

/* Makes `size` bytes of the run visible behind `taken`. */
static enum err fill(struct sorter *sorter, struct run *run, size_t size, struct why *why)
{
    struct bytes *buffer = &run->buffer;
    if (buffer->size - run->taken >= size) { return OK; }
    buffer->size -= run->taken;
    if (buffer->size > 0) { memmove(buffer->data, buffer->data + run->taken, buffer->size); }
    run->taken = 0;
    const size_t wish = size > RUN_BUFFER_SIZE ? size : RUN_BUFFER_SIZE;
    (void)bytes_reserve(buffer, wish);
    while (buffer->size < size) {
        size_t room = buffer->capacity - buffer->size;
        if ((off_t)room > run->end - run->at) { room = (size_t)(run->end - run->at); }
        const ssize_t got = pread(sorter->fd, buffer->data + buffer->size, room, run->at);
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) { return failed(why, "read a temporary file", sorter->folder); }
        buffer->size += (size_t)got;
        run->at += got;
    }
    return OK;
}

static bool run_is_empty(const struct run *run)
{
    return run->at == run->end && run->taken == run->buffer.size;
}

/* Shows the run's next record: key, size and bytes. */
static enum err show(struct sorter *sorter, struct run *run, struct why *why)
{
    enum err err = fill(sorter, run, sizeof(uint64_t) + sizeof(uint32_t), why);
    if (err) { return err; }
    const uint8_t *head = run->buffer.data + run->taken;
    memcpy(&run->key, head, sizeof run->key);
    memcpy(&run->size, head + sizeof run->key, sizeof run->size);
    run->taken += sizeof run->key + sizeof run->size;
    return fill(sorter, run, run->size, why);
}

static bool before(const struct sorter *sorter, size_t a, size_t b)
{
    const uint64_t left = sorter->runs[a].key;
    const uint64_t right = sorter->runs[b].key;
    return left < right || (left == right && a < b);
}

static void sift_down(struct sorter *sorter, size_t at)
{
    const size_t run = sorter->heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= sorter->heap_count) { break; }
        if (child + 1 < sorter->heap_count &&
            before(sorter, sorter->heap[child + 1], sorter->heap[child])) {
            child++;
        }
        if (before(sorter, run, sorter->heap[child])) { break; }
        sorter->heap[at] = sorter->heap[child];
        at = child;
    }
    sorter->heap[at] = run;
}

enum err sorter_finish(struct sorter *sorter, struct why *why)
{
    sorter->next = 0;
    if (sorter->run_count == 0) {
        sort_entries(sorter);
        return OK;
    }
    enum err err = sorter->count > 0 ? spill(sorter, why) : OK;
    forget_memory(sorter);
    for (size_t i = 0; i < sorter->run_count && !err; i++) {
        err = show(sorter, &sorter->runs[i], why);
        sorter->heap[sorter->heap_count++] = i;
    }
    for (size_t i = sorter->heap_count; i-- > 0;) {
        sift_down(sorter, i);
    }
    sorter->next = SIZE_MAX; /* nothing was handed out yet */
    return err;
}

/* The run whose record was handed out last shows its next one, and finds its place. */
static enum err advance(struct sorter *sorter, struct why *why)
{
    struct run *run = &sorter->runs[sorter->heap[0]];
    run->taken += run->size;
    if (run_is_empty(run)) {
        bytes_deinit(&run->buffer);
        run->taken = 0;
        sorter->heap[0] = sorter->heap[--sorter->heap_count];
    } else {
        const enum err err = show(sorter, run, why);
        if (err) { return err; }
    }
    if (sorter->heap_count > 0) { sift_down(sorter, 0); }
    return OK;
}

enum err sorter_next(struct sorter *sorter, bool *more, uint64_t *key, struct span *record,
                     struct why *why)
{
    if (sorter->run_count == 0) {
        *more = sorter->next < sorter->count;
        if (!*more) { return OK; }
        *key = sorter->entries[sorter->next].key;
        *record = record_at(sorter, sorter->entries[sorter->next++].offset);
        return OK;
    }
    const enum err err = sorter->next == SIZE_MAX ? OK : advance(sorter, why);
    sorter->next = 0;
    *more = !err && sorter->heap_count > 0;
    if (!*more) { return err; }
    const struct run *run = &sorter->runs[sorter->heap[0]];
    *key = run->key;
    *record = span_of(run->buffer.data + run->taken, run->size);
    return OK;
}
