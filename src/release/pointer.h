/*
 * release/pointer - current.json on a store: read, and replaced only when nobody else did.
 *
 * Its ETag is the MD5 of its bytes, so a replacement whose answer was lost is recognised by asking
 * for it again. Who may not read keeps what it wrote in a folder: what it meant to write, and what
 * it knows to be there. Blocks; owned by one thread.
 */
#pragma once

#include "release/current.h"
#include "wire/s3.h"

struct pointer {
    struct s3 *s3;
    const char *key;    /* "maps/current.json" */
    const char *folder; /* that outlives us */
    bool conditional;   /* the store knows If-Match on PUT */
    int64_t cache_s;    /* how long others may keep it */
    /* Made by pointer_load: */
    struct current current;
    bool unsettled;              /* what was meant to be written may not be there: store it again */
    char etags[2][S3_ETAG_SIZE]; /* what may be there now; "" = nothing */
    size_t etag_count;
};

/* Reads what is there now; a store without one gives an empty `current`. */
MUST_USE enum err pointer_load(struct pointer *pointer, struct why *why);

/* Replaces it by `pointer->current`. ERR_CONFLICT: another one has replaced it since. */
MUST_USE enum err pointer_store(struct pointer *pointer, struct why *why);
