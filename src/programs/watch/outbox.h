/*
 * watch/outbox - events that edge has not acknowledged yet, in order.
 *
 * Kept in memory: when watch ends, edge closes what was open (docs/protocols/watch.md). A newer
 * state of an event replaces its older updates that wait here, since it says everything again;
 * a begin waits for its own acknowledgement. Beyond OUTBOX_LETTERS_MAX the oldest update goes
 * first; beyond OUTBOX_LETTERS_LAST, after hours without edge, whatever is oldest. One thread.
 */
#pragma once

#include "base/id.h"
#include "base/text.h"

#include <stdbool.h>

enum { OUTBOX_LETTERS_MAX = 4096, OUTBOX_LETTERS_LAST = 16384 };

enum outbox_kind { OUTBOX_KIND_BEGIN, OUTBOX_KIND_UPDATE, OUTBOX_KIND_END };

struct outbox;

struct outbox *outbox_new(void);
void outbox_free(struct outbox *outbox); /* NULL is allowed */
CLEANUP_FOR(struct outbox, outbox_free)

struct outbox_letter {
    struct id event;
    int64_t sequence;
    enum outbox_kind kind;
};

/* Adds a letter with a copy of its JSON `body`. */
void outbox_add(struct outbox *outbox, const struct outbox_letter *letter, struct span body);

/* The next body that was not sent on this connection, now counted as sent; empty when none. */
struct span outbox_send(struct outbox *outbox);

/* A new connection: everything is to be sent again. */
void outbox_rewind(struct outbox *outbox);

/* Edge has this state of the event on disk, and so needs no older one. */
void outbox_acknowledge(struct outbox *outbox, const char *event, int64_t sequence);

size_t outbox_count(const struct outbox *outbox);
uint64_t outbox_lost(const struct outbox *outbox); /* begins and ends given up */
