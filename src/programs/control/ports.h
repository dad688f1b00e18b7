/*
 * control/ports - the two ways out of ingest and outbox: to the browsers and to the bus. Function
 * pointers, so that tests put others in their place.
 */
#pragma once

#include "base/value.h"
#include "wire/mqtt.h"

/*
 * Tells every signed-in browser {"kind","at","data"} (docs/protocols/api.md). `send` is called from
 * the ingest and outbox threads, must not block, and owns `data`.
 */
struct live_port {
    void *context;
    void (*send)(void *context, const char *kind, struct value *data);
};

/* Publishes as mqtt_publish does. Called from the ingest and outbox threads. */
struct bus_port {
    void *context;
    enum err (*publish)(void *context, const struct mqtt_publication *publication);
};
