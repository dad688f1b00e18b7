/*
 * camera/assign - who belongs to whom at the least cost: the assignment problem, solved exactly.
 *
 * The Hungarian method with potentials, O(rows^2 * columns). Bounded: at most ASSIGN_SIDE_MAX a
 * side. Pure; any thread.
 */
#pragma once

#include "base/base.h"

enum { ASSIGN_SIDE_MAX = 256, ASSIGN_NONE = -1 };

/* From here on a pair is not allowed. */
#define ASSIGN_FORBIDDEN 1e6F

/*
 * `cost` is rows x columns, row after row. Writes for each row its column or ASSIGN_NONE so that as
 * many allowed pairs as possible are made and their sum is least.
 */
void assign_solve(const float *cost, size_t rows, size_t columns, int *column_of_row);
