/*
 * geodata/csv - reads points out of comma-separated values (RFC 4180).
 *
 * The first row names the columns; one for the longitude (longitude, lon, lng, long, x) and one for
 * the latitude (latitude, lat, y) must be among them, in any case. The separator is the first of
 * comma, semicolon and tab that the header contains. Values that are numbers in JSON's form become
 * numbers, all others text; empty ones are left out. A row without coordinates is counted.
 */
#pragma once

#include "geodata/feature.h"
#include "geodata/input.h"

enum { CSV_COLUMNS_MAX = 1024 };

MUST_USE enum err csv_read(struct input *input, struct reading *reading, struct why *why);
