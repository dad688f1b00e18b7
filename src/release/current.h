/*
 * release/current - the small document that says which archive is the map now: current.json.
 *
 * The only thing that is ever replaced on a store. It names the archive, relative to itself, and
 * the releases that are kept, newest first; going back only chooses another of them. Pure; the
 * time is a parameter.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>

enum {
    CURRENT_RELEASES_MAX = 32,
    CURRENT_SIZE_MAX = 32 * 1024,
    RELEASE_NAME_SIZE = 160,
    RELEASE_SHA256_SIZE = 65,
};

struct release {
    char archive[RELEASE_NAME_SIZE]; /* "tactical-<sha256>.pmtiles" */
    char sha256[RELEASE_SHA256_SIZE];
    int64_t size;
    int64_t published_us; /* wall time */
};

struct current {
    struct release releases[CURRENT_RELEASES_MAX]; /* newest first */
    size_t count;
    size_t now; /* the one that is the map */
    int64_t changed_us;
};

/* Names the release of an archive: `prefix`-`sha256`.pmtiles. ERR_RANGE for an unfit prefix. */
MUST_USE enum err release_name(struct release *release, const char *prefix, const char *sha256,
                               struct why *why);

void current_write(const struct current *current, struct text *out);
/* ERR_MALFORMED says what is wrong; the archive's names are plain file names. */
MUST_USE enum err current_read(struct current *out, struct span json, struct why *why);

/*
 * Makes `release` the map, and keeps at most `keep` releases (2 or more). One that is there already
 * moves to the front. Those that are not kept any more go to `dropped` (CURRENT_RELEASES_MAX + 1).
 * False: it is the map already, nothing has changed.
 */
bool current_advance(struct current *current, const struct release *release, size_t keep,
                     struct release dropped[static CURRENT_RELEASES_MAX + 1],
                     size_t *dropped_count);

/*
 * Makes the release before the current one the map, or the one whose SHA-256 begins as `sha256`
 * says (NULL: the one before). ERR_NOT_FOUND when there is none; ERR_CONFLICT when two begin so.
 */
MUST_USE enum err current_go_back(struct current *current, const char *sha256, int64_t now_us,
                                  struct why *why);
