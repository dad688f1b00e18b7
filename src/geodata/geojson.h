/*
 * geodata/geojson - reads GeoJSON (RFC 7946) and GeoJSON text sequences (RFC 8142).
 *
 * One feature at a time, whatever the file is called: a FeatureCollection, features one a line or
 * one after the other (with or without record separators), single features and bare geometries.
 * Heights are dropped, properties that are lists or objects become JSON text, null ones are left
 * out. The member "anonymised" of a collection, before its features, is handed on as reading->note
 * (JSON). A collection of mixed geometries becomes one feature per kind. A coordinate that cannot
 * be WGS 84 is refused: it tells of a file in another projection.
 */
#pragma once

#include "geodata/feature.h"
#include "geodata/input.h"

/*
 * Hands every feature to the taker. The sentence of an error names the file, the feature's number,
 * its place and the reason.
 */
MUST_USE enum err geojson_read(struct input *input, struct reading *reading, struct why *why);
