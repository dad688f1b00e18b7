/*
 * geodata/json - reads JSON (RFC 8259) where it lies, piece by piece, without building a tree.
 *
 * base/value is for messages; this is for files of gigabytes. The scanner stops for good at the
 * first fault (`fault` says what) or where the bytes end in the middle (`starved`: show it more and
 * begin again). Strings must be UTF-8 without raw control characters. Depth is limited.
 */
#pragma once

#include "geodata/bytes.h"

enum { JSON_DEPTH_MAX = 64 };

struct json {
    const char *at, *end;
    bool starved;      /* the bytes end too early */
    const char *fault; /* a constant sentence, or NULL */
};

struct json_number {
    bool whole; /* no fraction, no exponent, and `magnitude` holds it */
    bool negative;
    uint64_t magnitude;
    double real;
};

struct json json_over(struct span bytes);

static inline bool json_stopped(const struct json *json)
{
    return json->starved || json->fault;
}

/* Steps over white space and returns the next character without taking it; 0 when stopped. */
char json_peek(struct json *json);

/* Takes `letter` when it is the next one behind white space. */
bool json_take(struct json *json, char letter);

/* Takes `letter`, or stops with `fault`. */
void json_need(struct json *json, char letter, const char *fault);

/*
 * After '{' or '[' was taken: is there another member or element? Takes the comma, or the closing
 * letter. `first` is true before the first call and becomes false.
 */
bool json_more(struct json *json, char closing, bool *first);

/* A member's name and its colon, or a string value. Borrowed from the bytes, or from `scratch`. */
struct span json_name(struct json *json, struct bytes *scratch);
struct span json_text(struct json *json, struct bytes *scratch);

/* A number: `real` is correctly rounded, and finite (an overflow is a fault). */
struct json_number json_number(struct json *json);

/* The same for a coordinate: within one unit in the last place, and much faster. */
double json_coordinate(struct json *json);

/* true, false or null, whole. */
void json_word(struct json *json, const char *word);

/* Steps over any value. Returns its bytes. */
struct span json_skip(struct json *json);
