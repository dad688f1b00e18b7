/*
 * camera/picture_area - parts of a camera's picture as polygons: where nobody looks, and zones with
 * names.
 *
 * Text form: polygons parted by `|`, each of 3 to 32 corners `X,Y` parted by spaces, both from 0 to
 * 1 as parts of the picture's width and height, 0,0 upper left. A zone has its name before them:
 * `gate: .1,.5 .4,.5 .4,1 .1,1 | drive: .5,.5 1,.5 1,1`. Inside is what a ray from there leaves
 * through an odd number of sides. Plain values; no I/O; any thread.
 */
#pragma once

#include "base/err.h"
#include "detector/box.h"

enum {
    AREA_COUNT_MAX = 16, /* in one list */
    AREA_CORNERS_MIN = 3,
    AREA_CORNERS_MAX = 32,
    AREA_NAME_SIZE = 32,
    AREA_TEXT_SIZE_MAX = 8192
};

struct area_point {
    float x, y; /* parts of the picture, 0..1 */
};

struct area {
    char name[AREA_NAME_SIZE]; /* "" in a mask */
    struct area_point corners[AREA_CORNERS_MAX];
    size_t corner_count;
};

struct area_list {
    struct area areas[AREA_COUNT_MAX];
    size_t count;
};

/*
 * Reads the text form; "" is a list of none. With `named` every polygon needs a name of its own of
 * A-Z a-z 0-9 . _ -, without it none may have one. ERR_MALFORMED, ERR_RANGE or ERR_LIMIT name the
 * polygon, what it holds and what was expected.
 */
MUST_USE enum err picture_area_parse(struct area_list *out, const char *text, bool named,
                                     struct why *why);

/* Bit i is set when areas[i] holds `point`. */
uint32_t picture_area_at(const struct area_list *list, struct area_point point);

/* Where a body in `box` stands in a picture of that size; one cut by its edge stands just inside.
 */
struct area_point picture_area_foot(struct box box, float width, float height);
