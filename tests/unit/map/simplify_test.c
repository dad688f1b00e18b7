#include "map/simplify.h"

#include <stdlib.h>

#include "check.h"
#include "map/tile.h"
#include "unit/map/shapes.h"

enum { BORDER = 200 };

/* A crooked border from top to bottom, the same for both neighbours. */
static struct point border_point(int i)
{
    srandom(42 + (unsigned)i); /* each point by itself: the order of asking does not matter */
    return (struct point){1000000000 + (int64_t)(random() % 200000),
                          1000000000 + 1000000 * (int64_t)i};
}

/* The border, and three more corners on one side or the other. */
static void neighbour(struct shape *shape, bool west, int start)
{
    struct point ring[BORDER + 2];
    int count = 0;
    for (int i = 0; i < BORDER; i++) {
        ring[count++] = border_point(west ? i : BORDER - 1 - i);
    }
    const int64_t x = west ? 500000000 : 1500000000;
    ring[count++] = (struct point){x, west ? 1300000000 : 900000000};
    ring[count++] = (struct point){x, west ? 900000000 : 1300000000};
    shape->kind = SHAPE_KIND_POLYGON;
    for (int i = 0; i < count; i++) {
        shape_add(shape, ring[(i + start) % count]);
    }
    shape_end_part(shape, false);
}

static uint8_t zoom_at(const struct shape *shape, const uint8_t *zooms, struct point point)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->points[i].x == point.x && shape->points[i].y == point.y) { return zooms[i]; }
    }
    return 99;
}

/* Neighbours that walk their border in opposite directions, from different starts, agree on it. */
static void test_shared_border(void)
{
    struct shape shapes[2] = {{0}, {0}};
    uint8_t zooms[2][BORDER + 2];
    neighbour(&shapes[0], true, 0);
    neighbour(&shapes[1], false, 77);
    CLEANUP(topology_free_p) struct topology *topology = topology_new(1000);
    topology_add(topology, &shapes[0]);
    topology_add(topology, &shapes[1]);
    topology_zooms(topology, &shapes[0], 1, zooms[0]);
    topology_zooms(topology, &shapes[1], 1, zooms[1]);
    bool same = true;
    size_t low = 0;
    for (int i = 0; i < BORDER; i++) {
        const struct point point = border_point(i);
        const uint8_t zoom = zoom_at(&shapes[0], zooms[0], point);
        same = same && zoom == zoom_at(&shapes[1], zooms[1], point);
        low += zoom <= 3;
    }
    CHECK(same);
    CHECK(low > 2 && low < BORDER); /* it simplifies, and not all of it away */
    CHECK(zoom_at(&shapes[0], zooms[0], border_point(0)) == 0); /* where borders part */
    CHECK(zoom_at(&shapes[0], zooms[0], border_point(BORDER - 1)) == 0);
    shape_deinit(&shapes[0]);
    shape_deinit(&shapes[1]);
}

static void test_distance(void)
{
    struct shape line = {.kind = SHAPE_KIND_LINE};
    uint8_t zooms[5];
    /* At zoom 4 a step is 2^16 units. */
    SHAPES_PART(&line, false, 0, 0, 1000000, 1 << 16, 2000000, 0, 3000000, 0, 4000000, 0);
    CLEANUP(topology_free_p) struct topology *topology = topology_new(5);
    topology_add(topology, &line);
    topology_zooms(topology, &line, 1, zooms);
    CHECK(zooms[0] == 0 && zooms[4] == 0);
    CHECK(zooms[1] == 4);
    CHECK(zooms[2] >= 4 && zooms[2] <= 6);
    CHECK(zooms[3] == SIMPLIFY_NEVER); /* exactly on the line */
    topology_zooms(topology, &line, 2, zooms);
    CHECK(zooms[1] == 5);
    shape_deinit(&line);
}

/* An island and the hole around it are one border, wherever each ring starts. */
static void test_island(void)
{
    struct shape shapes[2] = {{.kind = SHAPE_KIND_POLYGON}, {.kind = SHAPE_KIND_POLYGON}};
    for (int i = 0; i < 50; i++) {
        const struct point there = border_point(i * 7 % 50);
        const struct point back = border_point((60 - i) * 7 % 50);
        shape_add(&shapes[0], there);
        shape_add(&shapes[1], back);
    }
    shape_end_part(&shapes[0], false);
    shape_end_part(&shapes[1], false);
    uint8_t zooms[2][50];
    CLEANUP(topology_free_p) struct topology *topology = topology_new(100);
    topology_add(topology, &shapes[0]);
    topology_add(topology, &shapes[1]);
    topology_zooms(topology, &shapes[0], 1, zooms[0]);
    topology_zooms(topology, &shapes[1], 1, zooms[1]);
    bool same = true;
    for (int i = 0; i < 50; i++) {
        same = same && zoom_at(&shapes[0], zooms[0], border_point(i)) ==
                           zoom_at(&shapes[1], zooms[1], border_point(i));
    }
    CHECK(same);
    shape_deinit(&shapes[0]);
    shape_deinit(&shapes[1]);
}

int main(void)
{
    test_shared_border();
    test_distance();
    test_island();
    return CHECK_DONE();
}
