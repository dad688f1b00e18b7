#include "ledger/recorder_inside.h"

/* Opened by the first look that finds something signed: before that there may be no key yet. */
static enum err open_following(struct recorder *recorder, struct why *why)
{
    struct why reason = {""};
    enum err err = recorder->keys.count > 0 ? OK : recorder_open_keys(recorder, false, &reason);
    if (err == OK && !recorder->book) { err = recorder_open_book(recorder, &reason); }
    if (err == ERR_IO) { return why_set(why, err, "%s", reason.text); }
    if (err != OK) { recorder_halt(recorder, reason.text); }
    return OK;
}

/* The files up to `checkpoint`, which must be of what the database gave. */
static enum err catch_up(struct recorder *recorder, const struct checkpoint *checkpoint,
                         struct span note, struct why *why)
{
    struct why reason = {""};
    enum err err = recorder_carry(recorder, checkpoint->size, why);
    if (err == OK) { err = book_adopt(recorder->book, checkpoint, note, &reason); }
    if (err == ERR_CONFLICT) {
        recorder_halt(recorder, reason.text);
        return OK;
    }
    if (err != OK) { book_close(TAKE(recorder->book)); } /* memory may be ahead of the files */
    return err;
}

static enum err take_note(struct recorder *recorder, struct span note, bool *fresh, struct why *why)
{
    struct checkpoint checkpoint;
    struct why reason = {""};
    if (recorder_open_own(recorder, note, &checkpoint, &reason) != NOTE_VERDICT_GOOD) {
        recorder_halt(recorder, reason.text);
        return OK;
    }
    /* Ours was written and not told: its server died in between, and the next one comes to it. */
    if (checkpoint.size < book_signed_size(recorder->book)) { return OK; }
    if (checkpoint.size > book_signed_size(recorder->book)) {
        *fresh = true;
        return catch_up(recorder, &checkpoint, note, why);
    }
    if (span_equal(note, book_note(recorder->book))) { return OK; }
    *fresh = true; /* more signatures of witnesses */
    const enum err err = book_note_store(recorder->book, note, &reason);
    if (err != ERR_CONFLICT) { return err; }
    recorder_halt(recorder, reason.text);
    return OK;
}

enum err recorder_follow(struct recorder *recorder, bool *fresh, struct why *why)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    *fresh = false;
    if (recorder_halted(recorder)) { return OK; }
    enum err err = journal_signed(recorder->journal, &note, why);
    if (err != OK || note.size == 0) { return err; }
    err = open_following(recorder, why);
    if (err != OK || recorder_halted(recorder)) { return err; }
    return take_note(recorder, text_span(&note), fresh, why);
}

enum err recorder_lead(struct recorder *recorder, int64_t now_us, struct why *why)
{
    bool fresh = false;
    const enum err err = recorder_follow(recorder, &fresh, why);
    if (err != OK || recorder_halted(recorder)) { return err; }
    log_keys_deinit(&recorder->keys);
    recorder->keys = (struct log_keys){.count = 0};
    book_close(TAKE(recorder->book));
    return recorder_open_log(recorder, now_us, why);
}
