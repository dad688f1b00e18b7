/*
 * geodata/source - a file of features, whatever its format; or a folder of such files.
 *
 * The format is told by the contents, not by the name: OpenStreetMap PBF, GeoJSON in all its forms,
 * what GDAL knows how to read (geodata/ogr), else CSV with a header. Of a folder, the files are
 * read in the order of their names; hidden ones and folders within it are passed over.
 */
#pragma once

#include "geodata/feature.h"

enum { SOURCE_FILES_MAX = 10000 };

MUST_USE enum err source_read(const char *path, struct reading *reading, struct why *why);
