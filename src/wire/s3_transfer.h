/*
 * wire/s3_transfer - one HTTP exchange with a store or its CDN: what of wire/s3 knows libcurl.
 *
 * Nothing is signed or tried again here. A link is a connection that is kept; one thread at a time.
 */
#pragma once

#include "wire/s3.h"

struct s3_link;
struct s3_link *s3_link_new(void);
void s3_link_free(struct s3_link *link); /* NULL is allowed */

struct s3_transfer {
    const struct s3_request *request;
    const char *url;
    const struct s3_pair *headers; /* all that are sent */
    size_t header_count;
    const char *ca_path;
    int64_t idle_timeout_ms;
};

/* What came of it besides the answer. */
struct s3_outcome {
    enum err err;    /* OK: there is an answer */
    bool may_repeat; /* the fault may pass */
    int64_t date_s;  /* the answer's Date; 0: none */
};

/* Replaces `*answer`, whose body the caller releases. */
struct s3_outcome s3_transfer_run(struct s3_link *link, const struct s3_transfer *transfer,
                                  struct s3_answer *answer, struct why *why);
