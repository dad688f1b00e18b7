/*
 * control/peer/peers - the other control servers of the site, where there are several on one
 * database.
 *
 * A thread with its own connection holds or watches the lease "bus" (peer/lease): the server that
 * has it speaks with the bus, publishes, judges what devices say and signs the audit log; all serve
 * people. And it carries to all servers what one has to tell its browsers (peer/bulletin), and that
 * there is something to publish. Without other servers there is no `struct peers`: every function
 * takes NULL, and we lead. Any thread may call.
 */
#pragma once

#include <stdbool.h>

#include "base/value.h"
#include "store/database.h"

struct peers;

/* Called on the thread of peers; none may block. */
struct peers_port {
    void *context;
    void (*lead)(void *context, bool leads);
    void (*hear)(void *context, const char *kind, struct value *data); /* owns `data` */
    void (*wake)(void *context);        /* another server has put something into the outbox */
    void (*look_around)(void *context); /* every beat: log what has changed */
};

struct peers_config {
    struct database_config database; /* migrated */
    const char *server;              /* our name among the others; copied */
    struct peers_port port;
};

MUST_USE enum err peers_open(struct peers **out, const struct peers_config *config,
                             struct why *why);
/* Starts the thread, which may lead at once. Not before everybody who asks has `peers`. */
MUST_USE enum err peers_start(struct peers *peers, struct why *why);
/* Lets go of the lead, so that another server takes it at once. NULL is allowed. */
void peers_close(struct peers *peers);
CLEANUP_FOR(struct peers, peers_close)

bool peers_leading(struct peers *peers);
bool peers_healthy(struct peers *peers);

/* To the other servers' browsers; `data` is copied. Given up when too much waits. */
void peers_tell(struct peers *peers, const char *kind, const struct value *data);
/* Whoever leads publishes what is in the outbox. */
void peers_wake(struct peers *peers);
