/*
 * control/audit/envoy - the thread that carries the audit log's questions to witnesses outside
 * (C2SP tlog-witness, over HTTP) and brings their answers back.
 *
 * What an answer is worth is not judged here: its signature is (ledger/recorder). A witness that is
 * slow or silent keeps only the others outside waiting, for seconds.
 */
#pragma once

#include "ledger/witness.h"

enum { ENVOY_NAME_SIZE = 64, ENVOY_QUEUE_MAX = 64 };

struct envoy;

struct envoy_answer {
    char name[ENVOY_NAME_SIZE]; /* of the witness, as it was asked */
    int status;                 /* of HTTP; 0: none came */
    uint64_t asked_size;        /* of the checkpoint that it was asked about */
    struct text body;           /* at most WITNESS_ANSWER_SIZE_MAX */
    struct why why;             /* when none came */
};

struct envoy_port {
    void *context;
    void (*answered)(void *context, const struct envoy_answer *answer); /* from the thread */
};

MUST_USE enum err envoy_open(struct envoy **out, const struct envoy_port *port, struct why *why);
void envoy_close(struct envoy *envoy); /* gives up what is under way; NULL is allowed */
CLEANUP_FOR(struct envoy, envoy_close)

/* All is copied. `ca_path` NULL: the system's authorities. Passed over when 64 wait already. */
struct envoy_question {
    const char *name, *url, *ca_path;
    uint64_t size;
    struct span request;
};
MUST_USE bool envoy_ask(struct envoy *envoy, const struct envoy_question *question);
