/*
 * ledger/recorder - carries the audit log's entries from the database to its files, signs
 * checkpoints, and collects the cosignatures of witnesses.
 *
 * A log must never sign two histories. So before it signs anything it compares: the stored tree
 * must extend the newest checkpoint in the database, and entries that both have must be the same;
 * and what a witness shows, signed by this log, must be part of the tree. Else it has halted:
 * nothing is signed any more, entries wait in the database, and the reason stands in
 * recorder_halted. One thread; reads and writes files.
 */
#pragma once

#include "base/clock.h"
#include "ledger/cosigner.h"
#include "ledger/journal.h"
#include "ledger/witness.h"

enum { RECORDER_BATCH_MAX = 4000 };
/* A witness has another key at most this often: each change is an entry. */
#define RECORDER_WITNESS_CHANGE_US CLOCK_HOUR_US
#define RECORDER_EPOCH_US (30 * CLOCK_DAY_US)

struct recorder;

struct recorder_config {
    struct database *database; /* migrated as control; borrowed */
    const char *state_folder;  /* of the keys (ledger/log_key) */
    const char *log_folder;
    const char *origin;
    int64_t now_us;
    bool follows;     /* another server signs, until recorder_lead; nothing is opened yet */
    int64_t epoch_us; /* how long an epoch lasts; 0: RECORDER_EPOCH_US */
    int64_t keep_us;  /* how long entries are kept at least; 0: for ever */
};

/* Opens even when it has halted. Errors: the database or disk does not work at all. */
MUST_USE enum err recorder_open(struct recorder **out, const struct recorder_config *config,
                                struct why *why);
void recorder_close(struct recorder *recorder); /* NULL is allowed */
CLEANUP_FOR(struct recorder, recorder_close)

/* Why nothing is signed any more; NULL while all is well. */
const char *recorder_halted(const struct recorder *recorder);

/* Carries what waits to the files and signs it; `*signed_new`: there is a new checkpoint. */
MUST_USE enum err recorder_run(struct recorder *recorder, bool *signed_new, struct why *why);

/*
 * ---- one log, several servers ----
 *
 * Entries have their order in the database, so every server makes the same tree of them. One signs;
 * the others carry to their own files what it has signed, and halt when that is not the tree of
 * their entries. So each can take over at once; it needs the log's key as a file of its own.
 */

/* Up to the newest checkpoint in the database; `*fresh`: there is a new one. */
MUST_USE enum err recorder_follow(struct recorder *recorder, bool *fresh, struct why *why);
/* From now on this server signs: as recorder_open without `follows`, after a last look. */
MUST_USE enum err recorder_lead(struct recorder *recorder, int64_t now_us, struct why *why);

/*
 * What is due now and then. Closes an epoch that has lasted long enough: the newest checkpoint, of
 * which a witness knows (or a day later without), is kept (ledger/keep). And prunes: entries go in
 * whole bundles when the epoch that holds them was closed and its last entry is `keep_us` old. That
 * is entered and signed first (`log_pruned`), then the entries leave the database and the files;
 * the tree of hashes stays whole. `*pruned`: how many entries have gone. Killed at any moment, it
 * goes on the next time.
 */
MUST_USE enum err recorder_keep_house(struct recorder *recorder, int64_t now_us, uint64_t *pruned,
                                      struct why *why);

/* The same at a server that follows, after recorder_follow: what the leading one keeps is kept here
 * too, and what it let go goes. */
MUST_USE enum err recorder_follow_house(struct recorder *recorder, struct why *why);

uint64_t recorder_size(const struct recorder *recorder);    /* of the newest checkpoint */
struct span recorder_note(const struct recorder *recorder); /* with cosignatures; "" before any */
const struct note_key *recorder_key(const struct recorder *recorder);

/* ---- witnesses ---- */

/* What to ask the witness `name`: a request for ledger/witness. Nothing before the first entry. */
MUST_USE enum err recorder_ask(struct recorder *recorder, const char *name, struct text *request,
                               struct why *why);

enum recorder_outcome {
    RECORDER_OUTCOME_COSIGNED,
    RECORDER_OUTCOME_BEHIND,     /* it remembers another size: ask again */
    RECORDER_OUTCOME_LATE,       /* it cosigned an older checkpoint of ours: ask again */
    RECORDER_OUTCOME_UNBELIEVED, /* a refusal without evidence, a wrong signature, a new key too
                                    soon */
    RECORDER_OUTCOME_HALTED,     /* it has shown another history of this log */
};
const char *recorder_outcome_name(enum recorder_outcome outcome);

/* A witness's answer; `name` and `vkey` are proved by the message that brought it. */
struct recorder_answer {
    const char *name, *vkey;
    enum witness_answer answer;
    uint64_t size;
    const char *text; /* as witness_reply's line */
    int64_t now_us;
    bool outside; /* over HTTP, under a key that the site's configuration names: then a refusal has
                     a size and no evidence */
};
MUST_USE enum err recorder_hear(struct recorder *recorder, const struct recorder_answer *answer,
                                enum recorder_outcome *outcome, struct why *why);
