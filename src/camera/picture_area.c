#include "camera/picture_area.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NUMBER_SIZE_MAX = 12 };

/* A polygon of less than this part of the picture, a hundredth of a percent, is a slip of the pen.
 */
#define AREA_LEAST 1e-4F

/* The picture's own right and lower edge belong to it. */
#define EDGE 0.9999F

struct reading {
    const char *at; /* what has not been read yet */
    size_t number;  /* of the polygon, from 1, for messages */
    struct why *why;
};

static void skip_spaces(struct reading *reading)
{
    reading->at += strspn(reading->at, " \t");
}

static bool read_number(struct reading *reading, float *out)
{
    char digits[NUMBER_SIZE_MAX + 1];
    const size_t size = strspn(reading->at, "0123456789.");
    if (size == 0 || size > NUMBER_SIZE_MAX) { return false; }
    memcpy(digits, reading->at, size);
    digits[size] = '\0';
    char *end = NULL;
    *out = strtof(digits, &end);
    reading->at += size;
    return end == digits + size && *out <= 1;
}

static enum err read_corner(struct reading *reading, struct area *area)
{
    const char *begin = reading->at;
    struct area_point corner = {0, 0};
    bool good = read_number(reading, &corner.x) && *reading->at == ',';
    reading->at += good;
    good =
        good && read_number(reading, &corner.y) && (!*reading->at || strchr(" \t|", *reading->at));
    if (!good) {
        return why_set(
            reading->why, ERR_MALFORMED,
            "polygon %zu: \"%.*s\" is no corner; X,Y with numbers from 0 to 1 is expected",
            reading->number, (int)strcspn(begin, " \t|"), begin);
    }
    if (area->corner_count == AREA_CORNERS_MAX) {
        return why_set(reading->why, ERR_LIMIT, "polygon %zu has more than %d corners",
                       reading->number, AREA_CORNERS_MAX);
    }
    area->corners[area->corner_count++] = corner;
    skip_spaces(reading);
    return OK;
}

static enum err read_name(struct reading *reading, struct area *area)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t size = strspn(reading->at, letters);
    if (size == 0 || size >= AREA_NAME_SIZE || reading->at[size] != ':') {
        return why_set(reading->why, ERR_MALFORMED,
                       "polygon %zu: a name of 1 to %d letters A-Z a-z 0-9 . _ - and a colon are "
                       "expected before its corners",
                       reading->number, AREA_NAME_SIZE - 1);
    }
    memcpy(area->name, reading->at, size);
    area->name[size] = '\0';
    reading->at += size + 1;
    skip_spaces(reading);
    return OK;
}

/* The surveyor's formula: twice the area is the sum over the sides. */
static float size_of(const struct area *area)
{
    float twice = 0;
    for (size_t i = 0; i < area->corner_count; i++) {
        const struct area_point a = area->corners[i];
        const struct area_point b = area->corners[(i + 1) % area->corner_count];
        twice += a.x * b.y - b.x * a.y;
    }
    return fabsf(twice) / 2;
}

static enum err check(const struct reading *reading, const struct area_list *list)
{
    const struct area *area = &list->areas[list->count];
    if (area->corner_count < AREA_CORNERS_MIN) {
        return why_set(reading->why, ERR_MALFORMED,
                       "polygon %zu has %zu corners, %d to %d are expected", reading->number,
                       area->corner_count, AREA_CORNERS_MIN, AREA_CORNERS_MAX);
    }
    if (size_of(area) < AREA_LEAST) {
        return why_set(
            reading->why, ERR_RANGE,
            "polygon %zu encloses nothing; its corners are expected in their order around it",
            reading->number);
    }
    for (size_t i = 0; area->name[0] && i < list->count; i++) {
        if (strcmp(list->areas[i].name, area->name) == 0) {
            return why_set(reading->why, ERR_MALFORMED, "the zone %s comes twice", area->name);
        }
    }
    return OK;
}

static enum err read_area(struct reading *reading, struct area_list *list, bool named)
{
    if (list->count == AREA_COUNT_MAX) {
        return why_set(reading->why, ERR_LIMIT, "more than %d polygons", AREA_COUNT_MAX);
    }
    struct area *area = &list->areas[list->count];
    *area = (struct area){.corner_count = 0};
    reading->number = list->count + 1;
    skip_spaces(reading);
    enum err err = named ? read_name(reading, area) : OK;
    while (!err && *reading->at && *reading->at != '|') {
        err = read_corner(reading, area);
    }
    if (!err) { err = check(reading, list); }
    if (!err) { list->count++; }
    return err;
}

enum err picture_area_parse(struct area_list *out, const char *text, bool named, struct why *why)
{
    if (strlen(text) > AREA_TEXT_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "polygons of more than %d letters", AREA_TEXT_SIZE_MAX);
    }
    CLEANUP(mem_free_p) struct area_list *list = MEM_NEW(struct area_list);
    struct reading reading = {.at = text, .why = why};
    skip_spaces(&reading);
    bool more = *reading.at != '\0';
    while (more) {
        const enum err err = read_area(&reading, list, named);
        if (err) { return err; }
        more = *reading.at == '|';
        reading.at += more;
    }
    *out = *list;
    return OK;
}

static bool holds(const struct area *area, struct area_point point)
{
    bool inside = false;
    for (size_t i = 0; i < area->corner_count; i++) {
        const struct area_point a = area->corners[i];
        const struct area_point b = area->corners[(i + 1) % area->corner_count];
        if ((a.y > point.y) == (b.y > point.y)) { continue; }
        if (point.x < a.x + (b.x - a.x) * (point.y - a.y) / (b.y - a.y)) { inside = !inside; }
    }
    return inside;
}

uint32_t picture_area_at(const struct area_list *list, struct area_point point)
{
    uint32_t found = 0;
    for (size_t i = 0; i < list->count; i++) {
        found |= (uint32_t)holds(&list->areas[i], point) << i;
    }
    return found;
}

struct area_point picture_area_foot(struct box box, float width, float height)
{
    return (struct area_point){
        .x = fminf(fmaxf((box.x + box.width / 2) / width, 0), EDGE),
        .y = fminf(fmaxf((box.y + box.height) / height, 0), EDGE),
    };
}
