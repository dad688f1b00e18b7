#include <stdio.h>

#include "inspection/inspect_inside.h"

/* ---- changes of key ---- */

/* The entry below `size` that names the next key. */
static bool find_next_key(struct inspection *at, uint64_t size, struct note_key *key)
{
    CLEANUP(text_deinit) struct text bytes = text_limited(ENTRY_SIZE_MAX);
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    if (keep_rotation_entry(at->shelf, at->config->folder, size, &bytes, NULL) != OK ||
        entry_read(&words, text_span(&bytes), NULL) != OK) {
        return false;
    }
    const struct value *details = value_get(words.whole, "details");
    const char *vkey = value_text_or(value_get(details, "new"), "");
    return note_key_parse(key, vkey, NULL) == OK && key->kind == NOTE_KIND_ED25519;
}

/* Whether the tree of `size` begins with `checkpoint`. */
static bool begins(const struct inspection *at, const struct checkpoint *checkpoint, uint64_t size)
{
    struct merkle_hash root;
    const struct merkle_source source = shelf_source(at->shelf);
    return checkpoint->size <= size && merkle_root(&source, checkpoint->size, &root, NULL) == OK &&
           merkle_hash_equal(&root, &checkpoint->root);
}

/* One checkpoint that the old key signed, over an entry that names the new one. */
static bool follow(struct inspection *at, uint64_t rotation, uint64_t size)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    struct checkpoint checkpoint;
    struct note_opened opened;
    struct note_key next;
    struct why why = {""};
    if (keep_read(at->config->folder, KEEP_ROTATION, rotation, &note, &why) != OK) {
        return inspect_find(at, INSPECT_NO_ENTRY, why.text);
    }
    const enum note_verdict verdict =
        inspect_open_note(at, text_span(&note), &checkpoint, &opened, &why);
    if (verdict == NOTE_VERDICT_UNSIGNED) { return true; } /* from before the keys that are known */
    if (verdict != NOTE_VERDICT_GOOD) { return inspect_find(at, INSPECT_NO_ENTRY, why.text); }
    if (!begins(at, &checkpoint, size)) {
        return inspect_find(at, checkpoint.size < size ? checkpoint.size : size,
                            "the log does not extend the checkpoint at which its key was changed");
    }
    if (!find_next_key(at, checkpoint.size, &next)) {
        return inspect_find(at, checkpoint.size, "no entry names the key that the log changed to");
    }
    inspect_set_log_keys(at, &next, 1); /* from here on the old key alone is worth nothing */
    at->report->rotations++;
    return true;
}

bool inspect_rotations(struct inspection *at, uint64_t size)
{
    CLEANUP(mem_free_p) uint64_t *sizes = MEM_ARRAY(uint64_t, KEEP_COUNT_MAX);
    size_t count = 0;
    struct why why = {""};
    if (keep_list(at->config->folder, KEEP_ROTATION, sizes, &count, &why) != OK) {
        return inspect_find(at, INSPECT_NO_ENTRY, why.text);
    }
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = follow(at, sizes[i], size);
    }
    return good;
}

/* ---- epochs ---- */

/* When the newest of the known witnesses cosigned it; 0: none did. */
static int64_t sealed_at(const struct inspection *at, const struct note_opened *opened)
{
    int64_t newest_s = 0;
    for (size_t i = at->log_count; i < at->key_count; i++) {
        if (opened->by[i] && opened->at_s[i] > newest_s) { newest_s = opened->at_s[i]; }
    }
    return newest_s;
}

/*
 * The tree is under a signature that was judged, so a checkpoint that fits it needs no key that
 * the reader still knows; a wrong signature of a known one spoils it all the same.
 */
static bool check_epoch(struct inspection *at, uint64_t size)
{
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    struct checkpoint checkpoint = {.size = 0};
    struct note_opened opened;
    struct why why = {""};
    const char *wrong = "an epoch's checkpoint is not one of this log";
    char digest[KEEP_DIGEST_SIZE];
    if (keep_read(at->config->folder, KEEP_EPOCH, size, &note, &why) != OK) {
        return inspect_find(at, INSPECT_NO_ENTRY, why.text);
    }
    const uint8_t *end = note.size ? memmem(note.data, note.size, "\n\n", 2) : NULL;
    if (!end ||
        checkpoint_parse(&checkpoint,
                         span_of(note.data, (size_t)((const char *)end - note.data) + 1), NULL) ||
        strcmp(checkpoint.origin, at->report->checkpoint.origin) != 0 || checkpoint.size != size) {
        return inspect_find(at, INSPECT_NO_ENTRY, wrong);
    }
    const enum note_verdict verdict =
        note_open(text_span(&note), at->keys, at->key_count, &opened, &why);
    if (verdict != NOTE_VERDICT_GOOD && verdict != NOTE_VERDICT_UNSIGNED) {
        return inspect_find(at, INSPECT_NO_ENTRY, why.text);
    }
    if (!begins(at, &checkpoint, at->report->checkpoint.size)) {
        return inspect_find(at, size < at->report->checkpoint.size ? size : INSPECT_NO_ENTRY,
                            "the log does not extend the checkpoint that closed an epoch here");
    }
    if (size != at->pruned_epoch) { return true; }
    keep_digest(text_span(&note), digest);
    if (verdict == NOTE_VERDICT_GOOD) { at->report->pruned_sealed_s = sealed_at(at, &opened); }
    return strcmp(digest, at->pruned_note) == 0 ||
           inspect_find(at, 0, "the checkpoint under which entries were pruned was changed");
}

bool inspect_epochs(struct inspection *at)
{
    CLEANUP(mem_free_p) uint64_t *sizes = MEM_ARRAY(uint64_t, KEEP_COUNT_MAX);
    size_t count = 0;
    struct why why = {""};
    bool held = at->report->pruned == 0;
    if (keep_list(at->config->folder, KEEP_EPOCH, sizes, &count, &why) != OK) {
        return inspect_find(at, INSPECT_NO_ENTRY, why.text);
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_epoch(at, sizes[i])) { return false; }
        held = held || sizes[i] == at->pruned_epoch;
    }
    at->report->pruned_epoch = at->report->pruned ? at->pruned_epoch : 0;
    if (held && at->pruned_epoch >= at->report->pruned) { return true; }
    return inspect_find(
        at, 0, "the checkpoint under which the entries from here on were pruned is missing");
}
