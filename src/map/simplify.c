#include "map/simplify.h"

#include <math.h>
#include <string.h>

#include "map/tile.h"

/* A vertex and whom it has for neighbours. JUNCTION: not always the same two. */
struct slot {
    uint64_t vertex;     /* hash of its place; 0: empty slot */
    uint64_t neighbours; /* sum of their hashes */
};

#define JUNCTION UINT64_C(0)

struct topology {
    struct slot *slots;
    uint64_t mask;
};

/* One stretch of an arc whose ends are settled. */
struct stretch {
    size_t first, last;
    double cap; /* square of the distance that made its ends; a vertex between counts no more */
};

struct arc {
    const struct shape *shape;
    size_t begin, size; /* of its ring or line, in the shape */
    size_t from, count; /* vertices of the arc, counted within the ring */
    bool backwards;
    double tolerance;
    uint8_t *zooms; /* of the whole shape */
};

struct topology *topology_new(uint64_t vertex_count)
{
    uint64_t slot_count = 1024;
    while (slot_count < vertex_count + vertex_count / 2) {
        slot_count *= 2;
    }
    struct topology *topology = MEM_NEW(struct topology);
    topology->slots = MEM_ARRAY(struct slot, slot_count);
    topology->mask = slot_count - 1;
    return topology;
}

void topology_free(struct topology *topology)
{
    if (!topology) { return; }
    free(topology->slots);
    free(topology);
}

/* Never 0. Two vertices with one hash would only make a junction too many. */
static uint64_t hash(struct point point)
{
    uint64_t sum = (uint64_t)point.x * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)point.y;
    sum = (sum ^ (sum >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    sum = (sum ^ (sum >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return (sum ^ (sum >> 32)) | 1;
}

static struct slot *find(const struct topology *topology, uint64_t vertex)
{
    for (uint64_t i = vertex >> 1;; i++) {
        struct slot *slot = &topology->slots[i & topology->mask];
        if (slot->vertex == vertex || slot->vertex == 0) { return slot; }
    }
}

static void add_vertex(struct topology *topology, struct point point, uint64_t neighbours)
{
    const uint64_t vertex = hash(point);
    struct slot *slot = find(topology, vertex);
    if (slot->vertex == 0) {
        *slot = (struct slot){vertex, neighbours};
    } else if (slot->neighbours != neighbours) {
        slot->neighbours = JUNCTION;
    }
}

void topology_add(struct topology *topology, const struct shape *shape)
{
    const bool ring = shape->kind == SHAPE_KIND_POLYGON;
    for (size_t part = 0; part < shape->part_count; part++) {
        const size_t begin = shape_part_begin(shape, part);
        const size_t size = shape->parts[part].end - begin;
        const struct point *points = shape->points + begin;
        for (size_t i = 0; i < size; i++) {
            const bool end = !ring && (i == 0 || i == size - 1);
            const uint64_t sum = hash(points[(i + size - 1) % size]) + hash(points[(i + 1) % size]);
            add_vertex(topology, points[i], end ? JUNCTION : sum ? sum : 1);
        }
    }
}

static bool is_junction(const struct topology *topology, struct point point)
{
    return find(topology, hash(point))->neighbours == JUNCTION;
}

/* Index in the shape of the arc's vertex number `i` in its own direction. */
static size_t vertex_of(const struct arc *arc, size_t i)
{
    const size_t place = arc->from + (arc->backwards ? arc->count - 1 - i : i);
    return arc->begin + (place >= arc->size ? place - arc->size : place);
}

static struct point point_of(const struct arc *arc, size_t i)
{
    return arc->shape->points[vertex_of(arc, i)];
}

static int compare(struct point a, struct point b)
{
    if (a.x != b.x) { return a.x < b.x ? -1 : 1; }
    return (a.y > b.y) - (a.y < b.y);
}

/* The direction whose first vertices come first in the world. */
static bool reads_backwards(const struct arc *arc)
{
    for (size_t i = 0; i < arc->count / 2; i++) {
        const int order = compare(point_of(arc, i), point_of(arc, arc->count - 1 - i));
        if (order != 0) { return order > 0; }
    }
    return false;
}

/* Square of the distance from `point` to the stretch between `a` and `b`. */
static double distance2(struct point point, struct point a, struct point b)
{
    const double dx = (double)(b.x - a.x);
    const double dy = (double)(b.y - a.y);
    double px = (double)(point.x - a.x);
    double py = (double)(point.y - a.y);
    const double length2 = dx * dx + dy * dy;
    if (length2 > 0) {
        const double share = (px * dx + py * dy) / length2;
        if (share >= 1) {
            px -= dx;
            py -= dy;
        } else if (share > 0) {
            px -= dx * share;
            py -= dy * share;
        }
    }
    return px * px + py * py;
}

/* The first zoom at which `distance` is `tolerance` steps: 2^(20 - zoom) units each. */
static uint8_t zoom_of(double squared, double tolerance)
{
    if (squared <= 0) { return SIMPLIFY_NEVER; }
    const double steps = sqrt(squared) / tolerance;
    const double zoom = ceil((double)tile_step_bits(0) - log2(steps));
    if (zoom <= 0) { return 0; }
    return zoom >= SIMPLIFY_NEVER ? SIMPLIFY_NEVER : (uint8_t)zoom;
}

/* The vertex farthest from the stretch; of equals, the one nearest to its middle. */
static size_t farthest(const struct arc *arc, struct stretch stretch, double *squared)
{
    const struct point a = point_of(arc, stretch.first);
    const struct point b = point_of(arc, stretch.last);
    const size_t middle = stretch.first + (stretch.last - stretch.first) / 2;
    size_t found = 0;
    size_t found_off = 0;
    *squared = -1;
    for (size_t i = stretch.first + 1; i < stretch.last; i++) {
        const double square = distance2(point_of(arc, i), a, b);
        const size_t off = i > middle ? i - middle : middle - i;
        if (square > *squared || (square == *squared && off < found_off)) {
            *squared = square;
            found = i;
            found_off = off;
        }
    }
    return found;
}

static void settle_arc(struct arc *arc)
{
    arc->backwards = reads_backwards(arc);
    size_t capacity = 32;
    struct stretch *open = MEM_ARRAY(struct stretch, capacity);
    size_t count = 1;
    open[0] = (struct stretch){0, arc->count - 1, HUGE_VAL};
    while (count > 0) {
        const struct stretch stretch = open[--count];
        if (stretch.last - stretch.first < 2) { continue; }
        double squared = 0;
        const size_t split = farthest(arc, stretch, &squared);
        if (squared > stretch.cap) { squared = stretch.cap; }
        arc->zooms[vertex_of(arc, split)] = zoom_of(squared, arc->tolerance);
        if (count + 2 > capacity) {
            capacity *= 2;
            open = mem_resized(open, capacity * sizeof *open);
        }
        open[count++] = (struct stretch){stretch.first, split, squared};
        open[count++] = (struct stretch){split, stretch.last, squared};
    }
    free(open);
}

/* A ring without junctions begins at its first vertex in the world, whoever owns it. */
static size_t ring_start(const struct topology *topology, const struct point *points, size_t size)
{
    size_t least = 0;
    for (size_t i = 0; i < size; i++) {
        if (is_junction(topology, points[i])) { return i; }
        if (compare(points[i], points[least]) < 0) { least = i; }
    }
    return least;
}

/* Cuts the part into arcs from `start` on. A ring comes back to it. */
static void settle_part(const struct topology *topology, struct arc *arc, size_t start, bool ring)
{
    const struct point *points = arc->shape->points + arc->begin;
    const size_t last = ring ? arc->size : arc->size - 1;
    size_t from = 0;
    arc->zooms[arc->begin + start] = 0;
    for (size_t i = 1; i <= last; i++) {
        const size_t place = (start + i) % arc->size;
        if (i < last && !is_junction(topology, points[place])) { continue; }
        arc->zooms[arc->begin + place] = 0;
        arc->from = (start + from) % arc->size;
        arc->count = i - from + 1;
        settle_arc(arc);
        from = i;
    }
}

void topology_zooms(const struct topology *topology, const struct shape *shape, double tolerance,
                    uint8_t *zooms)
{
    const bool ring = shape->kind == SHAPE_KIND_POLYGON;
    for (size_t part = 0; part < shape->part_count; part++) {
        struct arc arc = {.shape = shape, .tolerance = tolerance, .zooms = zooms};
        arc.begin = shape_part_begin(shape, part);
        arc.size = shape->parts[part].end - arc.begin;
        if (arc.size < 3) {
            memset(zooms + arc.begin, 0, arc.size);
            continue;
        }
        const size_t start = ring ? ring_start(topology, shape->points + arc.begin, arc.size) : 0;
        settle_part(topology, &arc, start, ring);
    }
}
