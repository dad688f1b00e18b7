/*
 * control/audit/scribe - the thread that carries the audit log's entries to its files, signs
 * checkpoints, and has them cosigned by the gateways.
 *
 * It has its own connection. Woken after an entry was committed, it waits a moment for more,
 * carries them all (ledger/recorder) and asks every gateway over the bus; also every 30 s, so that
 * a checkpoint's newest cosignature is never old. After 10 minutes without an entry it writes one.
 * At start, when gateways are known, nothing is signed until one has answered, or for 10 s: an old
 * backup must not sign a second history before somebody can object. Nothing waits for this thread.
 * Of several servers one signs; the others carry what it has signed to their own files.
 */
#pragma once

#include "ledger/note.h"
#include "programs/control/audit/abroad.h"
#include "programs/control/identity/ca_news.h"
#include "programs/control/ports.h"
#include "store/database.h"
#include "trust/envelope.h"

struct scribe;

struct scribe_config {
    struct database_config database; /* migrated already */
    const char *state_folder;        /* the keys; the log lies in "audit" below it; copied */
    const char *origin;              /* copied */
    int64_t epoch_us, keep_us;       /* as in struct recorder_config */
    struct verifier_config trust;    /* its strings are borrowed for the life of the scribe;
                                        `revocations` must be there */
    const struct ca_news *ca_news;   /* borrowed; NULL: the CAs never change */
    const struct signer *signer;     /* borrowed; signs messages on the bus */
    const char *prefix;              /* of topics; copied */
    struct bus_port bus;
    bool follows; /* another server signs, until scribe_lead */
    struct abroad_witness outside[ABROAD_MAX];
    size_t outside_count;
};

/* Starts the thread. ERR_RANGE without revocations: a withdrawn gateway is no witness. A log that
 * must not be signed is no error: alerts go on. */
MUST_USE enum err scribe_open(struct scribe **out, const struct scribe_config *config,
                              struct why *why);
void scribe_close(struct scribe *scribe); /* carries what waits, then ends; NULL is allowed */
CLEANUP_FOR(struct scribe, scribe_close)

/* From any thread: there is a new entry. */
void scribe_wake(struct scribe *scribe);

/* From mqtt's callbacks: a gateway's cosignature (copied); the broker is there or gone. */
void scribe_offer(struct scribe *scribe, const struct mqtt_message *message);
void scribe_connected(struct scribe *scribe, bool connected);

/* From any thread: whether this server signs, or another of the site's. */
void scribe_lead(struct scribe *scribe, bool leads);

bool scribe_healthy(const struct scribe *scribe); /* for GET /health */

/* Whether an entry about somebody who is not signed in may be written now: 600 a minute at most. */
bool scribe_takes_stranger(struct scribe *scribe, int64_t now_us);

/* ---- for those who read the log; any thread ---- */

struct scribe_view {
    char *note; /* the newest checkpoint; "" before the first */
    uint64_t size;
    char vkey[NOTE_VKEY_SIZE];
    char halted[256]; /* why nothing is signed; "" */
};
void scribe_look(struct scribe *scribe, struct scribe_view *view);
void scribe_view_deinit(struct scribe_view *view);

const char *scribe_log_folder(const struct scribe *scribe);
