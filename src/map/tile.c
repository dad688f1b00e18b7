#include "map/tile.h"

#include <assert.h>

static void rotate(uint32_t side, uint32_t *x, uint32_t *y, uint32_t right, uint32_t down)
{
    if (down) { return; }
    if (right) {
        *x = side - 1 - *x;
        *y = side - 1 - *y;
    }
    const uint32_t held = *x;
    *x = *y;
    *y = held;
}

uint64_t tile_hilbert(int order, uint32_t x, uint32_t y)
{
    uint64_t place = 0;
    for (int bit = order - 1; bit >= 0; bit--) {
        const uint32_t side = UINT32_C(1) << bit;
        const uint32_t right = (x & side) != 0;
        const uint32_t down = (y & side) != 0;
        place += (uint64_t)((3 * right) ^ down) << (2 * bit);
        x &= side - 1;
        y &= side - 1;
        rotate(side, &x, &y, right, down);
    }
    return place;
}

uint64_t tile_zoom_begin(int zoom)
{
    return ((UINT64_C(1) << (2 * zoom)) - 1) / 3;
}

uint64_t tile_id(struct tile tile)
{
    assert(tile.zoom >= 0 && tile.zoom <= TILE_ZOOM_LIMIT);
    return tile_zoom_begin(tile.zoom) + tile_hilbert(tile.zoom, tile.x, tile.y);
}

struct tile tile_of_id(uint64_t id)
{
    struct tile tile = {0};
    while (tile.zoom < TILE_ZOOM_LIMIT && tile_zoom_begin(tile.zoom + 1) <= id) {
        tile.zoom++;
    }
    uint64_t place = id - tile_zoom_begin(tile.zoom);
    for (int bit = 0; bit < tile.zoom; bit++) {
        const uint32_t side = UINT32_C(1) << bit;
        const uint32_t right = 1 & (uint32_t)(place / 2);
        const uint32_t down = 1 & ((uint32_t)place ^ right);
        rotate(side, &tile.x, &tile.y, right, down);
        tile.x += side * right;
        tile.y += side * down;
        place /= 4;
    }
    return tile;
}
