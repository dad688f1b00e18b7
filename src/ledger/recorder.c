#include "ledger/recorder_inside.h"

#include <stdio.h>

#include "ledger/keep.h"

void recorder_halt(struct recorder *recorder, const char *reason)
{
    if (!*recorder->halted) {
        (void)snprintf(recorder->halted, sizeof recorder->halted, "%s", reason);
    }
}

const char *recorder_halted(const struct recorder *recorder)
{
    return *recorder->halted ? recorder->halted : NULL;
}

/* ---- the stored tree against what was signed ---- */

enum note_verdict recorder_open_own(const struct recorder *recorder, struct span note,
                                    struct checkpoint *checkpoint, struct why *why)
{
    struct note_key keys[LOG_KEYS_MAX];
    for (size_t i = 0; i < recorder->keys.count; i++) {
        keys[i] = recorder->keys.signers[i].key;
    }
    const struct checkpoint_trust trust = {
        .origin = recorder->origin, .keys = keys, .key_count = recorder->keys.count};
    struct note_opened opened;
    return checkpoint_open(note, &trust, checkpoint, &opened, why);
}

enum err recorder_begins_with(const struct recorder *recorder, const struct checkpoint *checkpoint,
                              bool *begins, struct why *why)
{
    *begins = false;
    if (checkpoint->size > book_size(recorder->book)) { return OK; }
    CLEANUP(shelf_close_p)
    struct shelf *shelf = shelf_open(recorder->log_folder, book_size(recorder->book));
    const struct merkle_source source = shelf_source(shelf);
    struct merkle_hash root;
    const enum err err = merkle_root(&source, checkpoint->size, &root, why);
    if (err == OK) { *begins = merkle_hash_equal(&root, &checkpoint->root); }
    return err;
}

/* The database's newest checkpoint; `*size` is its size, 0 without one. */
static enum err agree_with_signed(struct recorder *recorder, uint64_t *size, struct why *why)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    struct checkpoint checkpoint;
    struct why reason = {""};
    *size = 0;
    enum err err = journal_signed(recorder->journal, &note, why);
    if (err != OK || note.size == 0) { return err; }
    if (recorder_open_own(recorder, text_span(&note), &checkpoint, &reason) != NOTE_VERDICT_GOOD) {
        recorder_halt(recorder, reason.text);
        return OK;
    }
    bool begins = false;
    err = recorder_begins_with(recorder, &checkpoint, &begins, why);
    if (err == OK && !begins) {
        (void)why_set(&reason, ERR_CONFLICT,
                      "the log's files have %llu entries and do not extend the checkpoint of %llu "
                      "that was signed: an old copy, or another log",
                      (unsigned long long)book_size(recorder->book),
                      (unsigned long long)checkpoint.size);
        recorder_halt(recorder, reason.text);
    }
    *size = checkpoint.size;
    return err;
}

struct comparison {
    struct recorder *recorder;
    struct shelf *shelf;
    uint64_t next;
    enum err err;
    struct why *why;
};

static void compare_entry(void *context, uint64_t index, struct span bytes)
{
    struct comparison *comparison = context;
    struct merkle_hash stored;
    if (comparison->err != OK || recorder_halted(comparison->recorder)) { return; }
    comparison->next = index + 1;
    comparison->err = shelf_leaf(comparison->shelf, index, &stored, comparison->why);
    const struct merkle_hash leaf = merkle_leaf(bytes);
    if (comparison->err != OK || merkle_hash_equal(&leaf, &stored)) { return; }
    struct why reason;
    (void)why_set(&reason, ERR_CONFLICT, "entry %llu differs between the database and the log",
                  (unsigned long long)index);
    recorder_halt(comparison->recorder, reason.text);
}

/* What the files have from `first` on and the database lost (a power cut); but not what was sealed:
 * that it is missing has its reason on record then. */
static enum err take_back(struct recorder *recorder, struct shelf *shelf, uint64_t first,
                          int64_t now_us, struct why *why)
{
    const uint64_t size = book_size(recorder->book);
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_integer(details, "first", (int64_t)first);
    value_set_integer(details, "end", (int64_t)size);
    const struct entry_fact fact = {.at_us = now_us,
                                    .action = "entries_recovered",
                                    .authorisation = "program",
                                    .details = details};
    enum err err = database_begin(recorder->database, why);
    if (err != OK) { return err; }
    for (uint64_t index = first; err == OK && index < size; index++) {
        struct span entry;
        err = shelf_entry(shelf, index, &entry, why);
        if (err == OK) { err = journal_adopt(recorder->journal, index, entry, why); }
    }
    if (err == OK) { err = journal_enter(recorder->journal, &fact, why); }
    database_end(recorder->database, &err, why);
    return err;
}

/* Entries that both have must be the same; those that only the files have come back. */
static enum err agree_with_entries(struct recorder *recorder, uint64_t from, int64_t now_us,
                                   struct why *why)
{
    const uint64_t size = book_size(recorder->book);
    uint64_t known = 0;
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(recorder->log_folder, size);
    struct comparison comparison = {.recorder = recorder, .shelf = shelf, .next = from, .why = why};
    const struct journal_reader reader = {.context = &comparison, .each = compare_entry};
    enum err err = journal_size(recorder->journal, &known, why);
    const uint64_t both = known < size ? known : size;
    while (err == OK && comparison.next < both && !recorder_halted(recorder)) {
        const uint64_t left = both - comparison.next;
        err = journal_each(recorder->journal, comparison.next,
                           left < RECORDER_BATCH_MAX ? left : RECORDER_BATCH_MAX, &reader, why);
        if (err == OK) { err = comparison.err; }
    }
    if (err != OK || known >= size || recorder_halted(recorder)) { return err; }
    const uint64_t there = shelf_first(shelf);
    return take_back(recorder, shelf, known > there ? known : there, now_us, why);
}

/* ---- carrying and signing ---- */

/* Entries read from the database, copied: their bytes go with the statement. */
struct batch {
    size_t count;
    struct text bytes;
    size_t ends[RECORDER_BATCH_MAX];
};

static void take_entry(void *context, uint64_t index, struct span bytes)
{
    struct batch *batch = context;
    (void)index; /* in order, without gaps */
    text_add_bytes(&batch->bytes, bytes);
    batch->ends[batch->count++] = batch->bytes.size;
}

enum err recorder_carry(struct recorder *recorder, uint64_t end, struct why *why)
{
    CLEANUP(mem_free_p) struct batch *batch = MEM_NEW(struct batch);
    CLEANUP(mem_free_p) struct span *entries = MEM_ARRAY(struct span, RECORDER_BATCH_MAX);
    CLEANUP(text_deinit)
    struct text bytes = text_limited((size_t)RECORDER_BATCH_MAX * ENTRY_BYTES_MAX);
    const struct journal_reader reader = {.context = batch, .each = take_entry};
    enum err err = OK;
    do {
        batch->count = 0;
        batch->bytes = bytes; /* keeps its memory */
        text_clear(&batch->bytes);
        const uint64_t left = end - book_size(recorder->book);
        err = journal_each(recorder->journal, book_size(recorder->book),
                           left < RECORDER_BATCH_MAX ? left : RECORDER_BATCH_MAX, &reader, why);
        bytes = batch->bytes;
        size_t begin = 0;
        for (size_t i = 0; i < batch->count; i++) {
            entries[i] = span_of(bytes.data + begin, batch->ends[i] - begin);
            begin = batch->ends[i];
        }
        if (err == OK) { err = book_append(recorder->book, entries, batch->count, why); }
    } while (err == OK && batch->count == RECORDER_BATCH_MAX);
    return err;
}

enum err recorder_remember_note(struct recorder *recorder, struct why *why)
{
    const struct span note = book_note(recorder->book);
    CLEANUP(mem_free_p) char *text = mem_text_of((const char *)note.data, note.size);
    return journal_sign(recorder->journal, book_signed_size(recorder->book), text, why);
}

enum err recorder_sign(struct recorder *recorder, struct why *why)
{
    const struct log_keys *keys = &recorder->keys;
    enum err err = book_sign(recorder->book, keys->signers, keys->count, why);
    if (err != OK) { return err; }
    text_clear(&recorder->own);
    text_add_bytes(&recorder->own, book_note(recorder->book));
    return recorder_remember_note(recorder, why);
}

enum err recorder_run(struct recorder *recorder, bool *signed_new, struct why *why)
{
    *signed_new = false;
    if (recorder_halted(recorder)) { return OK; }
    enum err err = recorder->book ? OK : recorder_open_book(recorder, why);
    if (err == OK) { err = recorder_carry(recorder, UINT64_MAX, why); }
    const bool fresh = err == OK && (book_size(recorder->book) > book_signed_size(recorder->book) ||
                                     book_note(recorder->book).size == 0);
    if (fresh) { err = recorder_sign(recorder, why); }
    if (err != OK) { /* what is in memory may be ahead of the files */
        book_close(TAKE(recorder->book));
        return err;
    }
    *signed_new = fresh;
    return OK;
}

/* ---- opening ---- */

enum err recorder_open_book(struct recorder *recorder, struct why *why)
{
    struct note_key keys[LOG_KEYS_MAX];
    for (size_t i = 0; i < recorder->keys.count; i++) {
        keys[i] = recorder->keys.signers[i].key;
    }
    const struct checkpoint_trust trust = {
        .origin = recorder->origin, .keys = keys, .key_count = recorder->keys.count};
    return book_open(&recorder->book, recorder->log_folder, &trust, why);
}

/* Signs a checkpoint with the old key and the new, with an entry below it that names the new. */
static enum err rotate(struct recorder *recorder, int64_t now_us, struct why *why)
{
    char old[NOTE_VKEY_SIZE];
    char next[NOTE_VKEY_SIZE];
    uint64_t index = 0;
    note_key_write(&recorder->keys.signers[0].key, old);
    note_key_write(&recorder->keys.signers[1].key, next);
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "old", old);
    value_set_text(details, "new", next);
    const struct entry_fact fact = {.at_us = now_us,
                                    .action = "key_rotated",
                                    .resource = next,
                                    .authorisation = "program",
                                    .details = details};
    enum err err = journal_find(recorder->journal, fact.action, next, &index, why);
    if (err == ERR_NOT_FOUND) { err = journal_enter(recorder->journal, &fact, why); }
    if (err == OK) { err = recorder_carry(recorder, UINT64_MAX, why); }
    if (err == OK) { err = recorder_sign(recorder, why); }
    if (err == OK) {
        err = journal_keep(recorder->journal, KEEP_ROTATION, book_signed_size(recorder->book),
                           book_note(recorder->book), why);
    }
    if (err == OK) {
        err = keep_write(recorder->log_folder, KEEP_ROTATION, book_signed_size(recorder->book),
                         book_note(recorder->book), why);
    }
    return err == OK ? log_keys_turn(recorder->state_folder, why) : err;
}

enum err recorder_open_keys(struct recorder *recorder, bool may_make, struct why *why)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    enum err err = journal_signed(recorder->journal, &note, why);
    if (err != OK) { return err; }
    return log_keys_open(&recorder->keys, recorder->state_folder, recorder->origin,
                         may_make && note.size == 0, why);
}

/* A key that waits takes over; afterwards the present one is first and the old one second. */
static enum err take_next_key(struct recorder *recorder, int64_t now_us, struct why *why)
{
    bool waits = false;
    enum err err = log_keys_add_next(&recorder->keys, recorder->state_folder, &waits, why);
    if (err != OK || !waits) { return err; }
    err = rotate(recorder, now_us, why);
    if (err != OK) { return err; }
    log_keys_deinit(&recorder->keys);
    return recorder_open_keys(recorder, true, why);
}

/* What keeps it from signing is a reason to halt, not an error: alerts must go on. */
enum err recorder_open_log(struct recorder *recorder, int64_t now_us, struct why *why)
{
    struct why reason = {""};
    uint64_t size = 0;
    enum err err = recorder_open_keys(recorder, true, &reason);
    if (err == OK) { err = recorder_open_book(recorder, &reason); }
    if (err != OK) {
        recorder_halt(recorder, reason.text);
        return OK;
    }
    err = agree_with_signed(recorder, &size, why);
    if (err == OK && !recorder_halted(recorder)) {
        err = agree_with_entries(recorder, size, now_us, why);
    }
    if (err != OK || recorder_halted(recorder)) { return err; }
    err = take_next_key(recorder, now_us, why);
    if (err == OK && book_note(recorder->book).size > 0) { err = recorder_sign(recorder, why); }
    return err;
}

enum err recorder_open(struct recorder **out, const struct recorder_config *config, struct why *why)
{
    CLEANUP(recorder_close_p) struct recorder *recorder = MEM_NEW(struct recorder);
    recorder->database = config->database;
    recorder->keep_us = config->keep_us;
    recorder->epoch_us = config->epoch_us ? config->epoch_us : RECORDER_EPOCH_US;
    recorder->own = text_limited(CHECKPOINT_SIZE_MAX);
    if (!text_copy(recorder->state_folder, FILE_PATH_SIZE, config->state_folder) ||
        !text_copy(recorder->log_folder, FILE_PATH_SIZE, config->log_folder) ||
        !text_copy(recorder->origin, sizeof recorder->origin, config->origin)) {
        return why_set(why, ERR_LIMIT, "the name of the audit log or its folder is too long");
    }
    enum err err = journal_open(&recorder->journal, config->database, why);
    if (err == OK) { err = cosigner_store_open(&recorder->cosigners, config->database, why); }
    if (err == OK && !config->follows) { err = recorder_open_log(recorder, config->now_us, why); }
    if (err == OK) { *out = TAKE(recorder); }
    return err;
}

void recorder_close(struct recorder *recorder)
{
    if (!recorder) { return; }
    book_close(recorder->book);
    log_keys_deinit(&recorder->keys);
    cosigner_store_close(recorder->cosigners);
    journal_close(recorder->journal);
    text_deinit(&recorder->own);
    free(recorder);
}

uint64_t recorder_size(const struct recorder *recorder)
{
    return recorder->book ? book_signed_size(recorder->book) : 0;
}

struct span recorder_note(const struct recorder *recorder)
{
    return recorder->book ? book_note(recorder->book) : span_of("", 0);
}

const struct note_key *recorder_key(const struct recorder *recorder)
{
    return recorder->keys.count > 0 ? &recorder->keys.signers[0].key : NULL;
}
