#include "anonymity/crowd.h"

#include <assert.h>

void crowd_deinit(struct crowd *crowd)
{
    free(crowd->scratch);
    crowd->scratch = NULL;
    crowd->capacity = 0;
}

static int compare(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a;
    const uint64_t other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

static uint64_t distinct(uint64_t *numbers, size_t count)
{
    uint64_t found = 0;
    qsort(numbers, count, sizeof *numbers, compare);
    for (size_t i = 0; i < count; i++) {
        found += i == 0 || numbers[i] != numbers[i - 1];
    }
    return found;
}

/* Five flats at one place are one place; one flat that was located five times is one premise. */
static uint64_t premises_of(struct crowd *crowd, struct sightings part)
{
    if (crowd->capacity < part.count) {
        crowd->capacity = part.count;
        crowd->scratch = mem_resized(crowd->scratch, part.count * sizeof *crowd->scratch);
    }
    for (size_t i = 0; i < part.count; i++) {
        crowd->scratch[i] = part.at[i].place;
    }
    const uint64_t places = distinct(crowd->scratch, part.count);
    for (size_t i = 0; i < part.count; i++) {
        crowd->scratch[i] = part.at[i].premise;
    }
    const uint64_t premises = distinct(crowd->scratch, part.count);
    return premises < places ? premises : places;
}

/* Bits of a finest cell's number below that of the cell at `zoom`. */
static int bits_below(const struct crowd *crowd, int zoom)
{
    return 2 * (crowd->need.zoom_finest - zoom);
}

/* Can what was sighted in one cell of `zoom` be shown as this cell? */
static bool stands(struct crowd *crowd, struct sightings part, int zoom)
{
    const struct crowd_need *need = &crowd->need;
    const int bits = bits_below(crowd, zoom);
    const uint64_t from = part.at[0].cell >> bits << bits;
    if (need->census &&
        census_between(need->census, from, from + (UINT64_C(1) << bits)) < need->addresses) {
        return false;
    }
    return part.count >= need->premises && premises_of(crowd, part) >= need->premises;
}

/* Takes the sightings in the first cell of `zoom` from those that are left. */
static struct sightings first_part(const struct crowd *crowd, struct sightings *left, int zoom)
{
    const int bits = bits_below(crowd, zoom);
    struct sightings part = {left->at, 0};
    while (part.count < left->count &&
           part.at[part.count].cell >> bits == part.at[0].cell >> bits) {
        part.count++;
    }
    left->at += part.count;
    left->count -= part.count;
    return part;
}

static bool parts_stand(struct crowd *crowd, struct sightings whole, int zoom)
{
    bool all = true;
    while (whole.count > 0 && all) {
        all = stands(crowd, first_part(crowd, &whole, zoom + 1), zoom + 1);
    }
    return all;
}

static enum err show(struct crowd *crowd, struct sightings part, int zoom, struct why *why)
{
    struct crowd_cell cell = {.zoom = zoom, .incidents = part.count};
    census_place(part.at[0].cell >> bits_below(crowd, zoom), &cell.x, &cell.y);
    cell.premises = premises_of(crowd, part);
    return crowd->taker.take(crowd->taker.context, &cell, why);
}

/* The depth is that of the quadtree: at most zoom_finest - zoom_coarsest. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static enum err divide(struct crowd *crowd, struct sightings whole, int zoom, struct why *why)
{
    enum err err = OK;
    if (zoom == crowd->need.zoom_finest || !parts_stand(crowd, whole, zoom)) {
        return show(crowd, whole, zoom, why);
    }
    while (whole.count > 0 && !err) {
        err = divide(crowd, first_part(crowd, &whole, zoom + 1), zoom + 1, why);
    }
    return err;
}

enum err crowd_divide(struct crowd *crowd, struct sightings sightings, bool *shown, struct why *why)
{
    assert(sightings.count > 0);
    *shown = stands(crowd, sightings, crowd->need.zoom_coarsest);
    return *shown ? divide(crowd, sightings, crowd->need.zoom_coarsest, why) : OK;
}
