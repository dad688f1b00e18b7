#include "programs/map/inputs.h"

#include <dirent.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "wire/digest.h"

enum { LINE_SIZE = 512 };

/* So that the order of a folder does not matter. */
static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_line(uint8_t chain[static DIGEST_SHA256_SIZE], const FTSENT *entry)
{
    char line[LINE_SIZE];
    const bool there = entry->fts_info != FTS_NS && entry->fts_info != FTS_ERR;
    const struct stat none = {0};
    const struct stat *about = there && entry->fts_statp ? entry->fts_statp : &none;
    (void)snprintf(line, sizeof line, "%lld %llu %lld.%09ld %.400s", (long long)about->st_size,
                   (unsigned long long)about->st_ino, (long long)about->st_mtim.tv_sec,
                   about->st_mtim.tv_nsec, entry->fts_path);
    uint8_t next[DIGEST_SHA256_SIZE];
    digest_hmac_sha256(next, span_of(chain, DIGEST_SHA256_SIZE), span_text(line));
    memcpy(chain, next, sizeof next);
}

static enum err add_path(uint8_t chain[static DIGEST_SHA256_SIZE], const char *path, size_t *files,
                         struct why *why)
{
    char copy[LINE_SIZE * 8];
    if (!text_copy(copy, sizeof copy, path)) {
        return why_set(why, ERR_LIMIT, "the input %.80s... is too long a path", path);
    }
    char *const roots[] = {copy, NULL};
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): FTS_NOCHDIR, and a stream of our own */
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (!walk) { return why_set(why, ERR_IO, "cannot look at %.150s", path); }
    enum err err = OK;
    FTSENT *entry = NULL;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): as above */
    while (!err && (entry = fts_read(walk))) {
        if (entry->fts_info == FTS_DP) { continue; } /* a folder, once */
        add_line(chain, entry);
        if (++*files > INPUTS_FILES_MAX || entry->fts_level > INPUTS_DEPTH_MAX) {
            err = why_set(why, ERR_LIMIT, "the input %.100s has more than %d files or %d levels",
                          path, INPUTS_FILES_MAX, INPUTS_DEPTH_MAX);
        }
    }
    (void)fts_close(walk);
    return err;
}

enum err inputs_mark(char mark[static INPUTS_MARK_SIZE], const char *const *paths, size_t count,
                     struct why *why)
{
    uint8_t chain[DIGEST_SHA256_SIZE] = {0};
    size_t files = 0;
    for (size_t i = 0; i < count; i++) {
        const enum err err = add_path(chain, paths[i], &files, why);
        if (err) { return err; }
    }
    struct digest digest;
    digest_bytes(&digest, span_of(chain, sizeof chain));
    memcpy(mark, digest.sha256, INPUTS_MARK_SIZE);
    return OK;
}
