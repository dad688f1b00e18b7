/*
 * trust/canonical - the one text of a JSON value, for signing: RFC 8785 (JCS).
 *
 * Members in the order of their names' UTF-16 units, no blanks, the escapes of ECMAScript, numbers
 * as ECMAScript writes them (the shortest decimal that reads back as the same double). A whole
 * number that a double cannot hold is refused: it would share its text with its neighbour
 * (RFC 7493), and two messages one signature. No I/O; any thread.
 */
#pragma once

#include "base/value.h"

enum { CANONICAL_NUMBER_SIZE = 64 };

/* Appends the canonical form. ERR_RANGE for a number without one, ERR_LIMIT when `out` is full. */
MUST_USE enum err canonical_write(const struct value *value, struct text *out, struct why *why);

/* Writes a finite `number` as ECMAScript's Number::toString does, and returns `text`. */
const char *canonical_number(char text[static CANONICAL_NUMBER_SIZE], double number);
