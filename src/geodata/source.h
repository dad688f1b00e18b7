/*
 * geodata/source - a file of features, whatever its format.
 *
 * The format is told by the contents, not by the name: GeoJSON in all its forms, else CSV with a
 * header.
 */
#pragma once

#include "geodata/feature.h"

MUST_USE enum err source_read(const char *path, struct reading *reading, struct why *why);
