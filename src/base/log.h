/*
 * base/log - one structured line per event on standard error.
 *
 * Only programs log; a library function says what went wrong through `struct why`. A line is
 * `2026-11-22T02:40:29.123456Z info control alert.sent alert=... zone=north`: time, level, program,
 * a constant event name, then key=value pairs (logfmt). Values are quoted when they need it,
 * control characters are escaped, so that nobody outside can forge a line. Secrets have no way in:
 * `struct secret` is opaque. Any thread may log; a line is written with one write(2).
 */
#pragma once

#include "base/err.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* "debug", "info", "warning", "error"; else ERR_RANGE. */
MUST_USE enum err log_level_parse(enum log_level *out, const char *name, struct why *why);

/* Names the program, once at start, before any thread. Lines below `least` are dropped. */
void log_open(const char *program, enum log_level least);

/*
 * Writes a line. The arguments after `event` are pairs of `const char *` key and value, ended by
 * NULL: log_event(LOG_LEVEL_INFO, "alert.sent", "alert", id.text, "zone", zone, NULL);
 * A NULL value is written as "-".
 */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/* A decimal number as text, for a value of log_event; valid until the end of the full expression.
 */
#define LOG_NUMBER(number) log_number((char[24]){0}, (int64_t)(number))
const char *log_number(char text[static 24], int64_t number);
