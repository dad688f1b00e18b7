#include "anonymity/census.h"

struct count {
    uint64_t cell;
    uint64_t before; /* addresses in all cells before this one; until the end, their number here */
};

struct census {
    int zoom;
    struct count *counts; /* owned; sorted by cell in the end, with one more behind the last */
    size_t count, capacity;
    uint64_t addresses;
};

/* Puts a zero between each two bits. */
static uint64_t spread(uint32_t number)
{
    uint64_t bits = number;
    bits = (bits | bits << 16) & UINT64_C(0x0000ffff0000ffff);
    bits = (bits | bits << 8) & UINT64_C(0x00ff00ff00ff00ff);
    bits = (bits | bits << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    bits = (bits | bits << 2) & UINT64_C(0x3333333333333333);
    return (bits | bits << 1) & UINT64_C(0x5555555555555555);
}

static uint32_t gathered(uint64_t bits)
{
    bits &= UINT64_C(0x5555555555555555);
    bits = (bits | bits >> 1) & UINT64_C(0x3333333333333333);
    bits = (bits | bits >> 2) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    bits = (bits | bits >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    bits = (bits | bits >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(bits | bits >> 16);
}

uint64_t census_cell(struct point point, int zoom)
{
    const int64_t x = point.x & (WORLD_SIZE - 1); /* once around the globe is here again */
    const int64_t y = point.y < 0 ? 0 : point.y >= WORLD_SIZE ? WORLD_SIZE - 1 : point.y;
    return spread((uint32_t)(x >> (32 - zoom))) | spread((uint32_t)(y >> (32 - zoom))) << 1;
}

void census_place(uint64_t cell, uint32_t *x, uint32_t *y)
{
    *x = gathered(cell);
    *y = gathered(cell >> 1);
}

struct census *census_new(int zoom)
{
    struct census *census = MEM_NEW(struct census);
    census->zoom = zoom;
    return census;
}

void census_free(struct census *census)
{
    if (!census) { return; }
    free(census->counts);
    free(census);
}

enum err census_add(struct census *census, struct point point, struct why *why)
{
    if (census->count == CENSUS_ADDRESSES_MAX) {
        return why_set(why, ERR_LIMIT, "there are more than %d addresses", CENSUS_ADDRESSES_MAX);
    }
    if (census->count == census->capacity) {
        census->capacity = census->capacity ? census->capacity * 2 : 4096;
        census->counts =
            mem_resized(census->counts, (census->capacity + 1) * sizeof *census->counts);
    }
    census->counts[census->count++] = (struct count){census_cell(point, census->zoom), 1};
    return OK;
}

static int compare(const void *a, const void *b)
{
    const struct count *one = a;
    const struct count *other = b;
    return (one->cell > other->cell) - (one->cell < other->cell);
}

void census_finish(struct census *census)
{
    struct count *counts = census->counts;
    size_t cells = 0;
    if (!counts) { return; }
    qsort(counts, census->count, sizeof *counts, compare);
    census->addresses = 0;
    for (size_t i = 0; i < census->count; i++) {
        const uint64_t cell = counts[i].cell;
        if (cells == 0 || counts[cells - 1].cell != cell) {
            counts[cells++] = (struct count){cell, census->addresses};
        }
        census->addresses++;
    }
    counts[cells] = (struct count){UINT64_MAX, census->addresses};
    census->count = cells;
    census->counts = mem_resized(counts, (cells + 1) * sizeof *counts);
    census->capacity = cells;
}

/* Addresses in all cells before `cell`. */
static uint64_t before(const struct census *census, uint64_t cell)
{
    size_t from = 0;
    size_t to = census->count; /* the answer is the first that is not before `cell` */
    while (from < to) {
        const size_t middle = (from + to) / 2;
        if (census->counts[middle].cell < cell) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return census->counts ? census->counts[from].before : 0;
}

uint64_t census_between(const struct census *census, uint64_t from, uint64_t to)
{
    return before(census, to) - before(census, from);
}

uint64_t census_count(const struct census *census)
{
    return census->addresses;
}
