#include "geodata/osm_store.h"

#include "check.h"

enum { COUNT = 200000 };

static void test_finding(void)
{
    CLEANUP(osm_store_free_p) struct osm_store *store = NULL;
    struct bytes nodes = {0};
    struct point point;
    bool right = true;
    CHECK(osm_store_new(&store, "/tmp", NULL) == OK);
    for (int64_t i = 0; i < COUNT; i++) {
        right =
            right && osm_store_add_node(store, i * 3 - 1000, (struct point){i, 2 * i}, NULL) == OK;
    }
    CHECK(right && osm_store_settle_nodes(store, NULL) == OK);
    CHECK(osm_store_add_node(store, INT64_MAX, (struct point){0, 0}, NULL) == ERR_MALFORMED);
    for (int64_t i = 0; i < COUNT; i++) {
        right = right && osm_store_node(store, i * 3 - 1000, &point) && point.y == 2 * i;
    }
    CHECK(right);
    CHECK(!osm_store_node(store, -999, &point) && !osm_store_node(store, INT64_MIN, &point));
    const int64_t refs[] = {INT64_MAX, INT64_MIN, 7, 7, -5};
    CHECK(osm_store_add_way(store, 5, refs, 5, NULL) == OK);
    CHECK(osm_store_add_way(store, 6, refs, 0, NULL) == OK);
    CHECK(osm_store_add_way(store, 9, refs + 2, 3, NULL) == OK);
    CHECK(osm_store_settle_ways(store, NULL) == OK && osm_store_settle_ways(store, NULL) == OK);
    CHECK(osm_store_way(store, 5, &nodes) && nodes.size == sizeof refs);
    CHECK(memcmp(nodes.data, refs, sizeof refs) == 0);
    CHECK(osm_store_way(store, 9, &nodes) && nodes.size == sizeof refs + 3 * sizeof refs[0]);
    CHECK(osm_store_way(store, 6, &nodes) && nodes.size == sizeof refs + 3 * sizeof refs[0]);
    CHECK(!osm_store_way(store, 7, &nodes));
    bytes_deinit(&nodes);
}

static void test_order(void)
{
    CLEANUP(osm_store_free_p) struct osm_store *store = NULL;
    struct why why = {0};
    struct point point = {WORLD_SIZE, WORLD_SIZE};
    CHECK(osm_store_new(&store, "/tmp", NULL) == OK);
    CHECK(osm_store_add_node(store, 5, point, NULL) == OK);
    CHECK(osm_store_add_node(store, 5, point, &why) == ERR_MALFORMED && strstr(why.text, "sort"));
    CHECK(osm_store_settle_nodes(store, NULL) == OK);
    CHECK(osm_store_node(store, 5, &point) && point.x == WORLD_SIZE - 1); /* the edge is within */
    CHECK(osm_store_add_way(store, 2, NULL, 0, NULL) == OK);
    CHECK(osm_store_add_way(store, 1, NULL, 0, NULL) == ERR_MALFORMED);
    struct osm_store *none = NULL;
    CHECK(osm_store_new(&none, "/nonexistent", NULL) == ERR_IO && !none);
}

int main(void)
{
    test_finding();
    test_order();
    return CHECK_DONE();
}
