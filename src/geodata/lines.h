/*
 * geodata/lines - reads GeoJSON whose features stand on lines of their own, on several threads.
 *
 * The input is cut at line ends into pieces of about a megabyte; threads parse them; the caller's
 * thread hands the features on, in order, so that whoever takes them sees what one thread would
 * have read. A piece that does not parse by itself (a collection, a feature over several lines, a
 * fault) ends this: from there on one thread reads, and says what is wrong. Memory is some pieces.
 */
#pragma once

#include "geodata/feature.h"
#include "geodata/input.h"

enum { LINES_PIECE_SIZE = 1 << 20 };

/*
 * Reads the input to its end, or up to what it cannot: then `input` begins there, and
 * geojson_read goes on (also at the end, where nothing is left). `piece_size` is
 * LINES_PIECE_SIZE but in tests. Errors of the taker, with the feature's number; ERR_IO.
 */
MUST_USE enum err lines_read(struct input *input, struct reading *reading, size_t piece_size,
                             struct why *why);
