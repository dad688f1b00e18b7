/*
 * release/publish - makes an archive the public map: the order of the steps, and what survives.
 *
 * The archive first, under a name of its own; then current.json, conditionally; then the CDN; then
 * releases that are kept no more. Whatever moment it dies at, readers have the map of before or the
 * new one, whole, and the next run goes on. One publisher at a time holds the folder; another
 * machine's is noticed by the condition. The time is a parameter. Blocks; owned by one thread.
 */
#pragma once

#include "release/current.h"
#include "release/purge.h"
#include "release/upload.h"

struct publish {
    struct s3 *s3;
    const char *folder; /* its memory: journal, lock, what is still to be purged */
    const char *prefix; /* before every key: "" or "maps/" */
    const char *name;   /* of archives: "tactical" */
    size_t keep;        /* releases; 2 and more */
    uint64_t part_size;
    size_t at_once;
    bool conditional;
    int64_t cache_s;           /* of current.json */
    const struct purge *purge; /* NULL: there is no CDN, or nobody may tell it */
    void *context;
    void (*progress)(void *context, uint64_t done, uint64_t total); /* may be NULL */
};

enum publish_purge { PUBLISH_PURGE_NONE, PUBLISH_PURGE_DONE, PUBLISH_PURGE_FAILED };

struct publish_report {
    struct release release; /* that is the map now */
    enum upload_end upload;
    bool changed; /* current.json was replaced */
    enum publish_purge purge;
    struct why purge_why;    /* of a failed one */
    size_t dropped, kept_on; /* old archives that were deleted, that could not be */
};

/* Of this folder at most one holds it: ERR_CONFLICT. Closing the descriptor lets it go. */
MUST_USE enum err publish_lock(int *fd, const char *folder, struct why *why);

/* `path` is a valid archive; ERR_DENIED when it may not be public (clearance). A purge that fails
 * is no error: it is in the report, and next time first. */
MUST_USE enum err publish_archive(const struct publish *publish, const char *path, int64_t now_us,
                                  struct publish_report *report, struct why *why);

/* Makes an earlier release the map (NULL: the one before the current). As current_go_back. */
MUST_USE enum err publish_go_back(const struct publish *publish, const char *sha256, int64_t now_us,
                                  struct publish_report *report, struct why *why);

/* The report as a JSON object. */
void publish_report_write(const struct publish_report *report, struct text *out);
