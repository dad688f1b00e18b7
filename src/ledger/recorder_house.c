#include <stdio.h>
#include <unistd.h>

#include "ledger/keep.h"
#include "ledger/recorder_inside.h"

/* ---- epochs ---- */

/* Where the present epoch began: the size of the last one that was closed. */
static enum err find_epoch(const struct recorder *recorder, uint64_t *begin, struct why *why)
{
    CLEANUP(mem_free_p) uint64_t *sizes = MEM_ARRAY(uint64_t, KEEP_COUNT_MAX);
    size_t count = 0;
    const enum err err = keep_list(recorder->log_folder, KEEP_EPOCH, sizes, &count, why);
    *begin = count > 0 ? sizes[count - 1] : 0;
    return err;
}

/* A checkpoint that a witness has not seen proves little; one that is late proves more than none.
 */
static enum err close_epoch(struct recorder *recorder, int64_t now_us, struct why *why)
{
    uint64_t begin = 0;
    int64_t began_us = 0;
    const uint64_t size = book_signed_size(recorder->book);
    enum err err = find_epoch(recorder, &begin, why);
    if (err != OK || begin >= size) { return err; }
    err = journal_time(recorder->journal, begin, &began_us, why);
    if (err != OK) { return err == ERR_NOT_FOUND ? OK : err; }
    const int64_t due_us = began_us + recorder->epoch_us;
    const bool cosigned = book_note(recorder->book).size > recorder->own.size;
    if (now_us < due_us || (!cosigned && now_us < due_us + CLOCK_DAY_US)) { return OK; }
    return journal_keep(recorder->journal, KEEP_EPOCH, size, book_note(recorder->book), why);
}

/* One kept checkpoint of the database into this server's files. */
static enum err write_kept(void *context, int kind, uint64_t size, struct span note,
                           struct why *why)
{
    const struct recorder *recorder = context;
    const enum keep_kind known = kind == KEEP_ROTATION ? KEEP_ROTATION : KEEP_EPOCH;
    if (keep_there(recorder->log_folder, known, size)) { return OK; }
    return keep_write(recorder->log_folder, known, size, note, why);
}

static enum err mirror(struct recorder *recorder, struct why *why)
{
    const struct journal_kept reader = {.context = recorder, .each = write_kept};
    return journal_kept_each(recorder->journal, &reader, why);
}

/* ---- the end of keeping ---- */

/* Entries below `end` may go; the checkpoint of `epoch` entries holds them. */
struct prune {
    uint64_t epoch, end;
};

/* The newest epoch whose last entry is old enough; nothing when `end` is 0. */
static enum err find_old(const struct recorder *recorder, int64_t now_us, struct prune *prune,
                         struct why *why)
{
    CLEANUP(mem_free_p) uint64_t *sizes = MEM_ARRAY(uint64_t, KEEP_COUNT_MAX);
    size_t count = 0;
    *prune = (struct prune){.end = 0};
    enum err err = keep_list(recorder->log_folder, KEEP_EPOCH, sizes, &count, why);
    while (err == OK && count-- > 0) {
        int64_t at_us = 0;
        err = sizes[count] ? journal_time(recorder->journal, sizes[count] - 1, &at_us, why)
                           : ERR_NOT_FOUND;
        if (err == ERR_NOT_FOUND) { return OK; } /* it has gone, and all before it */
        if (err != OK || at_us > now_us - recorder->keep_us) { continue; }
        *prune = (struct prune){sizes[count], sizes[count] / TILE_WIDTH * TILE_WIDTH};
        return OK;
    }
    return err;
}

/* Enters and signs what is about to go, unless that was done before we were killed. */
static enum err announce(struct recorder *recorder, const struct prune *prune, uint64_t first,
                         int64_t now_us, struct why *why)
{
    char resource[32];
    char digest[KEEP_DIGEST_SIZE];
    uint64_t index = 0;
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    enum err err = keep_read(recorder->log_folder, KEEP_EPOCH, prune->epoch, &note, why);
    if (err != OK) { return err; }
    keep_digest(text_span(&note), digest);
    (void)snprintf(resource, sizeof resource, "%llu", (unsigned long long)prune->end);
    CLEANUP(value_free_p) struct value *details = value_object();
    value_set_integer(details, "first", (int64_t)first);
    value_set_integer(details, "end", (int64_t)prune->end);
    value_set_integer(details, "epoch", (int64_t)prune->epoch);
    value_set_text(details, "checkpoint", digest);
    value_set_integer(details, "keep_s", recorder->keep_us / CLOCK_SECOND_US);
    const struct entry_fact fact = {.at_us = now_us,
                                    .action = "log_pruned",
                                    .resource = resource,
                                    .authorisation = "program",
                                    .details = details};
    err = journal_find(recorder->journal, fact.action, resource, &index, why);
    if (err == ERR_NOT_FOUND) { err = journal_enter(recorder->journal, &fact, why); }
    if (err == OK) { err = recorder_carry(recorder, UINT64_MAX, why); }
    if (err == OK && book_size(recorder->book) > book_signed_size(recorder->book)) {
        err = recorder_sign(recorder, why);
    }
    return err;
}

/* Entries that named keys stay, beside the checkpoints at which the keys were changed. */
static enum err save_rotations(const struct recorder *recorder, struct shelf *shelf, uint64_t end,
                               struct why *why)
{
    CLEANUP(mem_free_p) uint64_t *sizes = MEM_ARRAY(uint64_t, KEEP_COUNT_MAX);
    size_t count = 0;
    enum err err = keep_list(recorder->log_folder, KEEP_ROTATION, sizes, &count, why);
    for (size_t i = 0; err == OK && i < count && sizes[i] <= end + TILE_WIDTH; i++) {
        err = keep_rotation_save(shelf, recorder->log_folder, sizes[i], why);
    }
    return err;
}

/* From the oldest on: what is left begins with a bundle that is there. */
static enum err remove_bundles(const struct recorder *recorder, uint64_t first, uint64_t end,
                               struct why *why)
{
    char name[TILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    struct tile_place place = {.entries = true, .width = TILE_WIDTH};
    for (place.number = first / TILE_WIDTH; place.number < end / TILE_WIDTH; place.number++) {
        tile_path(name, &place);
        const enum err err = file_join(path, recorder->log_folder, name, why);
        if (err != OK) { return err; }
        if (unlink(path) != 0 && file_exists(path)) {
            return why_set(why, ERR_IO, "cannot remove %.200s", path);
        }
    }
    return OK;
}

static enum err prune_old(struct recorder *recorder, int64_t now_us, uint64_t *pruned,
                          struct why *why)
{
    struct prune prune;
    uint64_t known = 0;
    enum err err = find_old(recorder, now_us, &prune, why);
    if (err == OK) { err = journal_first(recorder->journal, &known, why); }
    if (err != OK || prune.end == 0) { return err; }
    CLEANUP(shelf_close_p)
    struct shelf *shelf = shelf_open(recorder->log_folder, book_signed_size(recorder->book));
    const uint64_t stored = shelf_first(shelf);
    const uint64_t first = known < stored ? known : stored;
    if (first >= prune.end) { return OK; }
    err = announce(recorder, &prune, first, now_us, why);
    if (err == OK) { err = save_rotations(recorder, shelf, prune.end, why); }
    if (err == OK) { err = remove_bundles(recorder, first, prune.end, why); }
    if (err == OK) { err = journal_forget(recorder->journal, prune.end, why); }
    if (err == OK) { *pruned = prune.end - first; }
    return err;
}

enum err recorder_keep_house(struct recorder *recorder, int64_t now_us, uint64_t *pruned,
                             struct why *why)
{
    *pruned = 0;
    if (recorder_halted(recorder) || !recorder->book || recorder->own.size == 0) { return OK; }
    enum err err = close_epoch(recorder, now_us, why);
    if (err == OK) { err = mirror(recorder, why); }
    if (err == OK && recorder->keep_us > 0) { err = prune_old(recorder, now_us, pruned, why); }
    return err;
}

/* ---- a server that follows ---- */

enum err recorder_follow_house(struct recorder *recorder, struct why *why)
{
    uint64_t first = 0;
    if (recorder_halted(recorder) || !recorder->book) { return OK; }
    enum err err = mirror(recorder, why);
    if (err == OK) { err = journal_first(recorder->journal, &first, why); }
    if (err != OK) { return err; }
    const uint64_t size = book_signed_size(recorder->book);
    const uint64_t end = (first < size ? first : size) / TILE_WIDTH * TILE_WIDTH;
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(recorder->log_folder, size);
    const uint64_t stored = shelf_first(shelf);
    if (stored >= end) { return OK; }
    err = save_rotations(recorder, shelf, end, why);
    return err == OK ? remove_bundles(recorder, stored, end, why) : err;
}
