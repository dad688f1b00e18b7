#include "anonymity/crowd.h"

#include "check.h"

enum { FINEST = 17, COARSEST = 15, CELLS_MAX = 64 };

struct seen {
    struct crowd_cell cells[CELLS_MAX];
    size_t count;
};

static enum err take(void *context, const struct crowd_cell *cell, struct why *why)
{
    struct seen *seen = context;
    (void)why;
    seen->cells[seen->count++] = *cell;
    return OK;
}

/* `counts[i]` incidents in the finest cell i, each at its own premises unless `one_house`. */
static struct seen divide(const int counts[16], bool one_house, const struct census *census,
                          bool *shown)
{
    struct seen seen = {.count = 0};
    struct sighting sightings[512];
    size_t count = 0;
    for (uint64_t cell = 0; cell < 16; cell++) {
        for (int i = 0; i < counts[cell]; i++) {
            const uint64_t house = one_house ? 7 : count;
            sightings[count++] = (struct sighting){160 + cell, house, house};
        }
    }
    struct crowd crowd = {
        .need = {5, 8, FINEST, COARSEST, census},
        .taker = {take, &seen},
    };
    CHECK(crowd_divide(&crowd, (struct sightings){sightings, count}, shown, NULL) == OK);
    crowd_deinit(&crowd);
    return seen;
}

static void test_division(void)
{
    bool shown = false;
    const int full[16] = {5, 6, 7, 8, 5, 0, 0, 9, 0, 0, 0, 0, 12, 5, 5, 5};
    struct seen seen = divide(full, false, NULL, &shown);
    CHECK(shown && seen.count == 10 && seen.cells[0].zoom == 17 && seen.cells[0].incidents == 5);
    CHECK(seen.cells[0].premises == 5);
    /* One lonely incident: its quarter is shown whole, the others stay divided. */
    const int lonely[16] = {5, 6, 7, 8, 5, 1, 0, 9, 0, 0, 0, 0, 12, 5, 5, 5};
    seen = divide(lonely, false, NULL, &shown);
    CHECK(shown && seen.count == 9 && seen.cells[4].zoom == 16 && seen.cells[4].incidents == 15);
    /* A quarter that cannot stand: nothing is divided. */
    const int thin[16] = {5, 6, 7, 8, 2, 1, 0, 1, 0, 0, 0, 0, 12, 5, 5, 5};
    seen = divide(thin, false, NULL, &shown);
    CHECK(shown && seen.count == 1 && seen.cells[0].zoom == 15 && seen.cells[0].incidents == 57);
    uint32_t x = 0;
    uint32_t y = 0;
    census_place(10, &x, &y);
    CHECK(seen.cells[0].x == x && seen.cells[0].y == y);
    const int few[16] = {1, 1, 0, 0, 0, 0, 2};
    seen = divide(few, false, NULL, &shown);
    CHECK(!shown && seen.count == 0);
}

/* However often it happens at one house, it is one. */
static void test_one_house(void)
{
    bool shown = true;
    const int calls[16] = {50};
    const struct seen seen = divide(calls, true, NULL, &shown);
    CHECK(!shown && seen.count == 0);
}

/* The smaller of premises and places counts. */
static void test_places_and_premises(void)
{
    struct sighting tower[10];
    struct sighting wobble[10];
    for (size_t i = 0; i < 10; i++) {
        tower[i] = (struct sighting){160, 1, i};
        wobble[i] = (struct sighting){160, i, 1};
    }
    struct seen seen = {.count = 0};
    struct crowd crowd = {.need = {5, 8, FINEST, COARSEST, NULL}, .taker = {take, &seen}};
    bool shown = true;
    CHECK(crowd_divide(&crowd, (struct sightings){tower, 10}, &shown, NULL) == OK && !shown);
    CHECK(crowd_divide(&crowd, (struct sightings){wobble, 10}, &shown, NULL) == OK && !shown);
    crowd_deinit(&crowd);
}

static void add_addresses(struct census *census, uint64_t cell, int count)
{
    uint32_t x = 0;
    uint32_t y = 0;
    census_place(cell, &x, &y);
    for (int i = 0; i < count; i++) {
        const struct point point = {(int64_t)x << 15, (int64_t)y << 15};
        CHECK(census_add(census, point, NULL) == OK);
    }
}

static void test_addresses(void)
{
    bool shown = false;
    const int full[16] = {5, 6, 7, 8};
    struct census *census = census_new(FINEST);
    for (uint64_t cell = 160; cell < 163; cell++) {
        add_addresses(census, cell, 8);
    }
    add_addresses(census, 163, 7);
    census_finish(census);
    struct seen seen = divide(full, false, census, &shown);
    CHECK(shown && seen.count == 1 && seen.cells[0].zoom == 16); /* the fourth has only seven */
    census_free(census);
    census = census_new(FINEST);
    add_addresses(census, 160, 7);
    add_addresses(census, 400, 100);
    census_finish(census);
    seen = divide(full, false, census, &shown);
    CHECK(!shown && seen.count == 0);
    census_free(census);
}

int main(void)
{
    test_division();
    test_one_house();
    test_places_and_premises();
    test_addresses();
    return CHECK_DONE();
}
