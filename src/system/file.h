/*
 * system/file - whole files and folders, read with limits and written so that a crash leaves the
 * old content or the new, never a half.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <sys/types.h>

enum { FILE_PATH_SIZE = 4096 };

/* Appends the file at `path` to `out`. ERR_LIMIT when it is larger than `out` may grow. */
MUST_USE enum err file_read(struct text *out, const char *path, struct why *why);

/* Writes through a temporary name in the same folder: fsync, rename, fsync of the folder. ERR_LIMIT
 * when the disk or the quota is full. */
MUST_USE enum err file_write(const char *path, struct span bytes, mode_t mode, struct why *why);

/* Makes the folder `path` and its parents with `mode`, unless they exist. */
MUST_USE enum err file_make_folder(const char *path, mode_t mode, struct why *why);

bool file_exists(const char *path);

/* Joins into `path`; ERR_LIMIT when it does not fit FILE_PATH_SIZE. */
MUST_USE enum err file_join(char path[static FILE_PATH_SIZE], const char *folder, const char *name,
                            struct why *why);

/* close(2) for CLEANUP(file_close_p) on an int; -1 is allowed. */
void file_close_p(const int *fd);
