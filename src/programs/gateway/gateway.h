/*
 * gateway/gateway - all state of the running gateway, owned by the loop's thread.
 */
#pragma once

#include "alert/inbox.h"
#include "fleet/relay.h"
#include "fleet/replay_marks.h"
#include "fleet/standing.h"
#include "ledger/witness_book.h"
#include "programs/gateway/bus.h"
#include "programs/gateway/count.h"
#include "store/database.h"
#include "trust/envelope.h"

struct gateway {
    struct options options;
    const char *name; /* borrowed from the signer */
    int64_t started_us;
    struct loop *loop; /* all owned */
    struct database *database;
    struct inbox *inbox; /* the cache of alerts, tombstones too */
    struct standing *standing;
    struct signer *signer;     /* of the standing; also used by the bus thread, for the will */
    struct verifier *verifier; /* of the standing */
    struct replay_marks *marks;
    bool damaged; /* the database; ended to start with another */
    struct relay *relay;
    struct bus *bus;
    struct witness_book *witness_book;
    struct note_signer cosigner; /* a key of its own: the identity's signs no logs */
    struct signing_key *cosigner_secret;
    struct count count;
};

/* ---- trust.c: who we are, and whom we trust ---- */

/* Opens the standing; enrols when that is due. */
MUST_USE enum err gateway_open_trust(struct gateway *gateway, struct why *why);

/* A message of system/revocation. */
void gateway_hear_revocation(struct gateway *gateway, const char *topic,
                             const struct envelope *envelope);

/* ---- hear.c: what comes ---- */

/* Judges one message of the broker and remembers what it says. */
void gateway_hear(void *context, const struct mqtt_message *message);

/* Gives the cached alerts to the relay, at start. */
MUST_USE enum err gateway_recall(struct gateway *gateway, struct why *why);

/* ---- cosign.c: the witness of the site's audit log ---- */

/* The witness's key (made at first) and memory; the database is open. */
MUST_USE enum err gateway_cosign_open(struct gateway *gateway, struct why *why);
void gateway_cosign_close(struct gateway *gateway);

/* A checkpoint that control asks to have cosigned; `envelope` is admitted. */
void gateway_cosign(struct gateway *gateway, const struct envelope *envelope, const char *topic);

/* ---- tell.c: what goes ---- */

/* Signs `content` (taken) as informational and publishes it below the prefix. */
void gateway_publish(struct gateway *gateway, const char *topic, struct value *content,
                     bool retain);

/* The broker is there or gone. */
void gateway_connection(void *context, bool connected);

void gateway_make_will(void *context, struct text *payload);
void gateway_tell_self(void *context); /* own status and health; every 30 s */
void gateway_say_again(void *context); /* what the relay finds due; twice a second */
void gateway_forget(void *context);    /* old tombstones; every few minutes */

/* Stores how far each issuer has come; twice a second, for what they say changes no row here. */
void gateway_keep_marks(struct gateway *gateway);
