#include "demo_files.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/file.h"

#define MARKER "this-is-a-tocsin-demo"

enum { TEMPLATE_SIZE_MAX = 64 * 1024, OPEN_FOLDERS_MAX = 16 };

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    return place->level == 0 ? 0 : remove(path);
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) { return false; }
    size_t count = 0;
    while (count < 3 && readdir(folder)) { /* NOLINT(concurrency-mt-unsafe): own stream */
        count++;
    }
    (void)closedir(folder);
    return count <= 2; /* "." and ".." */
}

enum err demo_files_prepare(const char *path, struct why *why)
{
    char marker[FILE_PATH_SIZE];
    enum err err = file_join(marker, path, MARKER, why);
    if (err) { return err; }
    if (file_exists(path) && !file_exists(marker) && !is_empty(path)) {
        return why_set(why, ERR_CONFLICT,
                       "%.140s holds something else than a demo; name an empty folder with --state",
                       path);
    }
    if (file_exists(path) &&
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
        nftw(path, remove_entry, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS) != 0) {
        return why_set(why, ERR_IO, "cannot empty %.140s: error %d", path, errno);
    }
    err = file_make_folder(path, 0700, why);
    return err ? err : file_write(marker, span_text("emptied by each `tocsin demo`\n"), 0600, why);
}

/* The word named by the letters before the next '@', or NULL; `*size` is the name's length. */
static const struct demo_word *find_word(const char *name, size_t *size,
                                         const struct demo_word *words, size_t count)
{
    const char *end = strchr(name, '@');
    *size = end ? (size_t)(end - name) : 0;
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i].name) == *size && memcmp(words[i].name, name, *size) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

enum err demo_files_fill(struct text *out, const char *template_path, const struct demo_word *words,
                         size_t count, struct why *why)
{
    CLEANUP(text_deinit) struct text page = text_limited(TEMPLATE_SIZE_MAX);
    const enum err err = file_read(&page, template_path, why);
    if (err) { return err; }
    for (const char *at = text_c(&page); *at;) {
        const char *mark = strchr(at, '@');
        if (!mark) {
            text_add(out, at);
            break;
        }
        text_add_bytes(out, span_of(at, (size_t)(mark - at)));
        size_t size = 0;
        const struct demo_word *word = find_word(mark + 1, &size, words, count);
        if (!word) {
            return why_set(why, ERR_NOT_FOUND, "%.120s: nothing stands for @%.*s@", template_path,
                           (int)(size < 40 ? size : 40), mark + 1);
        }
        text_add(out, word->value);
        at = mark + size + 2;
    }
    return OK;
}
