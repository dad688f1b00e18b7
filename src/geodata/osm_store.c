#include "geodata/osm_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "geodata/proto.h"
#include "system/file.h"

enum { BUFFER_SIZE = 1 << 20, LOOKUPS_MAX = 1 << 22 };

/* A file that is written from front to back, then seen as memory. */
struct table {
    int fd;
    struct bytes buffer; /* what is not written yet */
    uint64_t size;       /* with the buffer */
    const uint8_t *map;  /* NULL until it is settled, and when it is empty */
    bool settled;
};

struct node {
    int64_t id;
    uint32_t x, y;
};

struct way {
    int64_t id;
    uint64_t at; /* of its count and nodes, in `runs` */
};

struct osm_store {
    struct table nodes, ways, runs;
    int64_t last_node, last_way;
    uint64_t lookups; /* since the memory was given back */
};

static enum err failed(struct why *why, const char *what)
{
    return why_set(why, ERR_IO, "cannot %s a temporary file: error %d", what, errno);
}

static enum err nameless_file(const char *folder, int *fd, struct why *why)
{
    *fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0) { return OK; }
    char path[FILE_PATH_SIZE];
    const enum err err = file_join(path, folder, ".tocsin-map-XXXXXX", why);
    if (err) { return err; }
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0) { return failed(why, "make"); }
    (void)unlink(path);
    return OK;
}

static void table_deinit(struct table *table)
{
    if (table->map) { (void)munmap((void *)(uintptr_t)table->map, table->size); }
    if (table->fd >= 0) { (void)close(table->fd); }
    bytes_deinit(&table->buffer);
}

static enum err flush(struct table *table, struct why *why)
{
    size_t done = 0;
    while (done < table->buffer.size) {
        const ssize_t put = write(table->fd, table->buffer.data + done, table->buffer.size - done);
        if (put < 0 && errno != EINTR) { return failed(why, "write"); }
        if (put > 0) { done += (size_t)put; }
    }
    table->buffer.size = 0;
    return OK;
}

static enum err append(struct table *table, const void *data, size_t size, struct why *why)
{
    bytes_add(&table->buffer, data, size);
    table->size += size;
    return table->buffer.size < BUFFER_SIZE ? OK : flush(table, why);
}

static enum err settle(struct table *table, struct why *why)
{
    if (table->settled) { return OK; }
    const enum err err = flush(table, why);
    if (err) { return err; }
    table->settled = true;
    bytes_deinit(&table->buffer);
    if (table->size == 0) { return OK; }
    void *map = mmap(NULL, table->size, PROT_READ, MAP_SHARED, table->fd, 0);
    if (map == MAP_FAILED) { return failed(why, "map"); }
    table->map = map;
    return OK;
}

enum err osm_store_new(struct osm_store **out, const char *folder, struct why *why)
{
    CLEANUP(osm_store_free_p) struct osm_store *store = MEM_NEW(struct osm_store);
    store->nodes.fd = store->ways.fd = store->runs.fd = -1;
    store->last_node = store->last_way = INT64_MIN;
    enum err err = nameless_file(folder, &store->nodes.fd, why);
    if (!err) { err = nameless_file(folder, &store->ways.fd, why); }
    if (!err) { err = nameless_file(folder, &store->runs.fd, why); }
    if (!err) { *out = TAKE(store); }
    return err;
}

void osm_store_free(struct osm_store *store)
{
    if (!store) { return; }
    table_deinit(&store->nodes);
    table_deinit(&store->ways);
    table_deinit(&store->runs);
    free(store);
}

/* May an object with this id follow the last one? */
static enum err check_next(const struct table *table, int64_t id, int64_t *last, struct why *why)
{
    if (table->settled || (table->size > 0 && id <= *last)) {
        return why_set(why, ERR_MALFORMED,
                       "its objects are not sorted by type and id: run osmium sort on it first");
    }
    *last = id;
    return OK;
}

enum err osm_store_add_node(struct osm_store *store, int64_t id, struct point point,
                            struct why *why)
{
    const struct node node = {
        .id = id,
        .x = point.x >= WORLD_SIZE ? UINT32_MAX : (uint32_t)point.x,
        .y = point.y >= WORLD_SIZE ? UINT32_MAX : (uint32_t)point.y,
    };
    const enum err err = check_next(&store->nodes, id, &store->last_node, why);
    if (err) { return err; }
    if (store->nodes.size / sizeof node >= OSM_STORE_NODES_MAX) {
        return why_set(why, ERR_LIMIT, "it has more than 2^34 nodes");
    }
    return append(&store->nodes, &node, sizeof node, why);
}

enum err osm_store_add_way(struct osm_store *store, int64_t id, const int64_t *nodes, size_t count,
                           struct why *why)
{
    const struct way way = {id, store->runs.size};
    enum err err = check_next(&store->ways, id, &store->last_way, why);
    if (err) { return err; }
    if (store->ways.size / sizeof way >= OSM_STORE_WAYS_MAX) {
        return why_set(why, ERR_LIMIT, "it has more than 2^31 ways");
    }
    err = append(&store->ways, &way, sizeof way, why);
    uint8_t coded[VARINT_SIZE_MAX];
    uint64_t before = 0;
    if (!err) { err = append(&store->runs, coded, varint_write(coded, count), why); }
    for (size_t i = 0; i < count && !err; i++) {
        const uint64_t step = (uint64_t)nodes[i] - before;
        before = (uint64_t)nodes[i];
        err = append(&store->runs, coded, varint_write(coded, zigzag((int64_t)step)), why);
    }
    return err;
}

enum err osm_store_settle_nodes(struct osm_store *store, struct why *why)
{
    return settle(&store->nodes, why);
}

enum err osm_store_settle_ways(struct osm_store *store, struct why *why)
{
    const enum err err = settle(&store->ways, why);
    return err ? err : settle(&store->runs, why);
}

static void forget(const struct table *table)
{
    if (table->map) { (void)madvise((void *)(uintptr_t)table->map, table->size, MADV_DONTNEED); }
}

/* Finds `id` in a table of records of 16 bytes that begin with their ids. NULL: it has none. */
static const uint8_t *find(struct osm_store *store, const struct table *table, int64_t id)
{
    size_t from = 0;
    size_t to = table->map ? table->size / 16 : 0;
    if (++store->lookups == LOOKUPS_MAX) {
        store->lookups = 0;
        forget(&store->nodes);
        forget(&store->ways);
        forget(&store->runs);
    }
    while (from < to) {
        const size_t middle = (from + to) / 2;
        int64_t found = 0;
        memcpy(&found, table->map + middle * 16, sizeof found);
        if (found == id) { return table->map + middle * 16; }
        if (found < id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

bool osm_store_node(struct osm_store *store, int64_t id, struct point *point)
{
    _Static_assert(sizeof(struct node) == 16, "find() looks for records of 16 bytes");
    struct node node;
    const uint8_t *record = find(store, &store->nodes, id);
    if (!record) { return false; }
    memcpy(&node, record, sizeof node);
    *point = (struct point){node.x, node.y};
    return true;
}

bool osm_store_way(struct osm_store *store, int64_t id, struct bytes *nodes)
{
    _Static_assert(sizeof(struct way) == 16, "find() looks for records of 16 bytes");
    struct way way;
    const uint8_t *record = find(store, &store->ways, id);
    if (!record) { return false; }
    memcpy(&way, record, sizeof way);
    struct proto run =
        proto_over(span_of(store->runs.map + way.at, (size_t)(store->runs.size - way.at)));
    uint64_t node = 0;
    for (uint64_t left = proto_varint(&run); left > 0; left--) {
        node += (uint64_t)unzigzag(proto_varint(&run));
        bytes_add(nodes, &node, sizeof node);
    }
    return true;
}
