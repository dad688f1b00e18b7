#include "map/tile.h"

#include "check.h"

static void test_known_ids(void)
{
    CHECK(tile_id((struct tile){0, 0, 0}) == 0);
    CHECK(tile_id((struct tile){1, 0, 0}) == 1 && tile_id((struct tile){1, 0, 1}) == 2);
    CHECK(tile_id((struct tile){1, 1, 1}) == 3 && tile_id((struct tile){1, 1, 0}) == 4);
    CHECK(tile_id((struct tile){2, 0, 0}) == 5);
    CHECK(tile_id((struct tile){12, 3423, 1763}) == 19078479); /* of the specification */
}

static void test_there_and_back(void)
{
    bool same = true;
    for (uint64_t id = 0; id < 90000; id++) {
        same = same && tile_id(tile_of_id(id)) == id;
    }
    CHECK(same);
    const struct tile last = {31, UINT32_C(1) << 30, 12345};
    const struct tile again = tile_of_id(tile_id(last));
    CHECK(again.zoom == 31 && again.x == last.x && again.y == last.y);
}

/* Neighbours on the curve are neighbours on the map. */
static void test_curve(void)
{
    bool near = true;
    for (uint64_t id = tile_zoom_begin(6); id + 1 < tile_zoom_begin(7); id++) {
        const struct tile a = tile_of_id(id);
        const struct tile b = tile_of_id(id + 1);
        const int64_t dx = (int64_t)a.x - b.x;
        const int64_t dy = (int64_t)a.y - b.y;
        near = near && dx * dx + dy * dy == 1;
    }
    CHECK(near);
}

int main(void)
{
    test_known_ids();
    test_there_and_back();
    test_curve();
    return CHECK_DONE();
}
