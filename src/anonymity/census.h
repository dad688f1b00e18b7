/*
 * anonymity/census - how many addresses a cell contains.
 *
 * Cells are those of the quadtree of Web Mercator, numbered along the z-order curve, so that a
 * cell's parts follow one another. Addresses are counted per cell of one zoom while they come,
 * then only looked at. Memory: 16 bytes an address while they come, and per cell afterwards.
 */
#pragma once

#include "geodata/shape.h"

enum { CENSUS_ADDRESSES_MAX = 1 << 27 };

/* The number of the cell at `zoom` that holds the point. */
uint64_t census_cell(struct point point, int zoom);

/* Column and row of a cell. */
void census_place(uint64_t cell, uint32_t *x, uint32_t *y);

struct census;

struct census *census_new(int zoom);
void census_free(struct census *census);
CLEANUP_FOR(struct census, census_free)

/* ERR_LIMIT beyond CENSUS_ADDRESSES_MAX. */
MUST_USE enum err census_add(struct census *census, struct point point, struct why *why);

/* No more addresses come; they may be asked for. */
void census_finish(struct census *census);

/* Addresses in cells [from, to) of the census's zoom. */
uint64_t census_between(const struct census *census, uint64_t from, uint64_t to);
uint64_t census_count(const struct census *census);
