/*
 * map/about - what an archive and a build say about themselves: metadata, header, report. Pure.
 */
#pragma once

#include "map/assemble.h"
#include "map/build.h"
#include "map/pmtiles.h"

/* The archive's metadata: `vector_layers` as TileJSON 3.0 wants it. */
void about_metadata(const struct build_options *options, const struct map_layer *layers,
                    const struct build_report *report, struct text *out);

/* Bounds, center and type. The writer knows the rest. */
struct pmtiles_header about_header(struct box box, const struct build_report *report);
