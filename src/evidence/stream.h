/*
 * evidence/stream - the one way to a file of an event: principal, token, event.
 *
 * Edge. Decides whether the peer (identity of its TLS certificate) may open the clip or snapshot of
 * an event with the token that it shows (docs/protocols/media.md), and opens it. A token is an
 * envelope of control, bound to one device, one event, one operation and a minute, and opens once:
 * used ones are kept in the database until they have run out, so that no restart makes them good
 * again. Belongs to the thread of its database connection; the time is a parameter.
 */
#pragma once

#include "evidence/media.h"
#include "trust/revocation.h"

enum {
    STREAM_TOKEN_SIZE_MAX = 4096, /* base64url, as it stands in a header */
    STREAM_LIFE_MAX_S = 300,      /* a token that claims to last longer is malformed */
    STREAM_SUBJECT_SIZE = 129
};

struct stream;

struct stream_config {
    const char *site;                /* copied, as the texts below */
    const char *device;              /* our own name */
    const char *ca_path;             /* PEM of the site CA */
    struct revocations *revocations; /* borrowed for the stream's life; NULL: none */
    const char *media_folder;        /* where watch writes */
};

/* `database` is borrowed, migrated as edge. */
MUST_USE enum err stream_new(struct stream **out, struct database *database,
                             const struct stream_config *config, struct why *why);
void stream_free(struct stream *stream); /* NULL is allowed */
CLEANUP_FOR(struct stream, stream_free)

struct stream_request {
    const char *principal; /* SPIFFE ID of the peer's certificate; NULL = it has none */
    const char *token;     /* NULL = it has none */
    const char *event_id;
    enum media_kind kind;
    int64_t now_us;
};

enum stream_answer {
    STREAM_ANSWER_OPENED,
    STREAM_ANSWER_ABSENT, /* allowed, and there is no such file (any more) */
    STREAM_ANSWER_MALFORMED,
    STREAM_ANSWER_FORGED,
    STREAM_ANSWER_UNTRUSTED, /* the peer or the signer is not control of this site */
    STREAM_ANSWER_EXPIRED,
    STREAM_ANSWER_OTHER_DEVICE,
    STREAM_ANSWER_OTHER_EVENT, /* or the other operation of this event */
    STREAM_ANSWER_USED,
};
const char *stream_answer_name(enum stream_answer answer); /* "other_device" ... */

struct stream_media {
    int fd;                            /* given when OPENED: the caller closes it */
    const char *type;                  /* "video/mp4" or "image/jpeg" */
    char subject[STREAM_SUBJECT_SIZE]; /* for whom control asks; "" while unknown */
};

/*
 * Opens, once for each token. A refusal is in `*answer` with a sentence in `why`. An error is the
 * database's: nothing was opened.
 */
MUST_USE enum err stream_open(struct stream *stream, const struct stream_request *request,
                              enum stream_answer *answer, struct stream_media *media,
                              struct why *why);
