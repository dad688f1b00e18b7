#include "evidence/media.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queries/evidence_media.h"
#include "system/file.h"

struct media_index {
    struct statement *put, *forget, *find, *clips; /* owned by the connection */
};

const char *media_kind_name(enum media_kind kind)
{
    return kind == MEDIA_KIND_CLIP ? "clip" : "snapshot";
}

enum err media_kind_parse(enum media_kind *kind, const char *name, struct why *why)
{
    if (strcmp(name, "clip") == 0) {
        *kind = MEDIA_KIND_CLIP;
        return OK;
    }
    if (strcmp(name, "snapshot") == 0) {
        *kind = MEDIA_KIND_SNAPSHOT;
        return OK;
    }
    return why_set(why, ERR_MALFORMED, "media of kind \"%.32s\"; expected clip or snapshot", name);
}

bool media_path_valid(const char *path)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (strlen(path) >= MEDIA_PATH_SIZE) { return false; }
    for (int level = 1; level <= MEDIA_PATH_DEPTH_MAX; level++) {
        const size_t length = strspn(path, letters);
        if (length == 0 || path[0] == '.') { return false; }
        if (path[length] == '\0') { return true; }
        if (path[length] != '/') { return false; }
        path += length + 1;
    }
    return false;
}

enum err media_index_open(struct media_index **out, struct database *database, struct why *why)
{
    CLEANUP(media_index_close_p) struct media_index *index = MEM_NEW(struct media_index);
    enum err err = database_prepare(&index->put, database, SQL_MEDIA_PUT, why);
    if (!err) { err = database_prepare(&index->forget, database, SQL_MEDIA_FORGET, why); }
    if (!err) { err = database_prepare(&index->find, database, SQL_MEDIA_FIND, why); }
    if (!err) { err = database_prepare(&index->clips, database, SQL_MEDIA_CLIPS, why); }
    if (!err) { *out = TAKE(index); }
    return err;
}

void media_index_close(struct media_index *index)
{
    free(index);
}

enum err media_index_put(struct media_index *index, const char *event_id, const char *clip_path,
                         const char *snapshot_path, struct why *why)
{
    if ((clip_path && !media_path_valid(clip_path)) ||
        (snapshot_path && !media_path_valid(snapshot_path))) {
        return why_set(why, ERR_MALFORMED,
                       "the media path of event %s is not of the form camera/day/name.ending",
                       event_id);
    }
    statement_bind_text(index->put, ":event_id", event_id);
    statement_bind_text(index->put, ":clip_path", clip_path);
    statement_bind_text(index->put, ":snapshot_path", snapshot_path);
    return statement_run(index->put, NULL, why);
}

enum err media_index_forget(struct media_index *index, const char *event_id, struct why *why)
{
    statement_bind_text(index->forget, ":event_id", event_id);
    return statement_run(index->forget, NULL, why);
}

enum err media_index_find(struct media_index *index, const char *event_id, enum media_kind kind,
                          char path[static MEDIA_PATH_SIZE], struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *find = index->find;
    statement_bind_text(find, ":event_id", event_id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(find, &step, why);
    if (err) { return err; }
    const char *found =
        step == STEP_ROW ? column_text(find, kind == MEDIA_KIND_CLIP ? 0 : 1) : NULL;
    if (!found || !text_copy(path, MEDIA_PATH_SIZE, found)) {
        return why_set(why, ERR_NOT_FOUND, "event %.36s has no %s here", event_id,
                       media_kind_name(kind));
    }
    return OK;
}

enum err media_index_clips(struct media_index *index, int64_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *clips = index->clips;
    enum step step = STEP_DONE;
    const enum err err = statement_step(clips, &step, why);
    if (!err && step == STEP_ROW) { *count = column_integer(clips, 0); }
    return err;
}

static enum err absent(struct why *why, const char *path)
{
    return why_set(why, errno == EMFILE || errno == ENFILE ? ERR_UNAVAILABLE : ERR_NOT_FOUND,
                   "media %.120s: %s", path, strerrordesc_np(errno));
}

enum err media_open(int *fd, const char *folder, const char *path, struct why *why)
{
    if (!media_path_valid(path)) {
        return why_set(why, ERR_NOT_FOUND, "the media path is not of the form that watch writes");
    }
    char levels[MEDIA_PATH_SIZE];
    memcpy(levels, path, strlen(path) + 1);
    CLEANUP(file_close_p) int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *level = levels;
    for (char *slash = strchr(level, '/'); at >= 0 && slash; slash = strchr(level, '/')) {
        *slash = '\0';
        const int below = openat(at, level, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        (void)close(at);
        at = below;
        level = slash + 1;
    }
    if (at < 0) { return absent(why, path); }
    const int opened = openat(at, level, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (opened < 0) { return absent(why, path); }
    struct stat facts;
    if (fstat(opened, &facts) || !S_ISREG(facts.st_mode)) {
        (void)close(opened);
        return why_set(why, ERR_NOT_FOUND, "media %.120s is not a file", path);
    }
    *fd = opened;
    return OK;
}
