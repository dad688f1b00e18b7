/*
 * edge/lamp - the sign of this device: shapes alerts, lets the stage choose, swaps frames in time.
 *
 * Belongs to the loop. A message that is to be lit is swapped at once; after that a timer makes the
 * next frame when it differs.
 */
#pragma once

#include "alert/alert.h"
#include "sign/driver.h"
#include "sign/show.h"
#include "system/loop.h"
#include "system/sane_clock.h"

struct lamp;

struct lamp_config {
    struct loop *loop; /* borrowed, as all below */
    const struct sane_clock *clock;
    struct sign_fonts *fonts;
    struct sign_driver driver;
    struct sign_screen screen;
    void *context;
    /* A message was lit for the first time: its frame has been swapped. */
    void (*lit)(void *context, const char *alert_id, int64_t revision);
};

struct lamp *lamp_new(const struct lamp_config *config);
void lamp_free(struct lamp *lamp); /* NULL is allowed */
CLEANUP_FOR(struct lamp, lamp_free)

/*
 * Puts an alert on the stage; `was_lit` when this revision was lit before a restart. The sign
 * changes with the next lamp_refresh. Fails when no text of it can be drawn, or the stage is full.
 */
MUST_USE enum err lamp_put(struct lamp *lamp, const struct alert *alert, bool was_lit,
                           struct why *why);
bool lamp_remove(struct lamp *lamp, const char *alert_id);

/* Lights what is to be lit now. */
void lamp_refresh(struct lamp *lamp);
