/*
 * release/upload - an archive to its store, under a name that is never used twice.
 *
 * Small ones in one request, large ones in parts; which parts are there is written down in a
 * journal, so that whoever is killed goes on where it was. Created only: what is there already is
 * compared, never replaced. Blocks; owned by one thread.
 */
#pragma once

#include "wire/digest.h"
#include "wire/s3.h"

struct upload {
    struct s3 *s3;
    const char *key;
    int fd;
    uint64_t size;
    const struct digest *digest; /* of the whole file */
    const char *journal;         /* its path; absent while no upload is under way */
    uint64_t part_size;
    size_t at_once;
    bool conditional; /* the store knows If-None-Match on PUT */
    void *context;
    void (*progress)(void *context, uint64_t done, uint64_t total); /* may be NULL */
};

enum upload_end {
    UPLOAD_END_SENT,
    UPLOAD_END_THERE,  /* the same was there already */
    UPLOAD_END_UNSEEN, /* it is there, but these credentials may not look whether it is the same */
};

/* ERR_CONFLICT: something else is there under this key. */
MUST_USE enum err upload_run(const struct upload *upload, enum upload_end *end, struct why *why);
