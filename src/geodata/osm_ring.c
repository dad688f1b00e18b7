#include "geodata/osm_ring.h"

struct way {
    size_t begin, count; /* in `nodes` */
    bool hole, used;
};

struct end {
    int64_t node;
    size_t way;
};

/* A ring that was joined: `begin` and `count` are of `joined`. */
struct ring {
    size_t begin, count;
    bool hole;
};

struct osm_rings {
    struct bytes nodes;  /* int64_t */
    struct bytes ways;   /* struct way */
    struct bytes ends;   /* struct end, sorted by node */
    struct bytes joined; /* int64_t, the nodes of all rings; first ones are not repeated */
    struct bytes rings;  /* struct ring */
    struct shape holes;  /* one part a hole */
};

struct osm_rings *osm_rings_new(void)
{
    return MEM_NEW(struct osm_rings);
}

void osm_rings_free(struct osm_rings *rings)
{
    if (!rings) { return; }
    bytes_deinit(&rings->nodes);
    bytes_deinit(&rings->ways);
    bytes_deinit(&rings->ends);
    bytes_deinit(&rings->joined);
    bytes_deinit(&rings->rings);
    shape_deinit(&rings->holes);
    free(rings);
}

void osm_rings_clear(struct osm_rings *rings)
{
    rings->nodes.size = 0;
    rings->ways.size = 0;
}

enum err osm_rings_add(struct osm_rings *rings, const int64_t *nodes, size_t count, bool hole,
                       struct why *why)
{
    const struct way way = {rings->nodes.size / sizeof *nodes, count, hole, false};
    if (count < 2) { return OK; }
    if (rings->ways.size / sizeof way == OSM_RING_WAYS_MAX ||
        way.begin + count > OSM_RING_NODES_MAX) {
        return why_set(why, ERR_LIMIT, "a multipolygon has more than %d ways or %d nodes",
                       OSM_RING_WAYS_MAX, OSM_RING_NODES_MAX);
    }
    bytes_add(&rings->nodes, nodes, count * sizeof *nodes);
    bytes_add(&rings->ways, &way, sizeof way);
    return OK;
}

static struct way *ways_of(const struct osm_rings *rings, size_t *count)
{
    *count = rings->ways.size / sizeof(struct way);
    return (struct way *)(void *)rings->ways.data;
}

static const int64_t *nodes_of(const struct osm_rings *rings, const struct way *way)
{
    return (const int64_t *)(const void *)rings->nodes.data + way->begin;
}

static int compare(const void *a, const void *b)
{
    const struct end *one = a;
    const struct end *other = b;
    if (one->node != other->node) { return one->node < other->node ? -1 : 1; }
    return (one->way > other->way) - (one->way < other->way);
}

static void list_ends(struct osm_rings *rings)
{
    size_t count = 0;
    const struct way *ways = ways_of(rings, &count);
    rings->ends.size = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t *nodes = nodes_of(rings, &ways[i]);
        const struct end ends[2] = {{nodes[0], i}, {nodes[ways[i].count - 1], i}};
        bytes_add(&rings->ends, ends, sizeof ends);
    }
    if (count > 0) { qsort(rings->ends.data, 2 * count, sizeof(struct end), compare); }
}

/* An unused way of the same role that ends at `node`, or NULL. */
static struct way *way_at(const struct osm_rings *rings, int64_t node, bool hole)
{
    size_t count = 0;
    struct way *ways = ways_of(rings, &count);
    const struct end *ends = (const struct end *)(const void *)rings->ends.data;
    size_t from = 0;
    size_t to = 2 * count;
    while (from < to) {
        const size_t middle = (from + to) / 2;
        if (ends[middle].node < node) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    for (; from < 2 * count && ends[from].node == node; from++) {
        struct way *way = &ways[ends[from].way];
        if (!way->used && way->hole == hole) { return way; }
    }
    return NULL;
}

/* Adds a way's nodes but the one it begins at, in the direction that leads away from it. */
static int64_t follow(struct osm_rings *rings, struct way *way, int64_t from)
{
    const int64_t *nodes = nodes_of(rings, way);
    const bool forward = nodes[0] == from;
    int64_t last = from;
    for (size_t i = 1; i < way->count; i++) {
        last = forward ? nodes[i] : nodes[way->count - 1 - i];
        bytes_add(&rings->joined, &last, sizeof last);
    }
    way->used = true;
    return last;
}

/* Joins one ring, beginning with `way`. False when it does not close. */
static bool join(struct osm_rings *rings, struct way *way)
{
    const int64_t first = nodes_of(rings, way)[0];
    struct ring ring = {.begin = rings->joined.size / sizeof first, .hole = way->hole};
    int64_t last = first;
    while (way) {
        last = follow(rings, way, last);
        if (last == first) { break; }
        way = way_at(rings, last, ring.hole);
    }
    ring.count = rings->joined.size / sizeof first - ring.begin;
    bytes_add(&rings->rings, &ring, sizeof ring);
    return last == first && ring.count >= 3;
}

static bool join_all(struct osm_rings *rings)
{
    size_t count = 0;
    struct way *ways = ways_of(rings, &count);
    rings->joined.size = 0;
    rings->rings.size = 0;
    list_ends(rings);
    for (size_t i = 0; i < count; i++) {
        if (!ways[i].used && !join(rings, &ways[i])) { return false; }
    }
    return count > 0;
}

/* Adds a ring's points to `shape` as a part. False when a node is not there. */
static bool add_ring(const struct osm_rings *rings, const struct ring *ring,
                     struct osm_store *store, struct shape *shape)
{
    const int64_t *nodes = (const int64_t *)(const void *)rings->joined.data + ring->begin;
    for (size_t i = 0; i < ring->count; i++) {
        struct point point;
        if (!osm_store_node(store, nodes[i], &point)) { return false; }
        shape_add(shape, point);
    }
    shape_end_part(shape, ring->hole);
    return true;
}

/* Is the point within the ring? Counts the borders to its right. */
static bool contains(const struct point *ring, size_t count, struct point point)
{
    bool within = false;
    for (size_t i = 0; i < count; i++) {
        const struct point a = ring[i];
        const struct point b = ring[i + 1 < count ? i + 1 : 0];
        if ((a.y > point.y) == (b.y > point.y)) { continue; }
        const double at = (double)(b.x - a.x) * (double)(point.y - a.y) / (double)(b.y - a.y);
        within ^= (double)(point.x - a.x) < at;
    }
    return within;
}

/* Most of a hole's points decide: some may lie on the ring's border. */
static bool lies_in(const struct osm_rings *rings, size_t hole, const struct point *ring,
                    size_t count)
{
    enum { ASKED_MAX = 15 };
    const size_t begin = shape_part_begin(&rings->holes, hole);
    const size_t points = rings->holes.parts[hole].end - begin;
    const size_t asked = points < ASKED_MAX ? points : ASKED_MAX;
    size_t within = 0;
    for (size_t i = 0; i < asked; i++) {
        within += contains(ring, count, rings->holes.points[begin + i * points / asked]);
    }
    return within * 2 > asked;
}

/* Appends to `shape` the holes that lie in its last part, and marks them as placed. */
static void add_holes(const struct osm_rings *rings, bool *placed, struct shape *shape)
{
    const size_t outer = shape->part_count - 1;
    const size_t begin = shape_part_begin(shape, outer);
    const size_t count = shape->parts[outer].end - begin;
    for (size_t hole = 0; hole < rings->holes.part_count; hole++) {
        if (placed[hole] || !lies_in(rings, hole, shape->points + begin, count)) { continue; }
        placed[hole] = true;
        for (size_t i = shape_part_begin(&rings->holes, hole); i < rings->holes.parts[hole].end;
             i++) {
            shape_add(shape, rings->holes.points[i]);
        }
        shape_end_part(shape, true);
    }
}

static bool build(struct osm_rings *rings, struct osm_store *store, struct shape *shape)
{
    const struct ring *ring = (const struct ring *)(const void *)rings->rings.data;
    const size_t count = rings->rings.size / sizeof *ring;
    shape_clear(&rings->holes);
    rings->holes.kind = SHAPE_KIND_POLYGON;
    for (size_t i = 0; i < count; i++) {
        if (ring[i].hole && !add_ring(rings, &ring[i], store, &rings->holes)) { return false; }
    }
    CLEANUP(mem_free_p) bool *placed = MEM_ARRAY(bool, rings->holes.part_count + 1);
    for (size_t i = 0; i < count; i++) {
        if (ring[i].hole) { continue; }
        if (!add_ring(rings, &ring[i], store, shape)) { return false; }
        add_holes(rings, placed, shape);
    }
    bool all = shape->count > 0;
    for (size_t i = 0; i < rings->holes.part_count; i++) {
        all = all && placed[i];
    }
    return all;
}

bool osm_rings_polygon(struct osm_rings *rings, struct osm_store *store, struct shape *shape)
{
    shape_clear(shape);
    shape->kind = SHAPE_KIND_POLYGON;
    return join_all(rings) && build(rings, store, shape);
}
