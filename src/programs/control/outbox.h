/*
 * control/outbox - the thread that publishes what the database says is to be sent.
 *
 * It has its own connection. Woken at once after an order was committed, it publishes rows in
 * order, and deletes each in a transaction when the broker's PUBACK has come, which also raises its
 * deliveries to `sent`. Not connected, or no PUBACK within 15 s: the same rows again, in order. Of
 * several servers one does (outbox_lead). It also runs alert/schedule: repetition for silent
 * devices, begin and end of alerts, and device heartbeats (fleet/device). Nothing lives only in
 * memory: kill -9 costs a repetition, no loss.
 */
#pragma once

#include "base/secret.h"
#include "programs/control/ports.h"
#include "store/database.h"

struct outbox;

enum { OUTBOX_FLIGHT_MAX = 64 }; /* rows published and not yet acknowledged */

struct outbox_config {
    struct database_config database; /* migrated already */
    const char *prefix;              /* of topics; copied */
    bool follows;                    /* another server publishes, until outbox_lead */
    struct live_port live;
    struct bus_port bus;
};

/* Starts the thread. */
MUST_USE enum err outbox_open(struct outbox **out, const struct outbox_config *config,
                              struct why *why);
void outbox_close(struct outbox *outbox); /* NULL is allowed */
CLEANUP_FOR(struct outbox, outbox_close)

/* From any thread: there is something new. Call it after dispatch_* has returned OK. */
void outbox_wake(struct outbox *outbox);

/* From any thread: whether this server publishes, or another of the site's. */
void outbox_lead(struct outbox *outbox, bool leads);

/* From mqtt's callbacks. Tokens that are not the outbox's own are passed over. */
void outbox_published(struct outbox *outbox, uint64_t token, enum err err);
void outbox_connected(struct outbox *outbox, bool connected);

bool outbox_healthy(const struct outbox *outbox); /* the database works: for GET /health */
