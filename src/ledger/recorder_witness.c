#include "ledger/recorder_inside.h"
#include "ledger/shelf.h"

static const char *const outcomes[] = {
    [RECORDER_OUTCOME_COSIGNED] = "cosigned",
    [RECORDER_OUTCOME_BEHIND] = "behind",
    [RECORDER_OUTCOME_LATE] = "late",
    [RECORDER_OUTCOME_UNBELIEVED] = "unbelieved",
    [RECORDER_OUTCOME_HALTED] = "another_history",
};

const char *recorder_outcome_name(enum recorder_outcome outcome)
{
    return outcomes[outcome];
}

enum err recorder_ask(struct recorder *recorder, const char *name, struct text *request,
                      struct why *why)
{
    if (!recorder->book || recorder->own.size == 0) { return OK; }
    struct cosigner cosigner = {.size = 0};
    enum err err = cosigner_get(recorder->cosigners, name, &cosigner, why);
    if (err != OK && err != ERR_NOT_FOUND) { return err; }
    struct witness_request asked = {.note = text_span(&recorder->own)};
    const uint64_t size = book_signed_size(recorder->book);
    asked.old_size = cosigner.size <= size ? cosigner.size : 0;
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(recorder->log_folder, size);
    const struct merkle_source source = shelf_source(shelf);
    err = merkle_prove_consistency(&source, asked.old_size, size, &asked.proof, why);
    if (err == OK) { witness_request_write(&asked, request); }
    return err;
}

/* Puts every cosignature that stands under the newest checkpoint. */
static enum err gather(struct recorder *recorder, struct why *why)
{
    struct cosigner list[COSIGNER_MAX];
    size_t count = 0;
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    text_add_bytes(&note, text_span(&recorder->own));
    enum err err = cosigner_list(recorder->cosigners, list, &count, why);
    if (err == OK) {
        err = cosigner_gather(list, count, book_signed_size(recorder->book), &note, why);
    }
    if (err == OK) { err = book_note_store(recorder->book, text_span(&note), why); }
    return err == OK ? recorder_remember_note(recorder, why) : err;
}

/* ---- a cosignature ---- */

/* The log's checkpoint of `size` entries, which the tree has, without signatures. */
static enum err write_text(struct recorder *recorder, uint64_t size, struct text *out,
                           struct why *why)
{
    struct checkpoint checkpoint = {.size = size};
    if (!text_copy(checkpoint.origin, sizeof checkpoint.origin, recorder->origin)) { abort(); }
    CLEANUP(shelf_close_p)
    struct shelf *shelf = shelf_open(recorder->log_folder, book_signed_size(recorder->book));
    const struct merkle_source source = shelf_source(shelf);
    const enum err err = merkle_root(&source, size, &checkpoint.root, why);
    if (err == OK) { checkpoint_write(&checkpoint, out); }
    return err;
}

/* Whether the answer's line is `key`'s signature below a checkpoint of this log. */
static enum err check_line(struct recorder *recorder, const struct recorder_answer *answer,
                           const struct note_key *key, bool *good, struct why *why)
{
    *good = false;
    if (answer->size > book_signed_size(recorder->book)) { return OK; }
    struct note_opened opened;
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    const enum err err = write_text(recorder, answer->size, &note, why);
    if (err != OK) { return err; }
    text_add(&note, "\n");
    text_add(&note, answer->text);
    *good =
        !note.overflow && note_open(text_span(&note), key, 1, &opened, NULL) == NOTE_VERDICT_GOOD;
    return OK;
}

/* A witness that is new, or has another key: that goes on record. */
static enum err enter_witness(struct recorder *recorder, const struct recorder_answer *answer,
                              const char *action, struct why *why)
{
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_text(details, "vkey", answer->vkey);
    const struct entry_fact fact = {.at_us = answer->now_us,
                                    .action = action,
                                    .resource = answer->name,
                                    .authorisation = answer->outside ? "program" : "certificate",
                                    .details = details};
    return journal_enter(recorder->journal, &fact, why);
}

/* The entry and the key that it tells of, or neither: else each answer would make an entry. */
static enum err keep(struct recorder *recorder, const struct recorder_answer *answer,
                     const struct cosigner *cosigner, const char *action, struct why *why)
{
    enum err err = database_begin(recorder->database, why);
    if (err != OK) { return err; }
    if (action) { err = enter_witness(recorder, answer, action, why); }
    if (err == OK) { err = cosigner_put(recorder->cosigners, cosigner, why); }
    database_end(recorder->database, &err, why);
    return err;
}

static enum err take_cosignature(struct recorder *recorder, const struct recorder_answer *answer,
                                 struct cosigner *cosigner, enum recorder_outcome *outcome,
                                 struct why *why)
{
    struct note_key key;
    bool good = false;
    const bool newest = answer->size == book_signed_size(recorder->book);
    const char *action = NULL;
    if (note_key_parse(&key, answer->vkey, NULL) != OK) { return OK; }
    enum err err = check_line(recorder, answer, &key, &good, why);
    if (err != OK || !good) { return err; }
    if (cosigner->entered_us == 0) {
        action = "witness_joined";
    } else if (!note_key_equal(&key, &cosigner->key)) {
        action = "witness_changed";
        const int64_t since_us = answer->now_us - cosigner->entered_us;
        if (since_us >= 0 && since_us < RECORDER_WITNESS_CHANGE_US) { return OK; }
    }
    if (!text_copy(cosigner->line, sizeof cosigner->line, answer->text)) { return OK; }
    cosigner->key = key;
    cosigner->size = answer->size;
    cosigner->at_us = answer->now_us;
    if (action) { cosigner->entered_us = answer->now_us; }
    err = keep(recorder, answer, cosigner, action, why);
    if (err == OK && newest) { err = gather(recorder, why); }
    *outcome = newest ? RECORDER_OUTCOME_COSIGNED : RECORDER_OUTCOME_LATE;
    return err;
}

/* ---- a refusal ---- */

/* From outside a size comes alone: within the log it says from where to prove, no more. */
static enum err take_size(struct recorder *recorder, const struct recorder_answer *answer,
                          struct cosigner *cosigner, enum recorder_outcome *outcome,
                          struct why *why)
{
    if (answer->answer != WITNESS_ANSWER_CONFLICT ||
        answer->size > book_signed_size(recorder->book)) {
        return OK;
    }
    cosigner->size = answer->size;
    cosigner->at_us = answer->now_us;
    cosigner->line[0] = '\0';
    *outcome = RECORDER_OUTCOME_BEHIND;
    return cosigner_put(recorder->cosigners, cosigner, why);
}

/* A refusal counts when it shows what this log has signed; then the tree must begin with that. */
static enum err take_refusal(struct recorder *recorder, const struct recorder_answer *answer,
                             struct cosigner *cosigner, enum recorder_outcome *outcome,
                             struct why *why)
{
    struct checkpoint shown;
    struct why reason = {""};
    bool begins = false;
    *outcome = RECORDER_OUTCOME_UNBELIEVED;
    if (answer->outside) { return take_size(recorder, answer, cosigner, outcome, why); }
    if (!*answer->text && answer->size == 0) { /* it has forgotten us */
        shown = (struct checkpoint){.size = 0};
        begins = true;
    } else if (recorder_open_own(recorder, span_text(answer->text), &shown, &reason) !=
               NOTE_VERDICT_GOOD) {
        return OK;
    }
    enum err err = begins ? OK : recorder_begins_with(recorder, &shown, &begins, why);
    if (err != OK) { return err; }
    if (!begins) {
        (void)why_set(&reason, ERR_CONFLICT,
                      "the witness %.60s shows a checkpoint of %llu entries, signed by this log, "
                      "that is not part of it: an old copy was restored",
                      answer->name, (unsigned long long)shown.size);
        recorder_halt(recorder, reason.text);
        *outcome = RECORDER_OUTCOME_HALTED;
        return OK;
    }
    cosigner->size = shown.size;
    cosigner->at_us = answer->now_us;
    cosigner->line[0] = '\0';
    *outcome = RECORDER_OUTCOME_BEHIND;
    return cosigner_put(recorder->cosigners, cosigner, why);
}

/* The witness as we know it. Of a stranger the key is taken down, but proves nothing. */
static enum err find_witness(struct recorder *recorder, const struct recorder_answer *answer,
                             struct cosigner *cosigner, struct why *why)
{
    const enum err err = cosigner_get(recorder->cosigners, answer->name, cosigner, why);
    if (err != ERR_NOT_FOUND) { return err; }
    *cosigner = (struct cosigner){.size = 0};
    if (!text_copy(cosigner->name, sizeof cosigner->name, answer->name)) {
        return why_set(why, ERR_LIMIT, "a witness's name is too long");
    }
    return note_key_parse(&cosigner->key, answer->vkey, why);
}

enum err recorder_hear(struct recorder *recorder, const struct recorder_answer *answer,
                       enum recorder_outcome *outcome, struct why *why)
{
    struct cosigner cosigner;
    *outcome = RECORDER_OUTCOME_UNBELIEVED;
    if (!recorder->book || recorder->own.size == 0) { return OK; }
    const enum err err = find_witness(recorder, answer, &cosigner, why);
    if (err == ERR_MALFORMED) { return OK; }
    if (err != OK) { return err; }
    return answer->answer == WITNESS_ANSWER_COSIGN
               ? take_cosignature(recorder, answer, &cosigner, outcome, why)
               : take_refusal(recorder, answer, &cosigner, outcome, why);
}
