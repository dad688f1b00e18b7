/*
 * evidence/retention - which media have to go, oldest first; events never do.
 *
 * Three reasons: older than the days that may be kept, more bytes than the quota, less room on the
 * disk than its reserve. The media folder is its own index: `<camera>/<yyyymmdd>/<event id>.mp4`
 * and `.jpg`, and an id holds the time of its event. What is younger than RETENTION_YOUNG_US is
 * left alone, as it may still be written. Choosing is pure; scanning, recovering and removing do
 * file I/O and may take a while: give them a thread of their own. Symbolic links are not followed.
 */
#pragma once

#include "base/id.h"

#include <stdbool.h>

enum {
    RETENTION_ITEMS_MAX = 262144,
    RETENTION_FOLDERS_MAX = 65536,
    RETENTION_FOLDER_SIZE = 96, /* "camera/yyyymmdd" */
};

#define RETENTION_YOUNG_US (5 * INT64_C(60000000))
#define RETENTION_AGED_US (24 * INT64_C(3600000000))
#define RETENTION_RECOVER_US (48 * INT64_C(3600000000))

struct retention_limits {
    int64_t age_max_us;    /* 0: no limit */
    int64_t bytes_max;     /* of all media; 0: no limit */
    int64_t reserve_bytes; /* to stay free on the disk */
};

/* The media of one event. */
struct retention_item {
    struct id event;
    uint32_t folder; /* index into folders */
    int64_t bytes;   /* as the disk counts them */
};

struct retention_list {
    struct retention_item *items; /* owned; oldest first */
    size_t count, capacity;
    char (*folders)[RETENTION_FOLDER_SIZE]; /* owned */
    size_t folder_count, folder_capacity;
    int64_t bytes;
};

void retention_list_deinit(struct retention_list *list);

/* Finds what is there into `list`, which was zeroed. Files with other names are not ours. */
MUST_USE enum err retention_scan(struct retention_list *list, const char *media, struct why *why);

/*
 * How many of the oldest have to go. For their age only those go that came within RETENTION_AGED_US
 * after the oldest: asked once an hour, a clock that jumped a month ahead costs a day an hour until
 * somebody sets it right, not everything at once. What such a clock dated in the future goes last,
 * when there is no other room; the young come to the end of the list.
 */
size_t retention_choose(struct retention_list *list, const struct retention_limits *limits,
                        int64_t now_us, int64_t free_bytes);

/* Removes clip and snapshot of an item: cut to nothing first, so that a reader keeps no space. */
void retention_remove(const struct retention_list *list, size_t index, const char *media);

/*
 * Cuts the clips that a crash left torn (evidence/clip), among those of events before `before_us`
 * and not older than RETENTION_RECOVER_US before the newest; one that cannot be played at all is
 * removed. Returns how many were mended.
 */
size_t retention_recover(const struct retention_list *list, const char *media, int64_t before_us);

/* Bytes that we may still write on the disk of `media`. */
MUST_USE enum err retention_free_bytes(int64_t *bytes, const char *media, struct why *why);
