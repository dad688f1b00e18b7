/*
 * edge/bus - this device on the message bus: its subscriptions, its signature, its will.
 *
 * Everything but the will belongs to the loop: what the bus thread receives is handed over through
 * a bounded queue (a full one makes the broker keep the message).
 */
#pragma once

#include "base/value.h"
#include "fleet/topic.h"
#include "programs/edge/options.h"
#include "system/loop.h"
#include "system/sane_clock.h"
#include "trust/envelope.h"

struct bus;

struct bus_config {
    struct loop *loop; /* borrowed, as all below */
    const struct options *options;
    const struct signer *signer;
    const struct sane_clock *clock;
    void *context;
    void (*received)(void *context, const char *topic, struct span payload);
    void (*connection)(void *context, bool connected);
    /* The broker has acknowledged what was published with `token`, or refused it. */
    void (*published)(void *context, uint64_t token, enum err err);
    /* The content of the will; called on the bus thread. */
    struct value *(*make_will)(void *context);
};

MUST_USE enum err bus_open(struct bus **out, const struct bus_config *config, struct why *why);
void bus_close(struct bus *bus); /* no callback runs afterwards; NULL is allowed */
CLEANUP_FOR(struct bus, bus_close)

void bus_renew(struct bus *bus); /* connects again, with the renewed certificate */

bool bus_connected(struct bus *bus);

struct bus_message {
    enum topic_kind kind;  /* under devices/<own name>/ */
    struct value *content; /* taken, also when it fails */
    bool retain;
    uint64_t token; /* 0: nobody waits for it */
};

/* Signs as informational and sends. ERR_UNAVAILABLE while not connected, ERR_LIMIT: later. */
MUST_USE enum err bus_publish(struct bus *bus, const struct bus_message *message);
