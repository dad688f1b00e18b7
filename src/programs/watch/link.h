/*
 * watch/link - the connection to tocsin-edge (docs/protocols/watch.md).
 *
 * Connects, says hello, sends what the outbox holds until edge acknowledges it, and connects again
 * for ever. Nothing here waits: without edge the outbox fills. Belongs to the loop.
 */
#pragma once

#include "base/value.h"
#include "programs/watch/outbox.h"
#include "system/loop.h"

struct link;

struct link_config {
    struct loop *loop; /* borrowed */
    const char *path;  /* of edge's socket */
    const char *run;   /* id of this run of watch */
    const char *model;
    const char *media; /* the media folder */
    void *context;
    void (*connected)(void *context); /* after hello: send what edge must know anew */
};

MUST_USE enum err link_open(struct link **out, const struct link_config *config, struct why *why);
void link_close(struct link *link); /* sends what it can at once; NULL is allowed */
CLEANUP_FOR(struct link, link_close)

/* Sends until acknowledged. `message` is taken. */
void link_send_event(struct link *link, const struct outbox_letter *letter, struct value *message);

/* Sends once if edge is there: ERR_UNAVAILABLE when not. `message` is taken. */
MUST_USE enum err link_send(struct link *link, struct value *message);
