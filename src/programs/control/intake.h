/*
 * control/intake - verified messages into the tables, one at a time, inside the caller's
 * transaction; and what is to be said once they are committed.
 *
 * Part of control/ingest, on its thread. Judges the content; the envelope is verified already.
 */
#pragma once

#include "fleet/topic.h"
#include "programs/control/ports.h"
#include "programs/control/refusal.h"
#include "store/database.h"
#include "trust/envelope.h"

struct intake;

enum { INTAKE_NOTE_MAX = 256 };

struct intake_config {
    struct database *database;   /* borrowed; migrated */
    const struct signer *signer; /* borrowed; signs confirms */
    const char *prefix;          /* borrowed; of topics */
    int64_t events_keep_us;      /* how long events stay; 0 = for ever */
    struct live_port live;
    struct bus_port bus;
};

MUST_USE enum err intake_open(struct intake **out, const struct intake_config *config,
                              struct why *why);
void intake_close(struct intake *intake); /* NULL is allowed */
CLEANUP_FOR(struct intake, intake_close)

/* Forgets what an earlier transaction wanted to be said. At the begin of each. */
void intake_begin(struct intake *intake, int64_t now_us);

struct intake_message {
    const char *topic;
    struct topic_parts parts;
    struct envelope envelope;
};

/*
 * Enters one message. `*reason` is NULL when it was taken, else a constant word that says why it
 * was refused (`why` has the sentence). An error is the database's: roll back.
 */
MUST_USE enum err intake_enter(struct intake *intake, const struct intake_message *message,
                               const char **reason, struct why *why);

/* After the commit: live messages and confirms. True when a device is back and alerts are due. */
bool intake_announce(struct intake *intake);

/* Lets go of events that are too old, in the caller's transaction (fleet/event_age). */
MUST_USE enum err intake_forget(struct intake *intake, struct why *why);
