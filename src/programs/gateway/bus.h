/*
 * gateway/bus - the gateway's connection to its zone's broker.
 *
 * What the bus thread receives is handed to the loop through a bounded queue; a full one makes the
 * broker keep the message. All callbacks but make_will run on the loop.
 */
#pragma once

#include "programs/gateway/options.h"
#include "system/loop.h"
#include "wire/mqtt.h"

struct bus;

struct bus_config {
    struct loop *loop; /* borrowed, as all below */
    const struct options *options;
    const char *name; /* of this gateway */
    void *context;
    void (*received)(void *context, const struct mqtt_message *message);
    void (*connection)(void *context, bool connected);
    void (*make_will)(void *context, struct text *payload); /* on the bus thread */
};

MUST_USE enum err bus_open(struct bus **out, const struct bus_config *config, struct why *why);
void bus_close(struct bus *bus); /* no callback runs afterwards; NULL is allowed */
CLEANUP_FOR(struct bus, bus_close)

/* `publication->topic` stands below the prefix. Otherwise as mqtt_publish. */
MUST_USE enum err bus_publish(struct bus *bus, const struct mqtt_publication *publication);
bool bus_connected(struct bus *bus);
void bus_renew(struct bus *bus); /* connects again, with the renewed certificate */
