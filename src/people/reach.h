/*
 * people/reach - the part of the site in which somebody may see and act: all of it, or some zones.
 *
 * A plain value, kept as one text so that SQL can ask it too: "" is the whole site, ",north,south,"
 * are two zones. What has no zone (a device that never said where it stands) belongs to those who
 * have the whole site. Pure, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/value.h"

enum { REACH_ZONE_MAX = 32, REACH_SIZE = 2 + REACH_ZONE_MAX * 64 };

struct reach {
    char zones[REACH_SIZE];
};

bool reach_whole(const struct reach *reach);
/* Whether `zone` ("" or NULL: unknown) lies within. */
bool reach_includes(const struct reach *reach, const char *zone);

/* For the parameter :zones of a query, `:zones LIKE '%,' || zone || ',%'`: NULL = everything. */
const char *reach_filter(const struct reach *reach);

/*
 * null or absent: the whole site. ["north","south"]: 1..REACH_ZONE_MAX names as in certificates.
 * ERR_MALFORMED, ERR_LIMIT.
 */
MUST_USE enum err reach_parse(struct reach *reach, const struct value *list, struct why *why);
struct value *reach_to_value(const struct reach *reach); /* null or the list; the caller owns it */
