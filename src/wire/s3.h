/*
 * wire/s3 - a client of S3 stores (Cloudflare R2, Amazon S3, OpenStack Swift, ...), on libcurl.
 *
 * One call is one request, tried again on 429, 5xx and broken connections with a growing, bounded
 * pause, signed afresh each time. A store whose clock differs is believed once: its Date corrects
 * ours for the signatures. Path-style addresses, no `Expect: 100-continue`, no redirects, no
 * proxies, TLS 1.2 and newer; plain HTTP only on loopback. Credentials stand in no error text.
 * Any number of threads may ask at once; each call blocks.
 */
#pragma once

#include "base/secret.h"
#include "base/text.h"
#include "wire/s3_sign.h"

#include <stdbool.h>

enum {
    S3_URL_SIZE = 512,
    S3_NAME_SIZE = 128, /* of a bucket or a region */
    S3_KEY_SIZE = 1025, /* of an object's key */
    S3_ETAG_SIZE = 128,
    S3_CODE_SIZE = 64,
    S3_BODY_SIZE_MAX = 1 << 20, /* of an answer */
};

struct s3_config {
    const char *endpoint; /* "https://ACCOUNT.r2.cloudflarestorage.com" */
    const char *bucket, *region;
    const char *ca_path; /* PEM; NULL: the system's */
    const struct secret *key_id, *key;
    size_t attempts_max;     /* of one request; 0 means 6 */
    int64_t pause_least_ms;  /* before the second attempt; 0 means 200; doubles up to 10 s */
    int64_t idle_timeout_ms; /* no byte in either direction; 0 means 30 000 */
    int64_t (*now_us)(void); /* the wall clock */
};

struct s3;
/* Everything is copied but the secrets, which must outlive it. ERR_RANGE for an unfit address. */
MUST_USE enum err s3_open(struct s3 **out, const struct s3_config *config, struct why *why);
void s3_close(struct s3 *s3);
CLEANUP_FOR(struct s3, s3_close)

struct s3_request {
    const char *method;
    const char *key; /* not encoded; "" is the bucket */
    const struct s3_pair *query;
    size_t query_count;
    struct span body; /* or: */
    int fd;           /* when `size` is not 0: `size` bytes of it from `offset` on */
    uint64_t offset, size;
    const char *content_type, *cache_control, *if_match, *if_none_match, *range; /* or NULL */
    /* Of the body, when it is known already; else it is made. */
    const struct digest *digest;
    void *context;
    void (*sent)(void *context, uint64_t so_far); /* of the body, in this attempt; may be NULL */
};

struct s3_answer {
    int status;
    char etag[S3_ETAG_SIZE]; /* without quotes; "" when there is none */
    int64_t size;            /* Content-Length, -1 when unknown */
    char code[S3_CODE_SIZE]; /* of an error's XML, such as "PreconditionFailed"; else "" */
    struct text body;        /* owned; release with s3_answer_deinit */
    size_t attempts;         /* that it took: beyond 1, an earlier one may have been done */
};
void s3_answer_deinit(struct s3_answer *answer);

/*
 * Asks, and waits for the final answer, whatever its status. ERR_UNAVAILABLE: nobody answered, or
 * only with 429 and 5xx; ERR_TIMEOUT; ERR_DENIED: the peer's certificate is not good; ERR_LIMIT:
 * the answer is larger than S3_BODY_SIZE_MAX; ERR_IO. `*answer` is written only on OK.
 */
MUST_USE enum err s3_ask(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer,
                         struct why *why);

/* What to tell people of an answer that was not expected: "PUT KEY: 403 SignatureDoesNotMatch". */
enum err s3_refused(const struct s3_request *request, const struct s3_answer *answer,
                    struct why *why);
