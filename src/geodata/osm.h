/*
 * geodata/osm - reads OpenStreetMap's PBF files: every object with tags becomes a feature.
 *
 * Nodes become points; ways lines, or polygons when they close and their tags speak of an area;
 * multipolygon and boundary relations polygons with their holes. Tags become attributes, all text.
 * A feature's id is the object's times 10, plus 1, 2 or 3 for node, way and relation, so that the
 * three do not collide. Objects without tags, and other relations, are no features. What runs along
 * nodes or ways that are not in the file (an extract's edge) is counted as incomplete.
 * The file must be sorted by type and id, as extracts are. Memory: one block (32 MiB unpacked), one
 * multipolygon, and files that the system pages (osm_store). Blocks may be raw or zlib.
 */
#pragma once

#include "geodata/feature.h"
#include "geodata/input.h"

/* Does the window show the beginning of such a file? */
bool osm_is(struct span beginning);

/* ERR_MALFORMED names file and block. */
MUST_USE enum err osm_read(struct input *input, struct reading *reading, struct why *why);
