/*
 * geodata/ogr - what GDAL reads and we do not: GeoPackage, Shapefile, FlatGeobuf, KML, GPX, GML.
 *
 * GDAL's program ogr2ogr, where it is installed (Debian: gdal-bin), converts the file to GeoJSON in
 * WGS 84 as it is read; nothing is linked, and without it only these formats are missing. A file
 * with several layers of its own must be split first. Runs on the thread that started the program
 * (system/process).
 */
#pragma once

#include "geodata/feature.h"

/* Is this the beginning of a format that we leave to GDAL? */
bool ogr_is(struct span beginning);

/* ERR_UNAVAILABLE when ogr2ogr is not installed, ERR_MALFORMED when it cannot read the file. */
MUST_USE enum err ogr_read(const char *path, struct reading *reading, struct why *why);
