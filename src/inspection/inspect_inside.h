/*
 * inspection/inspect_inside - the inside of one inspection, shared by inspect*.c and nobody else.
 */
#pragma once

#include "inspection/inspect.h"
#include "ledger/entry.h"
#include "ledger/keep.h"
#include "ledger/shelf.h"

/* Entries [first, end) of which an entry says that their details are gone. */
struct excuse {
    uint64_t first, end;
};

struct inspection {
    const struct inspect_config *config;
    struct inspect_report *report;
    struct shelf *shelf;
    struct text note;
    struct note_key keys[NOTE_KEYS_MAX]; /* the log's that count now, then the witnesses' */
    size_t log_count, key_count;
    uint64_t pruned_end; /* what an entry allows to be missing; `pruned_epoch`: under which */
    uint64_t pruned_epoch;
    char pruned_note[KEEP_DIGEST_SIZE]; /* and which file that is */
    struct excuse *excuses;             /* in no order */
    size_t excuse_count, excuse_room;
};

/* The first finding stays. Returns false, for use in a chain. */
bool inspect_find(struct inspection *at, uint64_t entry, const char *what);

void inspect_set_log_keys(struct inspection *at, const struct note_key *keys, size_t count);

MUST_USE enum note_verdict inspect_open_note(const struct inspection *at, struct span note,
                                             struct checkpoint *checkpoint,
                                             struct note_opened *opened, struct why *why);

/* ---- inspect_history.c: the checkpoints that are kept ---- */

/* Follows every change of key below `size`. */
MUST_USE bool inspect_rotations(struct inspection *at, uint64_t size);

/* Every closed epoch against the tree; that what was pruned has its own. */
MUST_USE bool inspect_epochs(struct inspection *at);

/* ---- inspect_details.c: what was sealed ---- */

/* Takes down what an entry says of others: what was pruned, erased, lost. */
void inspect_hear(struct inspection *at, uint64_t index, const struct entry_words *words);

MUST_USE bool inspect_details(struct inspection *at);
