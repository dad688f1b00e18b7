/*
 * wire/s3_parts - a large file to a store in equal parts, several at once, resumable.
 *
 * Every part's ETag must be its MD5, and the whole's that of the parts: what arrived is what was
 * sent. All parts but the last have one size, as R2 wants it. The caller remembers which parts are
 * there; what it knows is not sent again. Blocks; starts and joins its threads.
 */
#pragma once

#include "wire/digest.h"
#include "wire/s3.h"

enum {
    S3_PARTS_MAX = 10000,
    S3_PARTS_AT_ONCE_MAX = 16,
    S3_UPLOAD_ID_SIZE = 1024,
    S3_PART_SIZE_LEAST = 5 << 20,
};

struct s3_parts {
    const char *key;
    int fd; /* borrowed */
    uint64_t size, part_size;
    size_t at_once;
    char upload_id[S3_UPLOAD_ID_SIZE];
    char (*md5)[DIGEST_MD5_SIZE * 2 + 1]; /* of each part that is there; "" of the others */
    void *context;
    void (*arrived)(void *context, size_t part); /* one at a time; may be NULL */
};

size_t s3_parts_count(const struct s3_parts *parts);

/* The size of parts for a file: `wanted`, or more when there would be too many. */
uint64_t s3_parts_size(uint64_t file_size, uint64_t wanted);

/* Begins an upload: writes `upload_id`. */
MUST_USE enum err s3_parts_begin(struct s3 *s3, struct s3_parts *parts, const char *content_type,
                                 const char *cache_control, struct why *why);

/* Sends what is missing. ERR_NOT_FOUND: the store knows no such upload (any more). */
MUST_USE enum err s3_parts_send(struct s3 *s3, struct s3_parts *parts, struct why *why);

/*
 * Makes the parts the object, if (`create_only`) there is none of that key. ERR_CONFLICT: there is
 * one. ERR_NOT_FOUND: no such upload, or a part is not there. `etag` is the object's.
 */
MUST_USE enum err s3_parts_complete(struct s3 *s3, const struct s3_parts *parts, bool create_only,
                                    char etag[static S3_ETAG_SIZE], struct why *why);

/* Gives the upload up, as far as the store lets us. */
void s3_parts_abort(struct s3 *s3, const struct s3_parts *parts);
