#include "release/shelf.h"

#include <pthread.h>
#include <stdio.h>

enum { HASH_SIZE = DIGEST_SHA256_SIZE * 2, EDITIONS_OF_ONE = 2 };

/* An edition and who has it. */
struct copy {
    struct edition *edition; /* owned */
    size_t taken;            /* readers, and 1 while it is on the shelf; under lock */
    struct copy *next;       /* all copies of a shelf */
};

struct archive {
    char name[SHELF_NAME_SIZE];
    char *path; /* owned */
    bool is_private;
    struct stat refused;                  /* the file that was last refused */
    struct copy *copies[EDITIONS_OF_ONE]; /* current, the one before; under lock */
};

struct shelf {
    pthread_mutex_t lock;
    struct archive archives[SHELF_ARCHIVES_MAX];
    size_t count;
    struct copy *all;
};

struct shelf *shelf_new(void)
{
    struct shelf *shelf = MEM_NEW(struct shelf);
    if (pthread_mutex_init(&shelf->lock, NULL)) { abort(); }
    return shelf;
}

void shelf_free(struct shelf *shelf)
{
    if (!shelf) { return; }
    while (shelf->all) {
        struct copy *copy = shelf->all;
        shelf->all = copy->next;
        edition_free(copy->edition);
        free(copy);
    }
    for (size_t i = 0; i < shelf->count; i++) {
        free(shelf->archives[i].path);
    }
    (void)pthread_mutex_destroy(&shelf->lock);
    free(shelf);
}

/* Where the edition's hash begins in `word`, or its size. */
static size_t name_size(struct span word)
{
    if (word.size <= HASH_SIZE + 1 || word.data[word.size - HASH_SIZE - 1] != '-') {
        return word.size;
    }
    for (size_t i = word.size - HASH_SIZE; i < word.size; i++) {
        const uint8_t c = word.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) { return word.size; }
    }
    return word.size - HASH_SIZE - 1;
}

bool shelf_name_valid(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const size_t size = strlen(name);
    return size > 0 && size < SHELF_NAME_SIZE && strspn(name, letters) == size;
}

static struct archive *find_archive(struct shelf *shelf, struct span name)
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (span_equal(span_text(shelf->archives[i].name), name)) { return &shelf->archives[i]; }
    }
    return NULL;
}

/* Under lock: one reader less; the last takes it away. Returns what is to be freed. */
static struct copy *let_go(struct shelf *shelf, struct copy *copy)
{
    if (!copy || --copy->taken > 0) { return NULL; }
    for (struct copy **at = &shelf->all; *at; at = &(*at)->next) {
        if (*at != copy) { continue; }
        *at = copy->next;
        break;
    }
    return copy;
}

static void free_copy(struct copy *copy)
{
    if (!copy) { return; }
    edition_free(copy->edition);
    free(copy);
}

/* Makes `edition` the current one. A `twin` of the same bytes takes its place, not the one
 * before's.
 */
static void put_first(struct shelf *shelf, struct archive *archive, struct edition *edition,
                      bool twin)
{
    struct copy *copy = MEM_NEW(struct copy);
    copy->edition = edition;
    copy->taken = 1;
    (void)pthread_mutex_lock(&shelf->lock);
    copy->next = shelf->all;
    shelf->all = copy;
    struct copy *leaving = archive->copies[0];
    if (!twin) {
        leaving = archive->copies[1];
        archive->copies[1] = archive->copies[0];
    }
    archive->copies[0] = copy;
    struct copy *last = let_go(shelf, leaving);
    (void)pthread_mutex_unlock(&shelf->lock);
    free_copy(last);
}

static enum err open_archive(struct shelf *shelf, struct archive *archive, struct why *why)
{
    struct edition *edition = NULL;
    const enum err err = edition_open(&edition, archive->path, why);
    if (err) { return why_prefix(why, err, archive->name); }
    if (edition_facts(edition)->is_private && !archive->is_private) {
        edition_free(edition);
        return why_set(why, ERR_DENIED,
                       "%.48s: the archive says that it is private: it is served only as such",
                       archive->name);
    }
    const struct copy *current = archive->copies[0];
    const bool twin = current && strcmp(edition_facts(current->edition)->sha256,
                                        edition_facts(edition)->sha256) == 0;
    put_first(shelf, archive, edition, twin);
    return OK;
}

enum err shelf_add(struct shelf *shelf, const char *name, const char *path, bool is_private,
                   struct why *why)
{
    if (!shelf_name_valid(name) || find_archive(shelf, span_text(name))) {
        return why_set(why, ERR_RANGE,
                       "archive name \"%.60s\": letters, digits, - and _ are expected, once", name);
    }
    if (shelf->count == SHELF_ARCHIVES_MAX) {
        return why_set(why, ERR_LIMIT, "more than %d archives", SHELF_ARCHIVES_MAX);
    }
    struct archive *archive = &shelf->archives[shelf->count++];
    (void)snprintf(archive->name, sizeof archive->name, "%s", name);
    archive->path = mem_text(path);
    archive->is_private = is_private;
    return open_archive(shelf, archive, why);
}

bool shelf_refresh(struct shelf *shelf, size_t index, struct why *why)
{
    struct archive *archive = &shelf->archives[index];
    struct stat now;
    why->text[0] = '\0';
    if (stat(archive->path, &now) != 0) { return false; } /* gone: the open one stays */
    const struct copy *current = archive->copies[0];
    if (current && edition_is(current->edition, &now)) { return false; }
    const bool refused = archive->refused.st_ino == now.st_ino &&
                         archive->refused.st_size == now.st_size &&
                         archive->refused.st_mtim.tv_sec == now.st_mtim.tv_sec &&
                         archive->refused.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
    if (refused) { return false; } /* it was said already */
    if (open_archive(shelf, archive, why)) {
        archive->refused = now;
        return false;
    }
    return true;
}

size_t shelf_count(const struct shelf *shelf)
{
    return shelf->count;
}

const char *shelf_name(const struct shelf *shelf, size_t index)
{
    return shelf->archives[index].name;
}

const char *shelf_path(const struct shelf *shelf, size_t index)
{
    return shelf->archives[index].path;
}

bool shelf_is_private(const struct shelf *shelf, size_t index)
{
    return shelf->archives[index].is_private;
}

bool shelf_take(struct shelf *shelf, struct span word, size_t *index,
                const struct edition **edition)
{
    const size_t size = name_size(word);
    const struct archive *archive = find_archive(shelf, span_of(word.data, size));
    if (!archive) { return false; }
    *index = (size_t)(archive - shelf->archives);
    *edition = NULL;
    const struct span hash =
        size < word.size ? span_of(word.data + size + 1, HASH_SIZE) : span_of(NULL, 0);
    (void)pthread_mutex_lock(&shelf->lock);
    for (size_t i = 0; i < EDITIONS_OF_ONE && !*edition; i++) {
        struct copy *copy = archive->copies[i];
        if (!copy || (hash.size == 0 && i > 0)) { continue; }
        const char *sha256 = edition_facts(copy->edition)->sha256;
        if (hash.size > 0 && !span_equal(hash, span_text(sha256))) { continue; }
        copy->taken++;
        *edition = copy->edition;
    }
    (void)pthread_mutex_unlock(&shelf->lock);
    return true;
}

void shelf_give_back(struct shelf *shelf, const struct edition *edition)
{
    if (!edition) { return; }
    struct copy *last = NULL;
    (void)pthread_mutex_lock(&shelf->lock);
    for (struct copy *copy = shelf->all; copy; copy = copy->next) {
        if (copy->edition != edition) { continue; }
        last = let_go(shelf, copy);
        break;
    }
    (void)pthread_mutex_unlock(&shelf->lock);
    free_copy(last);
}
