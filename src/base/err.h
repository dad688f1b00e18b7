/*
 * base/err - how a function says that it could not do its work.
 *
 * `enum err` is a closed list: a caller can switch on it. `struct why` carries one sentence for the
 * operator. The function that detects a failure writes the sentence; the one that can do nothing
 * more about it logs the sentence, once. An expected refusal is not an error: it is the function's
 * own enum.
 */
#pragma once

#include "base/base.h"

enum err {
    OK = 0,
    ERR_RANGE,       /* a value outside its documented range */
    ERR_MALFORMED,   /* input that does not follow its format */
    ERR_LIMIT,       /* more, longer or deeper than a named limit allows */
    ERR_NOT_FOUND,   /* what was named does not exist */
    ERR_CONFLICT,    /* it exists already, or has changed meanwhile */
    ERR_DENIED,      /* the caller may not do this */
    ERR_TIMEOUT,     /* the deadline passed */
    ERR_CLOSED,      /* the other side, or the queue, is gone */
    ERR_UNAVAILABLE, /* a part that is needed is not here now; trying later may help */
    ERR_IO,          /* the operating system or the network refused */
    ERR_DAMAGED,     /* what was stored does not have its form any more */
};

struct why {
    char text[256];
};

/* Writes the sentence into `why` (which may be NULL) and returns `err`, for use in a return. */
enum err why_set(struct why *why, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the sentence in `why` (may be NULL) and returns `err`. */
enum err why_prefix(struct why *why, enum err err, const char *prefix);

/* Stable lower-case name for logs and metrics, such as "not_found". */
const char *err_name(enum err err);
