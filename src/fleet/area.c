#include "fleet/area.h"

#include <stdlib.h>
#include <string.h>

enum { PAIR_SIZE_MAX = 64 };

static const char digits[] = "0123456789+-.";

/* A number in plain decimal form and what ends it: no hexadecimal, no exponent, no infinity. */
static bool read_number(const char **at, char end, double *number)
{
    const size_t size = strspn(*at, digits);
    char *stop = NULL;
    if (size == 0 || (*at)[size] != end) { return false; }
    *number = strtod(*at, &stop);
    if (stop != *at + size) { return false; }
    *at = stop;
    return true;
}

/* `pair` is one "latitude,longitude", terminated. */
static enum err read_corner(struct area_corner *corner, const char *pair, struct why *why)
{
    const char *at = pair;
    if (!read_number(&at, ',', &corner->latitude)) {
        return why_set(why, ERR_MALFORMED, "\"%s\", expected \"latitude,longitude\"", pair);
    }
    at++;
    if (!read_number(&at, '\0', &corner->longitude)) {
        return why_set(why, ERR_MALFORMED, "\"%s\", expected \"latitude,longitude\"", pair);
    }
    if (corner->latitude < -90 || corner->latitude > 90 || corner->longitude < -180 ||
        corner->longitude > 180) {
        return why_set(why, ERR_RANGE, "\"%s\" is nowhere: a latitude within 90 comes first", pair);
    }
    return OK;
}

static bool same(const struct area_corner *one, const struct area_corner *other)
{
    return one->latitude == other->latitude && one->longitude == other->longitude;
}

static enum err add_corner(struct area *area, const char *text, size_t size, struct why *why)
{
    char pair[PAIR_SIZE_MAX];
    if (area->count == AREA_CORNER_MAX) {
        return why_set(why, ERR_LIMIT, "more than %d corners", AREA_CORNER_MAX);
    }
    if (size >= sizeof pair) {
        return why_set(why, ERR_MALFORMED, "a corner of %zu letters, expected \"9.9312,76.2673\"",
                       size);
    }
    memcpy(pair, text, size);
    pair[size] = '\0';
    const enum err err = read_corner(&area->corners[area->count], pair, why);
    if (!err) { area->count++; }
    return err;
}

enum err area_parse(struct area *out, const char *text, struct why *why)
{
    struct area area = {.count = 0};
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        const size_t size = strcspn(at, " ");
        const enum err err = add_corner(&area, at, size, why);
        if (err) { return err; }
        at += size;
    }
    if (area.count > 1 && same(&area.corners[0], &area.corners[area.count - 1])) { area.count--; }
    if (area.count < 3) {
        return why_set(why, ERR_MALFORMED, "%zu corners, at least 3 make an area", area.count);
    }
    *out = area;
    return OK;
}

struct value *area_ring(const struct area *area)
{
    struct value *ring = value_array();
    for (size_t i = 0; i <= area->count; i++) {
        const struct area_corner *corner = &area->corners[i % area->count];
        struct value *place = value_array();
        value_append(place, value_real(corner->longitude));
        value_append(place, value_real(corner->latitude));
        value_append(ring, place);
    }
    return ring;
}
