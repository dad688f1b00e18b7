#include "programs/tocsin/audit/audit.h"

#include <dirent.h>
#include <stdio.h>

#include "base/encode.h"
#include "inspection/inspect.h"
#include "ledger/book.h"
#include "ledger/cosigner.h"
#include "ledger/journal.h"
#include "ledger/keep.h"
#include "ledger/log_key.h"
#include "ledger/shelf.h"
#include "programs/tocsin/control_database.h"
#include "system/file.h"
#include "trust/canonical.h"

enum { FILE_MODE = 0600, FOLDER_MODE = 0700, LIST_SIZE_MAX = 64 * 1024 };

static const char words[] =
    "This folder is a copy of a Tocsin site's audit log, and needs nothing else.\n"
    "\n"
    "checkpoint      how many entries, and the root of the tree over them; signed by the log and\n"
    "                by its witnesses (c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature)\n"
    "tile/           the tree and its entries (c2sp.org/tlog-tiles); an entry is RFC 8785 JSON\n"
    "rotation/       checkpoints at which the log's key was changed\n"
    "epoch/          checkpoints that close a span of time; entries leave under one of them\n"
    "details.jsonl   what entries keep sealed, with the salts that prove it; null: erased\n"
    "policy          the keys as this site told them when the copy was made "
    "(c2sp.org/tlog-policy)\n"
    "\n"
    "To check it:    tocsin audit verify THIS-FOLDER --policy POLICY\n"
    "Take POLICY from a place that whoever made this copy does not control; the file here proves\n"
    "only that the copy fits itself. Any verifier of C2SP tiled logs reads the folder as well.\n";

static enum err put(const char *folder, const char *name, struct span bytes, struct why *why)
{
    char path[FILE_PATH_SIZE];
    char inner[FILE_PATH_SIZE];
    enum err err = file_join(path, folder, name, why);
    if (err != OK) { return err; }
    (void)!text_copy(inner, sizeof inner, path);
    *strrchr(inner, '/') = '\0';
    err = file_make_folder(inner, FOLDER_MODE, why);
    return err == OK ? file_write(path, bytes, FILE_MODE, why) : err;
}

/* ---- the tree ---- */

static enum err copy_place(const struct shelf *shelf, const struct tile_place *place,
                           const char *to, struct why *why)
{
    char name[TILE_PATH_SIZE];
    CLEANUP(text_deinit) struct text bytes = text_limited(BUNDLE_SIZE_MAX);
    const enum err err = shelf_file(shelf, place, &bytes, why);
    if (err != OK) { return err; }
    tile_path(name, place);
    return put(to, name, text_span(&bytes), why);
}

/* From `place.number` on. */
static enum err copy_level(const struct shelf *shelf, uint64_t size, struct tile_place place,
                           const char *to, struct why *why)
{
    enum err err = OK;
    for (; err == OK; place.number++) {
        place.width = tile_width(size, place.level, place.number);
        if (place.width == 0) { return OK; }
        err = copy_place(shelf, &place, to, why);
    }
    return err;
}

static enum err copy_tree(const char *from, uint64_t size, const char *to, struct why *why)
{
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(from, size);
    const struct tile_place entries = {.entries = true, .number = shelf_first(shelf) / TILE_WIDTH};
    enum err err = copy_level(shelf, size, entries, to, why);
    for (unsigned level = 0; err == OK && level <= TILE_LEVEL_MAX; level++) {
        err = copy_level(shelf, size, (struct tile_place){.level = level}, to, why);
    }
    return err;
}

/* The checkpoints that are kept, and what stands beside them. */
static enum err copy_kept(const char *from, const char *inner, const char *to, struct why *why)
{
    char path[FILE_PATH_SIZE];
    enum err err = file_join(path, from, inner, why);
    DIR *folder = err == OK ? opendir(path) : NULL;
    if (!folder) { return err; }
    const struct dirent *file = NULL;
    while (err == OK && (file = readdir(folder))) { /* NOLINT(concurrency-mt-unsafe): own stream */
        char name[300];
        char source[FILE_PATH_SIZE];
        CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
        if (file->d_name[0] == '.') { continue; }
        (void)snprintf(name, sizeof name, "%s/%s", inner, file->d_name);
        err = file_join(source, from, name, why);
        if (err == OK) { err = file_read(&note, source, why); }
        if (err == OK) { err = put(to, name, text_span(&note), why); }
    }
    (void)closedir(folder);
    return err;
}

/* ---- what is sealed ---- */

static enum err write_detail(const struct journal_entry *entry, uint64_t index, FILE *file,
                             struct why *why)
{
    CLEANUP(value_free_p) struct value *line = value_object();
    CLEANUP(text_deinit) struct text salt = text_limited(64);
    CLEANUP(text_deinit) struct text out = text_limited(INSPECT_DETAIL_SIZE_MAX);
    encode_base64(&salt, span_of(entry->salt, sizeof entry->salt));
    value_set_integer(line, "index", (int64_t)index);
    value_set_text(line, "opened", entry->opened ? text_c(&entry->sealed) : NULL);
    value_set_text(line, "salt", entry->opened ? text_c(&salt) : NULL);
    const enum err err = canonical_write(line, &out, why);
    if (err != OK) { return err; }
    return fprintf(file, "%s\n", text_c(&out)) > 0 ? OK : why_set(why, ERR_IO, "cannot write");
}

static enum err write_details(struct journal *journal, uint64_t size, FILE *file, struct why *why)
{
    uint64_t first = 0;
    enum err err = journal_first(journal, &first, why);
    for (uint64_t index = first; err == OK && index < size; index++) {
        CLEANUP(journal_entry_deinit) struct journal_entry entry = {.opened = false};
        CLEANUP(entry_words_deinit) struct entry_words read = {.at_us = 0};
        err = journal_read(journal, index, &entry, why);
        if (err == OK) { err = entry_read(&read, text_span(&entry.bytes), why); }
        if (err != OK) { return err; }
        const struct value *sealed = value_get(read.whole, "sealed");
        if (value_kind(sealed) == VALUE_KIND_NULL) { continue; }
        err = write_detail(&entry, index, file, why);
    }
    return err;
}

static enum err export_details(struct database *database, uint64_t size, const char *to,
                               struct why *why)
{
    char path[FILE_PATH_SIZE];
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    enum err err = journal_open(&journal, database, why);
    if (err == OK) { err = file_join(path, to, INSPECT_DETAILS, why); }
    FILE *file = err == OK ? fopen(path, "wxe") : NULL;
    if (err == OK && !file) { err = why_set(why, ERR_IO, "cannot create %.200s", path); }
    if (err == OK) { err = write_details(journal, size, file, why); }
    if (file && fclose(file) != 0 && err == OK) { err = why_set(why, ERR_IO, "cannot write"); }
    return err;
}

/* ---- whom to trust ---- */

static enum err export_policy(const struct audit_arguments *arguments, const char *origin,
                              struct database *database, struct why *why)
{
    struct log_keys keys = {.count = 0};
    CLEANUP(mem_free_p) struct cosigner *list = MEM_ARRAY(struct cosigner, COSIGNER_MAX);
    size_t count = 0;
    char vkey[NOTE_VKEY_SIZE];
    CLEANUP(text_deinit) struct text text = text_limited(LIST_SIZE_MAX);
    CLEANUP(cosigner_store_close_p) struct cosigner_store *store = NULL;
    enum err err = log_keys_open(&keys, arguments->state, origin, false, why);
    if (err != OK) { return err; }
    note_key_write(&keys.signers[0].key, vkey);
    log_keys_deinit(&keys);
    text_format(&text, "log %s\n", vkey);
    if (database) { err = cosigner_store_open(&store, database, why); }
    if (err == OK && store) { err = cosigner_list(store, list, &count, why); }
    for (size_t i = 0; i < count; i++) {
        note_key_write(&list[i].key, vkey);
        text_format(&text, "witness %s %s\n", list[i].name, vkey);
    }
    if (count > 0) { text_add(&text, "group witnesses any"); }
    for (size_t i = 0; i < count; i++) {
        text_format(&text, " %s", list[i].name);
    }
    text_add(&text, count > 0 ? "\nquorum witnesses\n" : "quorum none\n");
    return err == OK ? put(arguments->words[0], "policy", text_span(&text), why) : err;
}

static enum err copy_files(const char *from, uint64_t size, const char *to, struct why *why)
{
    enum err err = copy_tree(from, size, to, why);
    if (err == OK) { err = copy_kept(from, keep_folder(KEEP_ROTATION), to, why); }
    return err ? err : copy_kept(from, keep_folder(KEEP_EPOCH), to, why);
}

enum err audit_export(const struct audit_arguments *arguments, struct why *why)
{
    const char *to = arguments->words[0];
    char from[FILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    struct checkpoint checkpoint;
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    CLEANUP(database_close_p) struct database *database = NULL;
    enum err err = file_join(from, arguments->state, "audit", why);
    if (err == OK) { err = file_join(path, to, BOOK_CHECKPOINT, why); }
    if (err == OK && file_exists(path)) {
        return why_set(why, ERR_CONFLICT, "%.200s holds a log already", to);
    }
    if (err == OK) { err = audit_read_checkpoint(from, &note, &checkpoint, why); }
    if (err == OK) { err = copy_files(from, checkpoint.size, to, why); }
    if (err != OK) { return err; }
    err = control_database_open(&database, arguments->state, arguments->database, why);
    const bool open = err == OK;
    if (err == ERR_NOT_FOUND) { err = OK; }
    if (err == OK && open) { err = export_details(database, checkpoint.size, to, why); }
    if (err == OK) { err = export_policy(arguments, checkpoint.origin, database, why); }
    if (err == OK) { err = put(to, "README.txt", span_text(words), why); }
    if (err == OK) {
        err = put(to, BOOK_CHECKPOINT, text_span(&note), why);
    } /* last: it is whole */
    if (err != OK) { return err; }
    (void)printf("%llu entries of %s%s\n", (unsigned long long)checkpoint.size, checkpoint.origin,
                 open ? "" : "; sealed details need TOCSIN_DATABASE_KEY and are left out");
    return OK;
}
