/*
 * edge/guard - the device's body: its tamper contact, its GNSS receiver, how it was booted.
 *
 * Belongs to the loop. When the contact opens, that moment is kept in the database before it is
 * told, so that no loss of power makes it unseen.
 */
#pragma once

#include "fleet/physical.h"
#include "programs/edge/memory.h"
#include "programs/edge/options.h"
#include "system/loop.h"
#include "system/sane_clock.h"

struct guard;

struct guard_config {
    struct loop *loop; /* borrowed, as all below */
    const struct options *options;
    const struct sane_clock *clock;
    struct memory *memory;
    void *context;
    void (*changed)(void *context); /* the contact was opened or closed */
};

/* What cannot be read is told in the log, and unknown in the telemetry. */
struct guard *guard_new(const struct guard_config *config);
void guard_free(struct guard *guard); /* NULL is allowed */

const struct physical *guard_look(const struct guard *guard);
