/*
 * evidence/media - where on disk the clip and the snapshot of an event lie.
 *
 * The index that edge keeps from what watch tells (docs/protocols/watch.md), so that no path ever
 * comes from outside: an event's id leads to a row, the row to a path below the media folder.
 * Belongs to the thread of its database connection; statements run on it.
 */
#pragma once

#include "base/id.h"
#include "store/database.h"

#include <stdbool.h>

enum { MEDIA_PATH_SIZE = 256, MEDIA_PATH_DEPTH_MAX = 4 };

enum media_kind { MEDIA_KIND_CLIP, MEDIA_KIND_SNAPSHOT };
const char *media_kind_name(enum media_kind kind); /* "clip", "snapshot" */
MUST_USE enum err media_kind_parse(enum media_kind *kind, const char *name, struct why *why);

/*
 * Whether `path` may be stored: relative, at most MEDIA_PATH_DEPTH_MAX levels of [A-Za-z0-9._-],
 * none beginning with a dot.
 */
bool media_path_valid(const char *path);

struct media_index;

/* Prepares its statements on `database` (borrowed, migrated as edge). */
MUST_USE enum err media_index_open(struct media_index **out, struct database *database,
                                   struct why *why);
void media_index_close(struct media_index *index); /* NULL is allowed */
CLEANUP_FOR(struct media_index, media_index_close)

/* Stores the paths; NULL keeps what is known. ERR_MALFORMED for one that media_path_valid denies.
 */
MUST_USE enum err media_index_put(struct media_index *index, const char *event_id,
                                  const char *clip_path, const char *snapshot_path,
                                  struct why *why);

/* The media of this event are gone. */
MUST_USE enum err media_index_forget(struct media_index *index, const char *event_id,
                                     struct why *why);

/* ERR_NOT_FOUND when the event has none of this kind. */
MUST_USE enum err media_index_find(struct media_index *index, const char *event_id,
                                   enum media_kind kind, char path[static MEDIA_PATH_SIZE],
                                   struct why *why);

/* How many clips are on disk. */
MUST_USE enum err media_index_clips(struct media_index *index, int64_t *count, struct why *why);

/*
 * Opens a path from the index for reading, level by level, following no symbolic link: a regular
 * file below `folder` or ERR_NOT_FOUND. The caller closes `*fd`.
 */
MUST_USE enum err media_open(int *fd, const char *folder, const char *path, struct why *why);
