/*
 * edge/alerts - an alert's way through this device: verifier, inbox, sign, receipts.
 *
 * What is accepted is on disk before it is lit; what is lit is told after the frame was swapped.
 * At start everything active is lit again from disk, before the network is there. Belongs to the
 * loop.
 */
#pragma once

#include "alert/inbox.h"
#include "programs/edge/lamp.h"
#include "programs/edge/receipts.h"

struct alerts;

struct alerts_config {
    struct loop *loop; /* borrowed, as all below */
    const struct sane_clock *clock;
    struct inbox *inbox;
    struct lamp *lamp;
    struct receipts *receipts;
};

struct alerts *alerts_new(const struct alerts_config *config);
void alerts_free(struct alerts *alerts); /* NULL is allowed */
CLEANUP_FOR(struct alerts, alerts_free)

/* Lights what the inbox holds, and clears what is over. For the start. */
void alerts_begin(struct alerts *alerts);

/* An envelope of type "alert" that the verifier has admitted. */
void alerts_receive(struct alerts *alerts, const char *topic, const struct envelope *envelope);

/* The sign has swapped the first frame of this revision (lamp_config.lit); `context` is a struct
 * alerts. */
void alerts_lit(void *context, const char *alert_id, int64_t revision);
