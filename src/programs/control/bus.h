/*
 * control/bus - control's client of the message bus, which comes and goes while others hold on.
 *
 * ingest and outbox publish from their threads before the client is there and while it ends.
 * Messages go to ingest, acknowledgements to outbox. Any thread.
 */
#pragma once

#include "programs/control/ports.h"

struct bus;
struct control;

struct bus *bus_new(void);
void bus_free(struct bus *bus); /* NULL is allowed */
CLEANUP_FOR(struct bus, bus_free)

/* Connects in the background, and again after bus_stop; control->ingest and ->outbox are there
 * until bus_stop has returned.
 */
MUST_USE enum err bus_start(struct bus *bus, struct control *control, struct why *why);
void bus_stop(struct bus *bus); /* no callback comes afterwards */
/* Connects anew at once, with what the certificate files hold now; any thread. */
void bus_renew(struct bus *bus);

/* A bus_port: `context` is the bus. */
enum err bus_publish(void *context, const struct mqtt_publication *publication);
bool bus_connected(struct bus *bus);
