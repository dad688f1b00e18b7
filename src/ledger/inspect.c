#include "ledger/inspect.h"

#include <dirent.h>
#include <stdio.h>

#include "base/encode.h"
#include "ledger/book.h"
#include "ledger/entry.h"
#include "ledger/recorder.h"
#include "ledger/shelf.h"
#include "system/file.h"
#include "trust/canonical.h"

enum { ROTATIONS_MAX = 256, LOOK_BACK_MAX = 1000 };

struct inspection {
    const struct inspect_config *config;
    struct inspect_report *report;
    struct shelf *shelf;
    struct text note;
    struct note_key keys[NOTE_KEYS_MAX]; /* the log's that count now, then the witnesses' */
    size_t log_count, key_count;
};

/* The first finding stays. Returns false, for use in a chain. */
static bool find(struct inspection *at, uint64_t entry, const char *what)
{
    if (!*at->report->what) {
        at->report->entry = entry;
        (void)snprintf(at->report->what, sizeof at->report->what, "%s", what);
    }
    return false;
}

static void set_log_keys(struct inspection *at, const struct note_key *keys, size_t count)
{
    const struct policy *policy = at->config->policy;
    at->log_count = count;
    at->key_count = count + policy->witness_count;
    memmove(at->keys, keys, count * sizeof *keys);
    memcpy(at->keys + count, policy->witnesses, policy->witness_count * sizeof *keys);
}

static enum note_verdict open_note(const struct inspection *at, struct span note,
                                   struct checkpoint *checkpoint, struct note_opened *opened,
                                   struct why *why)
{
    const struct checkpoint_trust trust = {.keys = at->keys, .key_count = at->key_count};
    return checkpoint_open(note, &trust, checkpoint, opened, why);
}

/* ---- changes of key ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entry below `size` that names the next key. */
static bool find_next_key(struct inspection *at, uint64_t size, struct note_key *key)
{
    for (uint64_t back = 1; back <= size && back <= LOOK_BACK_MAX; back++) {
        struct span bytes;
        CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
        if (shelf_entry(at->shelf, size - back, &bytes, NULL) != OK ||
            entry_read(&words, bytes, NULL) != OK) {
            return false;
        }
        if (strcmp(words.action, "key_rotated") != 0) { continue; }
        const struct value *details = value_get(words.whole, "details");
        const char *vkey = value_text_or(value_get(details, "new"), "");
        return note_key_parse(key, vkey, NULL) == OK && key->kind == NOTE_KIND_ED25519;
    }
    return false;
}

/* One checkpoint that the old key signed, over an entry that names the new one. */
static bool follow(struct inspection *at, const char *name, uint64_t size)
{
    char path[FILE_PATH_SIZE];
    char inner[512];
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    struct checkpoint checkpoint;
    struct note_opened opened;
    struct merkle_hash root;
    struct note_key next;
    struct why why = {""};
    (void)snprintf(inner, sizeof inner, RECORDER_ROTATIONS "/%.255s", name);
    if (file_join(path, at->config->folder, inner, &why) || file_read(&note, path, &why)) {
        return find(at, INSPECT_NO_ENTRY, why.text);
    }
    const enum note_verdict verdict = open_note(at, text_span(&note), &checkpoint, &opened, &why);
    if (verdict == NOTE_VERDICT_UNSIGNED) { return true; } /* from before the keys that are known */
    if (verdict != NOTE_VERDICT_GOOD) { return find(at, INSPECT_NO_ENTRY, why.text); }
    const struct merkle_source source = shelf_source(at->shelf);
    if (checkpoint.size > size || merkle_root(&source, checkpoint.size, &root, NULL) != OK ||
        !merkle_hash_equal(&root, &checkpoint.root)) {
        return find(at, checkpoint.size < size ? checkpoint.size : size,
                    "the log does not extend the checkpoint at which its key was changed");
    }
    if (!find_next_key(at, checkpoint.size, &next)) {
        return find(at, checkpoint.size, "no entry names the key that the log changed to");
    }
    set_log_keys(at, &next, 1); /* from here on the old key alone is worth nothing */
    at->report->rotations++;
    return true;
}

static bool follow_all(struct inspection *at, uint64_t size)
{
    char path[FILE_PATH_SIZE];
    char *names[ROTATIONS_MAX];
    size_t count = 0;
    if (file_join(path, at->config->folder, RECORDER_ROTATIONS, NULL)) { return false; }
    DIR *folder = opendir(path);
    if (!folder) { return true; }
    const struct dirent *file = NULL;
    while (count < ROTATIONS_MAX &&
           (file = readdir(folder))) { /* NOLINT(concurrency-mt-unsafe): own stream */
        if (file->d_name[0] != '.') { names[count++] = mem_text(file->d_name); }
    }
    (void)closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        good = good && follow(at, names[i], size);
        free(names[i]);
    }
    return good;
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
        return find(at, INSPECT_NO_ENTRY, "the checkpoint is not one: it is not signed at all");
    }
    at->shelf = shelf_open(config->folder, checkpoint->size);
    set_log_keys(at, config->policy->logs, config->policy->log_count);
    if (!follow_all(at, checkpoint->size)) { return false; }
    if (open_note(at, whole, checkpoint, &opened, &why) != NOTE_VERDICT_GOOD) {
        return find(at, INSPECT_NO_ENTRY, why.text);
    }
    count_witnesses(at, &opened, cosigned);
    if (!policy_met(config->policy, cosigned)) {
        return find(at, INSPECT_NO_ENTRY, "too few witnesses cosigned the checkpoint");
    }
    if (config->age_max_s && at->report->cosigned_at_s < config->now_s - config->age_max_s) {
        return find(at, INSPECT_NO_ENTRY,
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
        return find(at, index, why.text);
    }
    *leaf = merkle_leaf(bytes);
    if (!merkle_hash_equal(leaf, &stored)) {
        return find(at, index, "the entry is not the one that its hash stands for");
    }
    return entry_read(&words, bytes, &why) == OK || find(at, index, why.text);
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
        return find(at, number * TILE_WIDTH, why.text);
    }
    if (merkle_hash_equal(&folded, &stored)) { return true; }
    (void)snprintf(what, sizeof what,
                   "one of the 256 entries from here on was changed, and hashed again");
    return find(at, number * TILE_WIDTH, what);
}

static bool check_entries(struct inspection *at)
{
    const struct checkpoint *checkpoint = &at->report->checkpoint;
    struct merkle_hash leaves[TILE_WIDTH];
    for (uint64_t index = 0; index < checkpoint->size; index++) {
        if (!check_entry(at, index, &leaves[index % TILE_WIDTH])) { return false; }
        if (index % TILE_WIDTH == TILE_WIDTH - 1 && !check_tile(at, leaves, index / TILE_WIDTH)) {
            return false;
        }
    }
    const struct merkle_source source = shelf_source(at->shelf);
    struct merkle_hash root;
    struct why why = {""};
    if (merkle_root(&source, checkpoint->size, &root, &why) != OK) { return find(at, 0, why.text); }
    return merkle_hash_equal(&root, &checkpoint->root) ||
           find(at, 0,
                "the entries are not those of the signed checkpoint: some entry was "
                "changed and everything above it hashed again");
}

/* ---- what was sealed ---- */

/* Whether the entries from `*next` up to `index` sealed nothing. */
static bool check_bare(struct inspection *at, uint64_t *next, uint64_t index)
{
    for (; *next < index; (*next)++) {
        struct span bytes;
        CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
        if (shelf_entry(at->shelf, *next, &bytes, NULL) || entry_read(&words, bytes, NULL) ||
            value_kind(value_get(words.whole, "sealed")) != VALUE_KIND_NULL) {
            return find(at, *next, "its line in " INSPECT_DETAILS " is missing");
        }
    }
    return true;
}

/* One line: an entry's salt and sealed text, both null once they are erased. */
static bool check_detail(struct inspection *at, const struct value *detail, uint64_t *next)
{
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    uint8_t salt[ENTRY_SALT_SIZE];
    size_t size = 0;
    struct span bytes;
    const int64_t index = value_integer_or(value_get(detail, "index"), -1);
    const struct value *opened = value_get(detail, "opened");
    const char *base64 = value_text_or(value_get(detail, "salt"), NULL);
    const bool erased = opened && value_kind(opened) == VALUE_KIND_NULL && !base64;
    if (index < (int64_t)*next || (uint64_t)index >= at->report->checkpoint.size ||
        (!erased && (!base64 || decode_base64(salt, sizeof salt, &size, base64, NULL)))) {
        return find(at, INSPECT_NO_ENTRY, "a line of " INSPECT_DETAILS " belongs to no entry");
    }
    if (!check_bare(at, next, (uint64_t)index)) { return false; }
    *next = (uint64_t)index + 1;
    if (erased) {
        at->report->erased++;
        return true;
    }
    at->report->opened++;
    if (shelf_entry(at->shelf, (uint64_t)index, &bytes, NULL) || entry_read(&words, bytes, NULL)) {
        return find(at, (uint64_t)index, "the entry cannot be read");
    }
    return entry_seal_fits(words.whole, span_of(salt, size),
                           span_text(value_text_or(opened, ""))) ||
           find(at, (uint64_t)index, "its details are not those that were sealed");
}

static bool check_line(struct inspection *at, struct span line, uint64_t *next)
{
    CLEANUP(value_free_p) struct value *detail = NULL;
    CLEANUP(text_deinit) struct text again = text_limited(INSPECT_DETAIL_SIZE_MAX);
    if (value_parse(&detail, line, INSPECT_DETAIL_SIZE_MAX, NULL) ||
        canonical_write(detail, &again, NULL) || !span_equal(text_span(&again), line) ||
        value_kind(detail) != VALUE_KIND_OBJECT || value_count(detail) != 3) {
        return find(at, INSPECT_NO_ENTRY, "a line of " INSPECT_DETAILS " is malformed");
    }
    return check_detail(at, detail, next);
}

static bool check_details(struct inspection *at)
{
    char path[FILE_PATH_SIZE];
    if (file_join(path, at->config->folder, INSPECT_DETAILS, NULL)) { return false; }
    FILE *file = fopen(path, "re");
    if (!file) { return true; } /* an export without them: the log stands all the same */
    char *line = NULL;
    size_t capacity = 0;
    uint64_t next = 0;
    bool good = true;
    for (ssize_t size = getline(&line, &capacity, file); good && size > 0;
         size = getline(&line, &capacity, file)) {
        good = size <= INSPECT_DETAIL_SIZE_MAX && line[size - 1] == '\n'
                   ? check_line(at, span_of(line, (size_t)size - 1), &next)
                   : find(at, INSPECT_NO_ENTRY, "a line of " INSPECT_DETAILS " is cut off");
    }
    free(line);
    (void)fclose(file);
    return good && check_bare(at, &next, at->report->checkpoint.size);
}

/* ---- against what the reader kept ---- */

/* The first entry in which two copies differ, or the shorter one's size. */
static uint64_t first_difference(const struct inspection *at, uint64_t other_size)
{
    const uint64_t size = at->report->checkpoint.size;
    const uint64_t both = size < other_size ? size : other_size;
    CLEANUP(shelf_close_p)
    struct shelf *other = shelf_open(at->config->against_folder, other_size);
    for (uint64_t index = 0; index < both; index++) {
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
        return find(at, INSPECT_NO_ENTRY, "the checkpoint to compare with is not of this log");
    }
    const struct merkle_source source = shelf_source(at->shelf);
    const bool begins = kept.size <= at->report->checkpoint.size &&
                        merkle_root(&source, kept.size, &root, NULL) == OK &&
                        merkle_hash_equal(&root, &kept.root);
    if (begins) { return true; }
    if (config->against_folder) {
        return find(at, first_difference(at, kept.size), "here the two copies of the log part");
    }
    if (kept.size > at->report->checkpoint.size) {
        return find(at, at->report->checkpoint.size, "the log ends here; it was longer before");
    }
    return find(at, 0, "the log does not begin with the checkpoint that was kept: another history");
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
        report->good =
            check_note(at) && check_entries(at) && check_details(at) && check_against(at);
    }
    shelf_close(at->shelf);
    text_deinit(&at->note);
    return err;
}
