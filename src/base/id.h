/*
 * base/id - UUID version 7 (RFC 9562): the time in milliseconds, then randomness.
 *
 * Identifiers sort by the time at which they were made. Text is lower case with hyphens.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum { ID_TEXT_SIZE = 37 };

struct id {
    char text[ID_TEXT_SIZE];
};

/* A new identifier made at `wall_us`. */
struct id id_new(int64_t wall_us);

/* Whether `text` is a lower-case UUID of version 7, variant 10. */
bool id_valid(const char *text);

/* The time inside an identifier that id_valid accepted, in microseconds. */
int64_t id_wall_us(const char *text);
