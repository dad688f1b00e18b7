#include "ledger/keep.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>

#include "ledger/entry.h"
#include "system/file.h"

enum { NAME_SIZE = 64, DIGITS = 20, LOOK_BACK_MAX = 1000, FILE_MODE = 0600, FOLDER_MODE = 0700 };

const char *keep_folder(enum keep_kind kind)
{
    return kind == KEEP_ROTATION ? "rotation" : "epoch";
}

static enum err path_of(char path[static FILE_PATH_SIZE], const char *folder, enum keep_kind kind,
                        uint64_t size, struct why *why)
{
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s/%020llu", keep_folder(kind), (unsigned long long)size);
    return file_join(path, folder, name, why);
}

/* ---- the checkpoints ---- */

static int by_size(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a;
    const uint64_t two = *(const uint64_t *)b;
    return (one > two) - (one < two);
}

/* Names that are not a size are not ours to judge. */
static bool read_name(const char *name, uint64_t *size)
{
    if (strlen(name) != DIGITS || strspn(name, "0123456789") != DIGITS) { return false; }
    *size = strtoull(name, NULL, 10);
    return *size <= MERKLE_SIZE_MAX;
}

enum err keep_list(const char *folder, enum keep_kind kind, uint64_t sizes[static KEEP_COUNT_MAX],
                   size_t *count, struct why *why)
{
    char path[FILE_PATH_SIZE];
    *count = 0;
    enum err err = file_join(path, folder, keep_folder(kind), why);
    DIR *files = err == OK ? opendir(path) : NULL;
    if (!files) { return err; }
    const struct dirent *file = NULL;
    while (err == OK && (file = readdir(files))) { /* NOLINT(concurrency-mt-unsafe): own stream */
        uint64_t size = 0;
        if (!read_name(file->d_name, &size)) { continue; }
        if (*count == KEEP_COUNT_MAX) {
            err = why_set(why, ERR_LIMIT, "%.200s has more than %d checkpoints", path,
                          KEEP_COUNT_MAX);
        } else {
            sizes[(*count)++] = size;
        }
    }
    (void)closedir(files);
    qsort(sizes, *count, sizeof *sizes, by_size);
    return err;
}

enum err keep_read(const char *folder, enum keep_kind kind, uint64_t size, struct text *note,
                   struct why *why)
{
    char path[FILE_PATH_SIZE];
    const enum err err = path_of(path, folder, kind, size, why);
    return err == OK ? file_read(note, path, why) : err;
}

enum err keep_write(const char *folder, enum keep_kind kind, uint64_t size, struct span note,
                    struct why *why)
{
    char path[FILE_PATH_SIZE];
    enum err err = file_join(path, folder, keep_folder(kind), why);
    if (err == OK) { err = file_make_folder(path, FOLDER_MODE, why); }
    if (err == OK) { err = path_of(path, folder, kind, size, why); }
    return err == OK ? file_write(path, note, FILE_MODE, why) : err;
}

bool keep_there(const char *folder, enum keep_kind kind, uint64_t size)
{
    char path[FILE_PATH_SIZE];
    return path_of(path, folder, kind, size, NULL) == OK && file_exists(path);
}

void keep_digest(struct span note, char digest[static KEEP_DIGEST_SIZE])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, note.data, note.size);
    (void)sodium_bin2base64(digest, KEEP_DIGEST_SIZE, hash, sizeof hash,
                            sodium_base64_VARIANT_ORIGINAL);
}

/* ---- the entries that name keys ---- */

static enum err entry_path(char path[static FILE_PATH_SIZE], const char *folder, uint64_t size,
                           struct why *why)
{
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s/%020llu.entry", keep_folder(KEEP_ROTATION),
                   (unsigned long long)size);
    return file_join(path, folder, name, why);
}

static bool names_a_key(struct span bytes)
{
    CLEANUP(entry_words_deinit) struct entry_words words = {.at_us = 0};
    return entry_read(&words, bytes, NULL) == OK && strcmp(words.action, "key_rotated") == 0;
}

/* In the log itself: the newest below `size`. */
static enum err find_in_log(struct shelf *shelf, uint64_t size, struct text *entry, uint64_t *index,
                            struct why *why)
{
    for (uint64_t back = 1; back <= size && back <= LOOK_BACK_MAX; back++) {
        struct span bytes;
        if (shelf_entry(shelf, size - back, &bytes, NULL) != OK) { break; }
        if (!names_a_key(bytes)) { continue; }
        text_add_bytes(entry, bytes);
        *index = size - back;
        return OK;
    }
    return why_set(why, ERR_NOT_FOUND, "no entry below %llu names the key that the log changed to",
                   (unsigned long long)size);
}

/* Beside the rotation: "INDEX\n" and the entry, which must fit its leaf. */
static enum err find_beside(struct shelf *shelf, const char *folder, uint64_t size,
                            struct text *entry, struct why *why)
{
    char path[FILE_PATH_SIZE];
    struct merkle_hash stored;
    CLEANUP(text_deinit) struct text file = text_limited(KEEP_ENTRY_SIZE_MAX);
    enum err err = entry_path(path, folder, size, why);
    if (err == OK) { err = file_read(&file, path, why); }
    if (err != OK) { return err; }
    char *end = NULL;
    const unsigned long long index = strtoull(text_c(&file), &end, 10);
    if (*end != '\n' || index >= size || text_c(&file)[0] < '0' || text_c(&file)[0] > '9' ||
        (text_c(&file)[0] == '0' && index > 0)) {
        return why_set(why, ERR_MALFORMED, "%.200s is no entry of the log", path);
    }
    const size_t head = (size_t)(end - text_c(&file)) + 1;
    const struct span bytes = span_of(file.data + head, file.size - head);
    const struct merkle_hash leaf = merkle_leaf(bytes);
    err = shelf_leaf(shelf, index, &stored, why);
    if (err == OK && (!merkle_hash_equal(&leaf, &stored) || !names_a_key(bytes))) {
        err = why_set(why, ERR_CONFLICT, "%.200s is not the entry that stood in the log", path);
    }
    if (err == OK) { text_add_bytes(entry, bytes); }
    return err;
}

enum err keep_rotation_entry(struct shelf *shelf, const char *folder, uint64_t size,
                             struct text *entry, struct why *why)
{
    uint64_t index = 0;
    if (find_in_log(shelf, size, entry, &index, NULL) == OK) { return OK; }
    return find_beside(shelf, folder, size, entry, why);
}

enum err keep_rotation_save(struct shelf *shelf, const char *folder, uint64_t size, struct why *why)
{
    char path[FILE_PATH_SIZE];
    uint64_t index = 0;
    CLEANUP(text_deinit) struct text entry = text_limited(ENTRY_SIZE_MAX);
    CLEANUP(text_deinit) struct text file = text_limited(KEEP_ENTRY_SIZE_MAX);
    enum err err = entry_path(path, folder, size, why);
    if (err != OK || file_exists(path)) { return err; }
    err = find_in_log(shelf, size, &entry, &index, why);
    if (err != OK) { return err; }
    text_format(&file, "%llu\n", (unsigned long long)index);
    text_add_bytes(&file, text_span(&entry));
    return file_write(path, text_span(&file), FILE_MODE, why);
}
