/*
 * map/inputs - whether the files that a map is made of have changed.
 *
 * A mark stands for the names, sizes and times of everything below the given paths; two equal marks
 * mean that nobody has touched them. Only looks, never reads. Any thread.
 */
#pragma once

#include "base/err.h"

enum { INPUTS_MARK_SIZE = 65, INPUTS_FILES_MAX = 100000, INPUTS_DEPTH_MAX = 16 };

/* The mark of `paths`; a path that is not there counts as such. ERR_LIMIT: too many files. */
MUST_USE enum err inputs_mark(char mark[static INPUTS_MARK_SIZE], const char *const *paths,
                              size_t count, struct why *why);
