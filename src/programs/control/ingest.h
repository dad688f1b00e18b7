/*
 * control/ingest - what devices say, from the bus into the database.
 *
 * A thread with its own connection and verifier takes messages from a bounded queue, verifies each,
 * enters a batch in one transaction together with the replay marks, and only after the commit tells
 * the browsers and confirms events to their edges. A message that is refused is counted
 * (tocsin_messages_refused_total{reason}) and logged, at most ten lines a minute per reason. What
 * is lost before the commit comes again: edges repeat events until confirmed, and a receipt that is
 * missed comes again with the alert. The CA's list of withdrawn certificates (system/revocation)
 * comes this way too, and holds from the next message on.
 */
#pragma once

#include "base/secret.h"
#include "programs/control/identity/ca_news.h"
#include "programs/control/ports.h"
#include "store/database.h"
#include "trust/envelope.h"

struct ingest;

enum { INGEST_QUEUE_MAX = 8192, INGEST_BATCH_MAX = 64 };

struct ingest_config {
    struct database_config database; /* migrated already */
    struct verifier_config trust;    /* its strings are borrowed for the life of ingest */
    const char *withdrawn_path;      /* where the CA's list of withdrawn certificates is kept */
    const struct ca_news *ca_news;   /* borrowed; NULL: the CAs never change */
    const struct signer *signer;     /* borrowed; signs confirms */
    const char *prefix;              /* of topics; copied */
    int64_t events_keep_us;          /* how long events stay; 0 = for ever */
    struct live_port live;
    struct bus_port bus;
    void (*overdue)(void *context); /* a device is back, its deliveries are due: outbox_wake */
    void *overdue_context;
};

/* Starts the thread. */
MUST_USE enum err ingest_open(struct ingest **out, const struct ingest_config *config,
                              struct why *why);
/* What the CA has withdrawn, as the bus has told; any thread. Borrowed. */
struct revocations *ingest_revocations(const struct ingest *ingest);
/* Enters what is queued, then ends. NULL is allowed. */
void ingest_close(struct ingest *ingest);
CLEANUP_FOR(struct ingest, ingest_close)

/* Hands over a copy; from any thread (mqtt's on_message returns its result). False: full. */
MUST_USE bool ingest_offer(struct ingest *ingest, const struct mqtt_message *message);

/*
 * Before the bus begins, on whichever thread begins it: another server has judged messages until
 * now, and what it admitted is not admitted again. ERR_LIMIT when the queue is full.
 */
MUST_USE enum err ingest_take_over(struct ingest *ingest);

/* False when the last batch could not be stored (disk, lock): for GET /health. */
bool ingest_healthy(const struct ingest *ingest);
