#include "geodata/osm_ring.h"

#include "check.h"

/* A grid of nodes: number 100 * x + y is at (x, y). */
static struct osm_store *grid(void)
{
    struct osm_store *store = NULL;
    CHECK(osm_store_new(&store, "/tmp", NULL) == OK);
    for (int64_t i = 0; i < 10000; i++) {
        if (osm_store_add_node(store, i, (struct point){i / 100 * 1000, i % 100 * 1000}, NULL)) {
            abort();
        }
    }
    CHECK(osm_store_settle_nodes(store, NULL) == OK);
    return store;
}

#define ADD(rings, hole, ...)                                                                      \
    CHECK(osm_rings_add((rings), (const int64_t[]){__VA_ARGS__},                                   \
                        sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (hole),          \
                        NULL) == OK)

/* Three ways, two of them backwards, make one ring; two holes; an island in one of these. */
static void test_joining(struct osm_store *store)
{
    CLEANUP(osm_rings_free_p) struct osm_rings *rings = osm_rings_new();
    struct shape shape = {0};
    ADD(rings, false, 0, 2000, 4000);
    ADD(rings, true, 1010, 1020, 2020, 1010);
    ADD(rings, false, 4040, 4000);
    ADD(rings, false, 4040, 40, 0);
    ADD(rings, true, 3010, 3030);
    ADD(rings, true, 3530, 3510, 3010);
    ADD(rings, true, 3530, 3030);
    ADD(rings, false, 3215, 3225, 3325, 3215);
    CHECK(osm_rings_polygon(rings, store, &shape));
    CHECK(shape.part_count == 4 && shape.count == 5 + 3 + 4 + 3);
    CHECK(!shape.parts[0].hole && shape.parts[1].hole && shape.parts[2].hole);
    CHECK(!shape.parts[3].hole && shape.parts[0].end == 5);
    osm_rings_clear(rings);
    CHECK(!osm_rings_polygon(rings, store, &shape));
    ADD(rings, false, 0, 2000, 2020, 0); /* a used one does as before */
    CHECK(osm_rings_polygon(rings, store, &shape) && shape.count == 3);
    shape_deinit(&shape);
}

static void test_not_whole(struct osm_store *store)
{
    CLEANUP(osm_rings_free_p) struct osm_rings *rings = osm_rings_new();
    struct shape shape = {0};
    ADD(rings, false, 0, 2000, 4000);
    CHECK(!osm_rings_polygon(rings, store, &shape)); /* does not close */
    osm_rings_clear(rings);
    ADD(rings, false, 0, 2000, 99999, 0);
    CHECK(!osm_rings_polygon(rings, store, &shape)); /* a node is not there */
    osm_rings_clear(rings);
    ADD(rings, false, 0, 2000, 2020, 0);
    ADD(rings, true, 5010, 5020, 6020, 5010);
    CHECK(!osm_rings_polygon(rings, store, &shape)); /* a hole in nothing */
    osm_rings_clear(rings);
    ADD(rings, true, 5010, 5020, 6020, 5010);
    CHECK(!osm_rings_polygon(rings, store, &shape));
    osm_rings_clear(rings);
    ADD(rings, false, 0, 2000, 0);
    CHECK(!osm_rings_polygon(rings, store, &shape)); /* there and back */
    osm_rings_clear(rings);
    ADD(rings, false, 0);
    CHECK(!osm_rings_polygon(rings, store, &shape));
    shape_deinit(&shape);
}

static void test_limit(void)
{
    CLEANUP(osm_rings_free_p) struct osm_rings *rings = osm_rings_new();
    const int64_t nodes[2] = {1, 2};
    enum err err = OK;
    int added = 0;
    while (!err && added <= OSM_RING_WAYS_MAX) {
        err = osm_rings_add(rings, nodes, 2, false, NULL);
        added++;
    }
    CHECK(err == ERR_LIMIT && added == OSM_RING_WAYS_MAX + 1);
}

int main(void)
{
    CLEANUP(osm_store_free_p) struct osm_store *store = grid();
    test_joining(store);
    test_not_whole(store);
    test_limit();
    return CHECK_DONE();
}
