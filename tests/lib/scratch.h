/*
 * tests/lib/scratch - takes a test's temporary folder away, with all that is in it.
 */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

static inline int scratch_remove_one(const char *path, const struct stat *about, int kind,
                                     struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static inline void scratch_remove(const char *folder)
{
    const int removed = nftw(folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)removed;
}
