/*
 * tests/ledger_log - a small log in a folder, signed and cosigned, as `tocsin audit export` leaves
 * it: for the tests that attack it.
 */
#pragma once

#include <stdio.h>

#include "base/encode.h"
#include "inspection/inspect.h"
#include "ledger/book.h"
#include "ledger/entry.h"
#include "ledger/keep.h"
#include "ledger_keys.h"
#include "system/file.h"
#include "trust/canonical.h"

enum {
    LEDGER_LOG_SIZE = 300,
    LEDGER_LOG_TURN = 150,
    LEDGER_LOG_ERASED = 4,
    LEDGER_LOG_ERASING = 20,
    LEDGER_LOG_NOW_S = 1795312229
};

struct ledger_log {
    struct ledger_signer key, next_key, witness;
    struct entry entries[LEDGER_LOG_SIZE];
    struct policy policy;
};

static inline void ledger_log_must(enum err err, const struct why *why)
{
    if (err == OK) { return; }
    printf("Bail out! %s\n", why->text);
    exit(1);
}

/* Entry `at` of a log whose 150th entry names the next key, and whose 20th says that what the 4th
 * sealed was erased. */
static inline void ledger_log_entry(struct ledger_log *log, int at)
{
    struct why why = {""};
    char resource[32];
    char vkey[NOTE_VKEY_SIZE];
    const bool rotates = at == LEDGER_LOG_TURN;
    CLEANUP(value_free_p) struct value *details = value_object();
    (void)snprintf(resource, sizeof resource, "alert-%d", at);
    note_key_write(&log->next_key.note.key, vkey);
    if (rotates) { value_set_text(details, "new", vkey); }
    const bool erases = at == LEDGER_LOG_ERASING;
    if (erases) { (void)snprintf(resource, sizeof resource, "%d", LEDGER_LOG_ERASED); }
    const struct entry_fact fact = {
        .at_us = (int64_t)LEDGER_LOG_NOW_S * 1000000 + at,
        .user = "ana",
        .action = rotates  ? "key_rotated"
                  : erases ? "details_erased"
                           : "alert_sent",
        .resource = resource,
        .authorisation = "session",
        .details = details,
        .address = "192.0.2.7",
    };
    ledger_log_must(entry_write(&log->entries[at], &fact, &why), &why);
}

static inline void ledger_log_open(struct ledger_log *log)
{
    struct why why = {""};
    char text[3 * NOTE_VKEY_SIZE];
    char vkey[NOTE_VKEY_SIZE];
    char witness[NOTE_VKEY_SIZE];
    ledger_signer_open(&log->key, NOTE_KIND_ED25519, "site/audit", 1);
    ledger_signer_open(&log->next_key, NOTE_KIND_ED25519, "site/audit", 2);
    ledger_signer_open(&log->witness, NOTE_KIND_COSIGNATURE, "site/gateway/north", 3);
    for (int i = 0; i < LEDGER_LOG_SIZE; i++) {
        ledger_log_entry(log, i);
    }
    note_key_write(&log->key.note.key, vkey);
    note_key_write(&log->witness.note.key, witness);
    (void)snprintf(text, sizeof text, "log %s\nwitness w %s\nquorum w\n", vkey, witness);
    ledger_log_must(policy_parse(&log->policy, span_text(text), &why), &why);
}

static inline void ledger_log_close(struct ledger_log *log)
{
    for (int i = 0; i < LEDGER_LOG_SIZE; i++) {
        entry_deinit(&log->entries[i]);
    }
    ledger_signer_close(&log->key);
    ledger_signer_close(&log->next_key);
    ledger_signer_close(&log->witness);
}

/* Puts the witness's cosignature under the newest checkpoint. */
static inline void ledger_log_cosign(const struct ledger_log *log, struct book *book, int64_t at_s)
{
    struct why why = {""};
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    text_add_bytes(&note, book_note(book));
    const uint8_t *end = memmem(note.data, note.size, "\n\n", 2);
    const struct span text = span_of(note.data, (size_t)((const char *)end - note.data) + 1);
    CLEANUP(mem_free_p) char *copy = mem_text_of((const char *)text.data, text.size);
    ledger_log_must(note_sign(&log->witness.note, span_text(copy), at_s, &note, &why), &why);
    ledger_log_must(book_note_store(book, text_span(&note), &why), &why);
}

static inline void ledger_log_details(const struct ledger_log *log, const char *folder, int size)
{
    struct why why = {""};
    char path[FILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text lines = text_limited(1024 * 1024);
    for (int i = 0; i < size; i++) {
        CLEANUP(value_free_p) struct value *line = value_object();
        CLEANUP(text_deinit) struct text salt = text_limited(64);
        encode_base64(&salt, span_of(log->entries[i].salt, ENTRY_SALT_SIZE));
        value_set_integer(line, "index", i);
        value_set_text(line, "opened", text_c(&log->entries[i].sealed));
        value_set_text(line, "salt", text_c(&salt));
        ledger_log_must(canonical_write(line, &lines, &why), &why);
        text_add_char(&lines, '\n');
    }
    ledger_log_must(file_join(path, folder, INSPECT_DETAILS, &why), &why);
    ledger_log_must(file_write(path, text_span(&lines), 0600, &why), &why);
}

/* What a log is made with: its keys change after entry 150 when `rotates`. */
struct ledger_log_make {
    const char *folder;
    int size;
    bool rotates;
    int swapped; /* an entry that is another's, in a second history; -1: none */
    const struct note_signer *signer;
};

static inline void ledger_log_rotation(const struct ledger_log *log, struct book *book,
                                       const char *folder)
{
    struct why why = {""};
    const struct note_signer both[] = {log->key.note, log->next_key.note};
    ledger_log_must(book_sign(book, both, 2, &why), &why);
    ledger_log_must(keep_write(folder, KEEP_ROTATION, LEDGER_LOG_TURN + 1, book_note(book), &why),
                    &why);
}

static inline void ledger_log_make(const struct ledger_log *log, const struct ledger_log_make *make)
{
    struct why why = {""};
    const struct checkpoint_trust trust = {
        .origin = "site/audit", .keys = &make->signer->key, .key_count = 1};
    CLEANUP(book_close_p) struct book *book = NULL;
    ledger_log_must(book_open(&book, make->folder, &trust, &why), &why);
    struct span entries[LEDGER_LOG_SIZE];
    for (int i = 0; i < make->size; i++) {
        entries[i] = text_span(&log->entries[i == make->swapped ? i - 1 : i].bytes);
    }
    const int first = make->rotates ? LEDGER_LOG_TURN + 1 : make->size;
    ledger_log_must(book_append(book, entries, (size_t)first, &why), &why);
    if (make->rotates) {
        ledger_log_rotation(log, book, make->folder);
        ledger_log_must(book_append(book, entries + first, (size_t)(make->size - first), &why),
                        &why);
    }
    const struct note_signer *last = make->rotates ? &log->next_key.note : make->signer;
    ledger_log_must(book_sign(book, last, 1, &why), &why);
    ledger_log_cosign(log, book, LEDGER_LOG_NOW_S);
}
