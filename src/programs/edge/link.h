/*
 * edge/link - the unix socket that tocsin-watch connects to (docs/protocols/watch.md).
 *
 * Only a process of the same user (or root) is let in; one at a time, the newest. Frames, reads and
 * unsent answers are bounded. Belongs to the loop.
 */
#pragma once

#include "base/value.h"
#include "system/loop.h"

struct link;

struct link_config {
    struct loop *loop; /* borrowed */
    const char *path;  /* of the socket; a stale one is replaced */
    void *context;
    /* A whole JSON object with a text member "type". */
    void (*received)(void *context, const char *type, const struct value *message);
    void (*connection)(void *context, bool connected);
};

MUST_USE enum err link_open(struct link **out, const struct link_config *config, struct why *why);
void link_close(struct link *link); /* removes the socket; NULL is allowed */
CLEANUP_FOR(struct link, link_close)

/* Sends `message` (taken) to watch. ERR_UNAVAILABLE while it is away; one too slow is dropped. */
MUST_USE enum err link_send(struct link *link, struct value *message);

/* Hangs up, so that watch connects again and sends what was not acknowledged. */
void link_drop(struct link *link, const char *reason);
