/*
 * tests/ledger_yard - control's side of an audit log and a gateway's, in one process, for the tests
 * of ledger/recorder.
 */
#pragma once

#include "base/clock.h"
#include "check.h"
#include "ledger/log_key.h"
#include "ledger/recorder.h"
#include "ledger/witness_book.h"
#include "ledger_keys.h"
#include "lib/scratch.h"
#include "migrations/control.h"
#include "migrations/gateway.h"
#include "system/file.h"
#include "tables.h"

#define YARD_NOW_US INT64_C(1795312229000000)

/* Control's side of a site, and a gateway's. */
struct yard {
    struct tables control, gateway;
    char folder[32];
    char log[FILE_PATH_SIZE];
    struct recorder *recorder;
    struct witness_book *witness;
    struct ledger_signer witness_key;
    int64_t now_us, keep_us;
    struct why why;
};

static inline void yard_must(enum err err, const struct yard *yard)
{
    if (err == OK) { return; }
    printf("Bail out! %s\n", yard->why.text);
    exit(1);
}

static inline void yard_start(struct yard *yard)
{
    const struct recorder_config config = {.database = yard->control.database,
                                           .state_folder = yard->folder,
                                           .log_folder = yard->log,
                                           .origin = "site/audit",
                                           .keep_us = yard->keep_us,
                                           .now_us = yard->now_us};
    yard_must(recorder_open(&yard->recorder, &config, &yard->why), yard);
}

static inline void yard_restart(struct yard *yard)
{
    recorder_close(TAKE(yard->recorder));
    yard_start(yard);
}

static inline void yard_open(struct yard *yard)
{
    *yard = (struct yard){.folder = "/tmp/tocsin-recorder-XXXXXX", .now_us = YARD_NOW_US};
    if (!mkdtemp(yard->folder)) { abort(); }
    yard_must(file_join(yard->log, yard->folder, "audit", &yard->why), yard);
    tables_open(&yard->control, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    tables_open(&yard->gateway, MIGRATIONS_GATEWAY, ARRAY_LEN(MIGRATIONS_GATEWAY));
    yard_must(witness_book_open(&yard->witness, yard->gateway.database, &yard->why), yard);
    ledger_signer_open(&yard->witness_key, NOTE_KIND_COSIGNATURE, "site/gateway/north", 9);
    yard_start(yard);
}

static inline void yard_close(struct yard *yard)
{
    recorder_close(yard->recorder);
    witness_book_close(yard->witness);
    ledger_signer_close(&yard->witness_key);
    tables_close(&yard->control);
    tables_close(&yard->gateway);
    scratch_remove(yard->folder);
}

static inline void yard_enter(struct yard *yard, const char *resource)
{
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    const struct entry_fact fact = {
        .at_us = yard->now_us, .user = "ana", .action = "alert_sent", .resource = resource};
    yard_must(journal_open(&journal, yard->control.database, &yard->why), yard);
    yard_must(journal_enter(journal, &fact, &yard->why), yard);
}

static inline bool yard_run(struct yard *yard)
{
    bool fresh = false;
    yard_must(recorder_run(yard->recorder, &fresh, &yard->why), yard);
    return fresh;
}

/* One request to the witness and its answer back. */
static inline enum recorder_outcome yard_ask(struct yard *yard)
{
    char log_vkey[NOTE_VKEY_SIZE];
    char vkey[NOTE_VKEY_SIZE];
    CLEANUP(text_deinit) struct text request = text_limited(WITNESS_REQUEST_MAX);
    yard_must(recorder_ask(yard->recorder, "north", &request, &yard->why), yard);
    note_key_write(recorder_key(yard->recorder), log_vkey);
    note_key_write(&yard->witness_key.note.key, vkey);
    struct witness_call call = {
        .vkey = log_vkey, .signer = &yard->witness_key.note, .now_us = yard->now_us};
    yard_must(witness_request_parse(&call.request, text_span(&request), &yard->why), yard);
    CLEANUP(witness_reply_deinit) struct witness_reply reply;
    yard_must(witness_book_cosign(yard->witness, &call, &reply, &yard->why), yard);
    const struct recorder_answer answer = {.name = "north",
                                           .vkey = vkey,
                                           .answer = reply.answer,
                                           .size = reply.size,
                                           .text = text_c(&reply.line),
                                           .now_us = yard->now_us};
    enum recorder_outcome outcome = RECORDER_OUTCOME_HALTED;
    yard_must(recorder_hear(yard->recorder, &answer, &outcome, &yard->why), yard);
    return outcome;
}

static inline bool yard_cosigned(const struct yard *yard)
{
    struct note_opened opened;
    return note_open(recorder_note(yard->recorder), &yard->witness_key.note.key, 1, &opened,
                     NULL) == NOTE_VERDICT_GOOD;
}
