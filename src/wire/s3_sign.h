/*
 * wire/s3_sign - AWS Signature Version 4, as S3 stores want it: pure functions.
 *
 * What is signed is what is sent: the path and the query are encoded here, once, and go on the wire
 * exactly so. Follows the AWS General Reference (Signature Version 4 signing process) and the S3
 * API reference (paths are encoded once and never normalised). The time is a parameter.
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"

enum {
    S3_PAIRS_MAX = 16,
    S3_DATE_SIZE = 17,       /* "20130524T000000Z" */
    S3_PATH_SIZE_MAX = 4096, /* encoded; a key has at most 1024 bytes */
    S3_AUTHORIZATION_SIZE_MAX = 1024,
};

struct s3_pair {
    const char *name, *value;
};

struct s3_sign {
    const char *method;
    const char *path; /* as it is meant: "/bucket/a key" */
    const struct s3_pair *query;
    size_t query_count;
    /* Every header that is to be signed: Host, X-Amz-Date and X-Amz-Content-Sha256 too. */
    const struct s3_pair *headers;
    size_t header_count;
    const char *payload_sha256; /* hexadecimal */
    const char *region, *service;
    const struct secret *key_id, *key;
    int64_t at_us; /* the same moment as X-Amz-Date says */
};

/* Percent-encodes everything but A-Z a-z 0-9 - . _ ~ (and '/' where it stays). */
void s3_encode(struct text *out, const char *text, bool keep_slash);

/* The query in canonical form: encoded, sorted by name and value, "name=" for an empty one. */
void s3_write_query(struct text *out, const struct s3_pair *pairs, size_t count);

/* Writes `at_us` as X-Amz-Date, and returns `text`. */
const char *s3_write_date(char text[static S3_DATE_SIZE], int64_t at_us);

/* The value of the Authorization header. ERR_LIMIT beyond the sizes above. */
MUST_USE enum err s3_write_authorization(struct text *out, const struct s3_sign *sign,
                                         struct why *why);
