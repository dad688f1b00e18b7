#include "ledger/book.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger/shelf.h"
#include "system/file.h"
#include "system/file_batch.h"

enum { FILE_MODE = 0600, FOLDER_MODE = 0700 };

/* The tile that grows at each level, and the bundle that grows. */
struct edge {
    unsigned count;
    bool changed;
    struct merkle_hash hashes[TILE_WIDTH];
};

struct book {
    char folder[FILE_PATH_SIZE];
    char origin[NOTE_NAME_SIZE];
    uint64_t size;
    uint64_t signed_size;
    struct edge edges[TILE_LEVEL_MAX + 1];
    struct text bundle;
    struct text note;
    struct file_batch *files;
};

/* ---- files ---- */

static enum err sync_folder(const char *folder, struct why *why)
{
    CLEANUP(file_close_p) const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0 ? OK : why_set(why, ERR_IO, "cannot sync %.140s", folder);
}

/* Makes `folder`, durable: each folder above it, down from the book's, is synced. */
static enum err make_folder(const struct book *book, const char *folder, struct why *why)
{
    if (file_exists(folder)) { return OK; }
    char above[FILE_PATH_SIZE];
    (void)!text_copy(above, sizeof above, folder);
    enum err err = file_make_folder(folder, FOLDER_MODE, why);
    while (err == OK && strlen(above) > strlen(book->folder)) {
        *strrchr(above, '/') = '\0';
        err = sync_folder(above, why);
    }
    return err;
}

static enum err write_place(struct book *book, const struct tile_place *place, struct span bytes,
                            struct why *why)
{
    char name[TILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    char folder[FILE_PATH_SIZE];
    tile_path(name, place);
    enum err err = file_join(path, book->folder, name, why);
    if (err != OK) { return err; }
    (void)!text_copy(folder, sizeof folder, path);
    *strrchr(folder, '/') = '\0';
    err = make_folder(book, folder, why);
    return err == OK ? file_batch_add(book->files, path, bytes, FILE_MODE, why) : err;
}

/* Takes away the folder of partial tiles of a full one. What stays behind harms nobody. */
static void forget_partials(const struct book *book, struct tile_place place)
{
    char name[TILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    place.width = 1;
    tile_path(name, &place);
    *strrchr(name, '/') = '\0'; /* tile/0/000.p */
    if (file_join(path, book->folder, name, NULL)) { return; }
    DIR *folder = opendir(path);
    if (!folder) { return; }
    const struct dirent *file = NULL;
    while ((file = readdir(folder))) { /* NOLINT(concurrency-mt-unsafe): own stream */
        if (file->d_name[0] != '.') { (void)unlinkat(dirfd(folder), file->d_name, 0); }
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

/* How many full tiles of `level` a tree of `size` has. The topmost level never fills one. */
static uint64_t full_tiles(uint64_t size, unsigned level)
{
    return level < TILE_LEVEL_MAX ? size >> (TILE_HEIGHT * (level + 1)) : 0;
}

/* Those of the tiles of one level that have become full between two sizes. */
static void forget_level(const struct book *book, struct tile_place place, uint64_t from,
                         uint64_t to)
{
    const uint64_t end = full_tiles(to, place.level);
    for (place.number = full_tiles(from, place.level); place.number < end; place.number++) {
        forget_partials(book, place);
    }
}

static void forget_all_partials(const struct book *book, uint64_t from, uint64_t to)
{
    forget_level(book, (struct tile_place){.entries = true}, from, to);
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        forget_level(book, (struct tile_place){.level = level}, from, to);
    }
}

/* ---- the growing edge ---- */

static uint64_t tile_number(const struct book *book, unsigned level)
{
    return full_tiles(book->size, level);
}

static enum err write_edge(struct book *book, unsigned level, uint64_t number, struct why *why)
{
    struct edge *edge = &book->edges[level];
    const struct tile_place place = {.level = level, .number = number, .width = edge->count};
    edge->changed = false;
    return write_place(book, &place, span_of(edge->hashes, edge->count * sizeof *edge->hashes),
                       why);
}

static enum err write_bundle(struct book *book, uint64_t number, struct why *why)
{
    const struct tile_place place = {
        .entries = true, .number = number, .width = book->edges[0].count};
    return write_place(book, &place, text_span(&book->bundle), why);
}

/* Full tiles go out as they fill, each after its bundle, from the leaves upwards. */
static enum err add_leaf(struct book *book, const struct merkle_hash *leaf, struct why *why)
{
    struct merkle_hash hash = *leaf;
    enum err err = OK;
    for (unsigned level = 0; err == OK && level <= TILE_LEVEL_MAX; level++) {
        struct edge *edge = &book->edges[level];
        edge->hashes[edge->count++] = hash;
        edge->changed = true;
        if (edge->count < TILE_WIDTH) { break; }
        const uint64_t number = full_tiles(book->size, level); /* before this leaf */
        if (level == 0) { err = write_bundle(book, number, why); }
        if (err == OK) { err = write_edge(book, level, number, why); }
        hash = tile_fold(edge->hashes, TILE_WIDTH);
        edge->count = 0;
        if (level == 0) { text_clear(&book->bundle); }
    }
    book->size++;
    return err;
}

enum err book_append(struct book *book, const struct span *entries, size_t count, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < count; i++) {
        if (book->size >= MERKLE_SIZE_MAX) { return why_set(why, ERR_LIMIT, "the log is full"); }
        err = bundle_add(&book->bundle, entries[i], why);
        if (err != OK) { return err; }
        const struct merkle_hash leaf = merkle_leaf(entries[i]);
        err = add_leaf(book, &leaf, why);
    }
    if (err == OK && book->edges[0].changed && book->edges[0].count > 0) {
        err = write_bundle(book, tile_number(book, 0), why);
    }
    for (unsigned level = 0; err == OK && level <= TILE_LEVEL_MAX; level++) {
        if (!book->edges[level].changed || book->edges[level].count == 0) { continue; }
        err = write_edge(book, level, tile_number(book, level), why);
    }
    return err == OK ? file_batch_settle(book->files, why) : err;
}

/* A merkle_source of what the root needs: only the edges. */
static enum err read_edge(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                          struct why *why)
{
    const struct book *book = context;
    unsigned first = 0;
    unsigned count = 0;
    const struct tile_place place = tile_of_node(book->size, level, index, &first, &count);
    const struct edge *edge = &book->edges[place.level];
    if (place.number != tile_number(book, place.level) || first + count > edge->count) {
        return why_set(why, ERR_RANGE, "node %u/%llu is not at the edge", level,
                       (unsigned long long)index);
    }
    *hash = tile_fold(edge->hashes + first, count);
    return OK;
}

static enum err root_of(struct book *book, struct merkle_hash *root, struct why *why)
{
    const struct merkle_source source = {.context = book, .read = read_edge};
    return merkle_root(&source, book->size, root, why);
}

/* ---- the checkpoint ---- */

static enum err store_note(struct book *book, struct span note, struct why *why)
{
    char path[FILE_PATH_SIZE];
    enum err err = file_join(path, book->folder, BOOK_CHECKPOINT, why);
    if (err == OK) { err = file_write(path, note, FILE_MODE, why); }
    if (err != OK) { return err; }
    text_clear(&book->note);
    text_add_bytes(&book->note, note);
    return OK;
}

enum err book_sign(struct book *book, const struct note_signer *signers, size_t count,
                   struct why *why)
{
    struct checkpoint checkpoint = {.size = book->size};
    CLEANUP(text_deinit) struct text text = text_limited(NOTE_TEXT_MAX);
    CLEANUP(text_deinit) struct text note = text_limited(CHECKPOINT_SIZE_MAX);
    memcpy(checkpoint.origin, book->origin, sizeof checkpoint.origin);
    enum err err = root_of(book, &checkpoint.root, why);
    if (err != OK) { return err; }
    checkpoint_write(&checkpoint, &text);
    text_format(&note, "%s\n", text_c(&text));
    for (size_t i = 0; err == OK && i < count; i++) {
        err = note_sign(&signers[i], text_span(&text), 0, &note, why);
    }
    if (err == OK) { err = store_note(book, text_span(&note), why); }
    if (err != OK) { return err; }
    forget_all_partials(book, book->signed_size, book->size);
    book->signed_size = book->size;
    return OK;
}

enum err book_adopt(struct book *book, const struct checkpoint *checkpoint, struct span note,
                    struct why *why)
{
    struct merkle_hash root;
    enum err err = root_of(book, &root, why);
    if (err != OK) { return err; }
    if (checkpoint->size != book->size || !merkle_hash_equal(&root, &checkpoint->root)) {
        return why_set(why, ERR_CONFLICT,
                       "the checkpoint of %llu entries is not of the %llu that are here",
                       (unsigned long long)checkpoint->size, (unsigned long long)book->size);
    }
    err = store_note(book, note, why);
    if (err != OK) { return err; }
    forget_all_partials(book, book->signed_size, book->size);
    book->signed_size = book->size;
    return OK;
}

/* The text of a note, up to the empty line before its signatures. */
static struct span text_of(struct span note)
{
    const uint8_t *end = note.size > 0 ? memmem(note.data, note.size, "\n\n", 2) : NULL;
    return end ? span_of(note.data, (size_t)(end - note.data) + 1) : span_of("", 0);
}

enum err book_note_store(struct book *book, struct span note, struct why *why)
{
    const struct span text = text_of(note);
    if (note.size > CHECKPOINT_SIZE_MAX || text.size == 0 ||
        !span_equal(text, text_of(text_span(&book->note)))) {
        return why_set(why, ERR_CONFLICT, "this is not the log's newest checkpoint");
    }
    return store_note(book, note, why);
}

/* ---- opening ---- */

static enum err load_edges(struct book *book, struct shelf *shelf, struct why *why)
{
    for (unsigned level = 0; level <= TILE_LEVEL_MAX; level++) {
        const uint64_t number = tile_number(book, level);
        const struct tile_place place = {
            .level = level, .number = number, .width = tile_width(book->size, level, number)};
        if (place.width == 0) { continue; }
        CLEANUP(text_deinit) struct text bytes = text_limited(TILE_BYTES_MAX);
        const enum err err = shelf_file(shelf, &place, &bytes, why);
        if (err != OK) { return err; }
        if (bytes.size != place.width * sizeof(struct merkle_hash)) {
            return why_set(why, ERR_CONFLICT, "a tile at the log's end has a wrong size");
        }
        book->edges[level].count = place.width;
        memcpy(book->edges[level].hashes, bytes.data, bytes.size);
    }
    return OK;
}

/* The entries of the growing bundle must hash to its growing tile. */
static enum err load_bundle(struct book *book, struct shelf *shelf, struct why *why)
{
    const unsigned count = book->edges[0].count;
    for (unsigned i = 0; i < count; i++) {
        struct span entry;
        const uint64_t index = book->size - count + i;
        enum err err = shelf_entry(shelf, index, &entry, why);
        if (err == OK) { err = bundle_add(&book->bundle, entry, why); }
        if (err != OK) { return err; }
        const struct merkle_hash leaf = merkle_leaf(entry);
        if (!merkle_hash_equal(&leaf, &book->edges[0].hashes[i])) {
            return why_set(why, ERR_CONFLICT, "entry %llu is not the one that was signed",
                           (unsigned long long)index);
        }
    }
    return OK;
}

static enum err load(struct book *book, const struct checkpoint_trust *trust, struct why *why)
{
    char path[FILE_PATH_SIZE];
    struct checkpoint checkpoint;
    struct note_opened opened;
    enum err err = file_join(path, book->folder, BOOK_CHECKPOINT, why);
    if (err == OK && !file_exists(path)) { return OK; }
    if (err == OK) { err = file_read(&book->note, path, why); }
    if (err != OK) { return err; }
    const enum note_verdict verdict =
        checkpoint_open(text_span(&book->note), trust, &checkpoint, &opened, why);
    if (verdict != NOTE_VERDICT_GOOD) { return why_prefix(why, ERR_DENIED, path); }
    book->size = checkpoint.size;
    book->signed_size = checkpoint.size;
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(book->folder, book->size);
    struct merkle_hash root;
    err = load_edges(book, shelf, why);
    if (err == OK) { err = load_bundle(book, shelf, why); }
    if (err == OK) { err = root_of(book, &root, why); }
    if (err != OK) { return why_prefix(why, ERR_CONFLICT, "the stored log"); }
    if (!merkle_hash_equal(&root, &checkpoint.root)) {
        return why_set(why, ERR_CONFLICT, "the stored log is not the one that was signed");
    }
    return OK;
}

enum err book_open(struct book **out, const char *folder, const struct checkpoint_trust *trust,
                   struct why *why)
{
    CLEANUP(book_close_p) struct book *book = MEM_NEW(struct book);
    book->files = file_batch_new();
    book->bundle = text_limited(BUNDLE_SIZE_MAX);
    book->note = text_limited(CHECKPOINT_SIZE_MAX);
    if (!text_copy(book->folder, sizeof book->folder, folder) ||
        !text_copy(book->origin, sizeof book->origin, trust->origin)) {
        return why_set(why, ERR_LIMIT, "the name of a log or its folder is too long");
    }
    enum err err = file_make_folder(folder, FOLDER_MODE, why);
    if (err == OK) { err = load(book, trust, why); }
    if (err == OK) { *out = TAKE(book); }
    return err;
}

void book_close(struct book *book)
{
    if (!book) { return; }
    file_batch_free(book->files);
    text_deinit(&book->bundle);
    text_deinit(&book->note);
    free(book);
}

uint64_t book_size(const struct book *book)
{
    return book->size;
}

uint64_t book_signed_size(const struct book *book)
{
    return book->signed_size;
}

struct span book_note(const struct book *book)
{
    return text_span(&book->note);
}
