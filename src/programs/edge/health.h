/*
 * edge/health - what this device says of itself: status, telemetry, the will.
 *
 * Status at connect, on change and every 30 s; telemetry every 30 s. Belongs to the loop; only
 * health_will is called from the bus thread, and reads nothing that changes.
 */
#pragma once

#include "evidence/media.h"
#include "programs/edge/bus.h"
#include "programs/edge/events.h"
#include "programs/edge/guard.h"
#include "programs/edge/receipts.h"

struct health;

struct health_config {
    struct loop *loop; /* borrowed, as all below */
    const struct sane_clock *clock;
    const struct options *options;
    struct events *events;
    struct receipts *receipts;
    struct media_index *media;
    const struct guard *guard;
};

struct health *health_new(const struct health_config *config);
void health_free(struct health *health); /* NULL is allowed */
CLEANUP_FOR(struct health, health_free)

/* Borrowed; NULL = none. `media_url` is what control is told (copied). */
void health_use(struct health *health, struct bus *bus);
void health_set_media_url(struct health *health, const char *media_url); /* before the bus opens */

void health_send(struct health *health); /* status and telemetry, now */

/* From watch: a "camera" message, or that it has gone. */
void health_camera(struct health *health, const struct value *message);
void health_watch_gone(struct health *health);

/* The content of the will; `context` is a struct health. */
struct value *health_will(void *context);
