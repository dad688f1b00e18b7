#include <stdio.h>

#include "inspection/inspect_inside.h"
#include "ledger/book.h"
#include "system/file.h"

bool inspect_find(struct inspection *at, uint64_t entry, const char *what)
{
    if (!*at->report->what) {
        at->report->entry = entry;
        (void)snprintf(at->report->what, sizeof at->report->what, "%s", what);
    }
    return false;
}

void inspect_set_log_keys(struct inspection *at, const struct note_key *keys, size_t count)
{
    const struct policy *policy = at->config->policy;
    at->log_count = count;
    at->key_count = count + policy->witness_count;
    memmove(at->keys, keys, count * sizeof *keys);
    memcpy(at->keys + count, policy->witnesses, policy->witness_count * sizeof *keys);
}

enum note_verdict inspect_open_note(const struct inspection *at, struct span note,
                                    struct checkpoint *checkpoint, struct note_opened *opened,
                                    struct why *why)
{
    const struct checkpoint_trust trust = {.keys = at->keys, .key_count = at->key_count};
    return checkpoint_open(note, &trust, checkpoint, opened, why);
}

/* ---- the checkpoint ---- */

static enum err read_note(struct inspection *at, struct why *why)
{
    char path[FILE_PATH_SIZE];
    const enum err err = file_join(path, at->config->folder, BOOK_CHECKPOINT, why);
    return err == OK ? file_read(&at->note, path, why) : err;
}

static void count_witnesses(struct inspection *at, const struct note_opened *opened, bool *cosigned)
{
    for (size_t i = at->log_count; i < at->key_count; i++) {
        cosigned[i - at->log_count] = opened->by[i];
        at->report->witnesses += opened->by[i];
        if (opened->by[i] && opened->at_s[i] > at->report->cosigned_at_s) {
            at->report->cosigned_at_s = opened->at_s[i];
        }
    }
}

/* The size is needed to follow changes of key before the signature can be judged. */
static bool check_note(struct inspection *at)
{
    const struct inspect_config *config = at->config;
    const struct span whole = text_span(&at->note);
    const uint8_t *end = whole.size ? memmem(whole.data, whole.size, "\n\n", 2) : NULL;
    struct checkpoint *checkpoint = &at->report->checkpoint;
    struct note_opened opened;
    bool cosigned[POLICY_WITNESSES_MAX] = {false};
    struct why why = {""};
    if (!end ||
        checkpoint_parse(checkpoint, span_of(whole.data, (size_t)(end - whole.data) + 1), &why)) {
        return inspect_find(at, INSPECT_NO_ENTRY,
                            "the checkpoint is not one: it is not signed at all");
    }
    at->shelf = shelf_open(config->folder, checkpoint->size);
    at->report->pruned = shelf_first(at->shelf);
    inspect_set_log_keys(at, config->policy->logs, config->policy->log_count);
    if (!inspect_rotations(at, checkpoint->size)) { return false; }
    if (inspect_open_note(at, whole, checkpoint, &opened, &why) != NOTE_VERDICT_GOOD) {
        return inspect_find(at, INSPECT_NO_ENTRY, why.text);
    }
    count_witnesses(at, &opened, cosigned);
    if (!policy_met(config->policy, cosigned)) {
        return inspect_find(at, INSPECT_NO_ENTRY, "too few witnesses cosigned the checkpoint");
    }
    if (config->age_max_s && at->report->cosigned_at_s < config->now_s - config->age_max_s) {
        return inspect_find(at, INSPECT_NO_ENTRY,
                            "the newest cosignature is too old: newer entries may "
                            "be kept back");
    }
    return true;
}

/* ---- the entries ---- */

static bool check_entry(struct inspection *at, uint64_t index, struct merkle_hash *leaf)
{
    struct span bytes;
    struct merkle_hash stored;
    struct why why = {""};
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    if (shelf_entry(at->shelf, index, &bytes, &why) ||
        shelf_leaf(at->shelf, index, &stored, &why)) {
        return inspect_find(at, index, why.text);
    }
    *leaf = merkle_leaf(bytes);
    if (!merkle_hash_equal(leaf, &stored)) {
        return inspect_find(at, index, "the entry is not the one that its hash stands for");
    }
    if (entry_read(&words, bytes, &why) != OK) { return inspect_find(at, index, why.text); }
    inspect_hear(at, index, &words);
    return true;
}

/* Of an entry that was pruned its leaf is left, for the tiles above. */
static bool check_leaf(struct inspection *at, uint64_t index, struct merkle_hash *leaf)
{
    struct why why = {""};
    return shelf_leaf(at->shelf, index, leaf, &why) == OK || inspect_find(at, index, why.text);
}

/* What is not there must have gone by the log's own word. */
static bool check_pruned(struct inspection *at)
{
    char what[200];
    const uint64_t first = at->report->pruned;
    if (first <= at->pruned_end) { return true; }
    (void)snprintf(what, sizeof what,
                   "the entries from here to %llu are missing, and no entry says that they were "
                   "pruned",
                   (unsigned long long)first - 1);
    return inspect_find(at, at->pruned_end, what);
}

/* The stored hash of a full tile's leaves, in the tile above, against the leaves. */
static bool check_tile(struct inspection *at, const struct merkle_hash *leaves, uint64_t number)
{
    const struct merkle_source source = shelf_source(at->shelf);
    const struct merkle_hash folded = tile_fold(leaves, TILE_WIDTH);
    struct merkle_hash stored;
    struct why why = {""};
    char what[160];
    if (source.read(source.context, TILE_HEIGHT, number, &stored, &why) != OK) {
        return inspect_find(at, number * TILE_WIDTH, why.text);
    }
    if (merkle_hash_equal(&folded, &stored)) { return true; }
    (void)snprintf(what, sizeof what,
                   "one of the 256 entries from here on was changed, and hashed again");
    return inspect_find(at, number * TILE_WIDTH, what);
}

static bool check_entries(struct inspection *at)
{
    const struct checkpoint *checkpoint = &at->report->checkpoint;
    struct merkle_hash leaves[TILE_WIDTH];
    for (uint64_t index = 0; index < checkpoint->size; index++) {
        struct merkle_hash *leaf = &leaves[index % TILE_WIDTH];
        const bool gone = index < at->report->pruned;
        if (!(gone ? check_leaf(at, index, leaf) : check_entry(at, index, leaf))) { return false; }
        if (index % TILE_WIDTH == TILE_WIDTH - 1 && !check_tile(at, leaves, index / TILE_WIDTH)) {
            return false;
        }
    }
    const struct merkle_source source = shelf_source(at->shelf);
    struct merkle_hash root;
    struct why why = {""};
    if (merkle_root(&source, checkpoint->size, &root, &why) != OK) {
        return inspect_find(at, 0, why.text);
    }
    return merkle_hash_equal(&root, &checkpoint->root) ||
           inspect_find(at, 0,
                        "the entries are not those of the signed checkpoint: some entry was "
                        "changed and everything above it hashed again");
}

/* ---- against what the reader kept ---- */

/* The first entry in which two copies differ, or the shorter one's size. */
static uint64_t first_difference(const struct inspection *at, uint64_t other_size)
{
    const uint64_t size = at->report->checkpoint.size;
    const uint64_t both = size < other_size ? size : other_size;
    CLEANUP(shelf_close_p)
    struct shelf *other = shelf_open(at->config->against_folder, other_size);
    const uint64_t there = shelf_first(other);
    for (uint64_t index = there > at->report->pruned ? there : at->report->pruned; index < both;
         index++) {
        struct span one;
        struct span two;
        if (shelf_entry(at->shelf, index, &one, NULL) || shelf_entry(other, index, &two, NULL) ||
            !span_equal(one, two)) {
            return index;
        }
    }
    return both;
}

/* The reader kept it, so whose key signed it then does not matter; that it is a checkpoint does. */
static bool check_against(struct inspection *at)
{
    const struct inspect_config *config = at->config;
    const struct span note = config->against;
    struct checkpoint kept;
    struct merkle_hash root;
    if (note.size == 0) { return true; }
    const uint8_t *end = memmem(note.data, note.size, "\n\n", 2);
    if (!end || checkpoint_parse(&kept, span_of(note.data, (size_t)(end - note.data) + 1), NULL) ||
        strcmp(kept.origin, at->report->checkpoint.origin) != 0) {
        return inspect_find(at, INSPECT_NO_ENTRY,
                            "the checkpoint to compare with is not of this log");
    }
    const struct merkle_source source = shelf_source(at->shelf);
    const bool begins = kept.size <= at->report->checkpoint.size &&
                        merkle_root(&source, kept.size, &root, NULL) == OK &&
                        merkle_hash_equal(&root, &kept.root);
    if (begins) { return true; }
    if (config->against_folder) {
        return inspect_find(at, first_difference(at, kept.size),
                            "here the two copies of the log part");
    }
    if (kept.size > at->report->checkpoint.size) {
        return inspect_find(at, at->report->checkpoint.size,
                            "the log ends here; it was longer before");
    }
    return inspect_find(
        at, 0, "the log does not begin with the checkpoint that was kept: another history");
}

enum err inspect_folder(const struct inspect_config *config, struct inspect_report *report,
                        struct why *why)
{
    CLEANUP(mem_free_p) struct inspection *at = MEM_NEW(struct inspection);
    *report = (struct inspect_report){.entry = INSPECT_NO_ENTRY};
    at->config = config;
    at->report = report;
    at->note = text_limited(CHECKPOINT_SIZE_MAX);
    const enum err err = read_note(at, why);
    if (err == OK) {
        report->good = check_note(at) && check_entries(at) && check_pruned(at) &&
                       inspect_epochs(at) && inspect_details(at) && check_against(at);
    }
    free(at->excuses);
    shelf_close(at->shelf);
    text_deinit(&at->note);
    return err;
}
