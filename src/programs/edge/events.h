/*
 * edge/events - an event's way from watch to control: disk, acknowledgement, bus, confirmation.
 *
 * watch is told only after the event is on disk; control gets it again until it confirms. Belongs
 * to the loop.
 */
#pragma once

#include "evidence/media.h"
#include "fleet/event_queue.h"
#include "programs/edge/bus.h"
#include "programs/edge/link.h"
#include "programs/edge/memory.h"

struct events;

struct events_config {
    struct loop *loop; /* borrowed, as all below */
    const struct sane_clock *clock;
    struct database *database;
    struct event_queue *queue;
    struct media_index *media;
    struct memory *memory;
    const char *zone;
};

struct events *events_new(const struct events_config *config);
void events_free(struct events *events); /* NULL is allowed */
CLEANUP_FOR(struct events, events_free)

/* Borrowed, when they are open; NULL = none. */
void events_use(struct events *events, struct bus *bus, struct link *link);

/* From watch: "hello", "event", "deleted". */
void events_hello(struct events *events, const struct value *message);
void events_take(struct events *events, const struct value *message);
void events_deleted(struct events *events, const struct value *message);

/* From control: the content of a "confirm". */
void events_confirm(struct events *events, const struct value *content);

/* The bus is there again: everything is due. */
void events_hasten(struct events *events);

int64_t events_count(struct events *events);
