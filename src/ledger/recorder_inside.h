/*
 * ledger/recorder_inside - the inside of a recorder, shared by recorder.c and recorder_witness.c
 * and by nobody else.
 */
#pragma once

#include "ledger/book.h"
#include "ledger/log_key.h"
#include "ledger/recorder.h"
#include "system/file.h"

struct recorder {
    struct database *database; /* borrowed */
    struct journal *journal;
    struct cosigner_store *cosigners;
    struct book *book;
    struct log_keys keys;
    char state_folder[FILE_PATH_SIZE], log_folder[FILE_PATH_SIZE];
    char origin[NOTE_NAME_SIZE];
    struct text own; /* the newest checkpoint with our own signatures only */
    char halted[sizeof(struct why)];
    int64_t epoch_us, keep_us;
};

/* From now on nothing is signed; the first reason stays. */
void recorder_halt(struct recorder *recorder, const char *reason);

/* Opens `note` with the log's own keys. */
enum note_verdict recorder_open_own(const struct recorder *recorder, struct span note,
                                    struct checkpoint *checkpoint, struct why *why);

/* Whether the stored tree begins with `checkpoint`. An error: the disk. */
MUST_USE enum err recorder_begins_with(const struct recorder *recorder,
                                       const struct checkpoint *checkpoint, bool *begins,
                                       struct why *why);

/* Appends what the database has and the files have not, up to `end` entries. */
MUST_USE enum err recorder_carry(struct recorder *recorder, uint64_t end, struct why *why);

/* The log's keys; one is made only when `may_make` and nothing was ever signed. */
MUST_USE enum err recorder_open_keys(struct recorder *recorder, bool may_make, struct why *why);
MUST_USE enum err recorder_open_book(struct recorder *recorder, struct why *why);

/* Opens all that signing needs, and compares. A reason not to sign halts, and is no error. */
MUST_USE enum err recorder_open_log(struct recorder *recorder, int64_t now_us, struct why *why);

/* Signs all that was appended. */
MUST_USE enum err recorder_sign(struct recorder *recorder, struct why *why);

/* The newest checkpoint, as it stands in its file, into the database. */
MUST_USE enum err recorder_remember_note(struct recorder *recorder, struct why *why);
