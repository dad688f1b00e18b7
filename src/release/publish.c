#include "release/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/value.h"
#include "release/clearance.h"
#include "release/pointer.h"
#include "system/file.h"

#define POINTER "current.json"
#define PENDING "purge-pending"

enum { KEY_SIZE = S3_KEY_SIZE };

/* One run: its report, and the pointer that it moves. */
struct run {
    const struct publish *publish;
    struct publish_report *report;
    struct pointer pointer;
    char pointer_key[KEY_SIZE];
    char pending[FILE_PATH_SIZE]; /* a file that is there while the CDN may hold an old pointer */
    struct release dropped[CURRENT_RELEASES_MAX + 1];
    size_t dropped_count;
};

enum err publish_lock(int *out, const char *folder, struct why *why)
{
    char path[FILE_PATH_SIZE];
    enum err err = file_make_folder(folder, 0700, why);
    if (!err) { err = file_join(path, folder, "lock", why); }
    if (err) { return err; }
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) { return why_set(why, ERR_IO, "cannot open %.150s: error %d", path, errno); }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return why_set(why, ERR_CONFLICT, "another publisher holds %.150s", path);
    }
    *out = fd;
    return OK;
}

static enum err begin(struct run *run, struct why *why)
{
    const struct publish *publish = run->publish;
    const int size =
        snprintf(run->pointer_key, sizeof run->pointer_key, "%s" POINTER, publish->prefix);
    if (size < 0 || (size_t)size >= sizeof run->pointer_key) {
        return why_set(why, ERR_LIMIT, "the prefix of keys is too long");
    }
    run->pointer = (struct pointer){.s3 = publish->s3,
                                    .key = run->pointer_key,
                                    .folder = publish->folder,
                                    .conditional = publish->conditional,
                                    .cache_s = publish->cache_s};
    const enum err err = file_join(run->pending, publish->folder, PENDING, why);
    return err ? err : pointer_load(&run->pointer, why);
}

/* ---- the archive ---- */

static enum err put_archive(struct run *run, const char *path, int64_t now_us, struct why *why)
{
    const struct publish *publish = run->publish;
    struct release *release = &run->report->release;
    char journal[FILE_PATH_SIZE];
    char key[KEY_SIZE];
    struct digest digest;
    CLEANUP(pmtiles_reader_free_p) struct pmtiles_reader *reader = NULL;
    enum err err = pmtiles_reader_open(&reader, path, why);
    if (!err) { err = clearance_check(reader, why); }
    if (err) { return err; }
    /* What is sent is the very file that was looked at, whatever happens to the path. */
    const int fd = pmtiles_reader_descriptor(reader);
    const uint64_t size = pmtiles_reader_size(reader);
    err = digest_file(&digest, fd, 0, size, why);
    if (!err) { err = release_name(release, publish->name, digest.sha256, why); }
    if (!err) { err = file_join(journal, publish->folder, "upload.journal", why); }
    if (err) { return err; }
    release->size = (int64_t)size;
    release->published_us = now_us;
    (void)snprintf(key, sizeof key, "%s%s", publish->prefix, release->archive);
    const struct upload upload = {.s3 = publish->s3,
                                  .key = key,
                                  .fd = fd,
                                  .size = size,
                                  .digest = &digest,
                                  .journal = journal,
                                  .part_size = publish->part_size,
                                  .at_once = publish->at_once,
                                  .conditional = publish->conditional,
                                  .context = publish->context,
                                  .progress = publish->progress};
    return upload_run(&upload, &run->report->upload, why);
}

/* ---- the pointer, and who has a copy of it ---- */

static enum err move_pointer(struct run *run, bool changed, struct why *why)
{
    const struct current *current = &run->pointer.current;
    run->report->release = current->releases[current->now];
    if (!changed && !run->pointer.unsettled) { return OK; }
    /* First the note: from the replacement on, the CDN may show what was before. */
    enum err err = file_write(run->pending, span_text("to be purged\n"), 0600, why);
    if (!err) { err = pointer_store(&run->pointer, why); }
    if (err) { return err; }
    run->report->changed = true;
    return OK;
}

static void tell_cdn(struct run *run)
{
    struct publish_report *report = run->report;
    report->purge = PUBLISH_PURGE_NONE;
    if (!file_exists(run->pending) || !run->publish->purge) { return; }
    const enum err err = purge_run(run->publish->purge, &report->purge_why);
    report->purge = err ? PUBLISH_PURGE_FAILED : PUBLISH_PURGE_DONE;
    if (!err) { (void)unlink(run->pending); }
}

/* What is kept no more. Who may not delete leaves it there; that harms nobody. */
static void drop_old(struct run *run)
{
    for (size_t i = 0; i < run->dropped_count; i++) {
        char key[KEY_SIZE];
        (void)snprintf(key, sizeof key, "%s%s", run->publish->prefix, run->dropped[i].archive);
        const struct s3_request request = {.method = "DELETE", .key = key};
        struct s3_answer answer = {0};
        const enum err err = s3_ask(run->publish->s3, &request, &answer, NULL);
        const bool gone = !err && (answer.status == 204 || answer.status == 404);
        run->report->dropped += gone;
        run->report->kept_on += !gone;
        s3_answer_deinit(&answer);
    }
}

/* ---- the two ways ---- */

static struct run *run_new(const struct publish *publish, struct publish_report *report)
{
    struct run *run = MEM_NEW(struct run);
    *report = (struct publish_report){0};
    run->publish = publish;
    run->report = report;
    return run;
}

enum err publish_archive(const struct publish *publish, const char *path, int64_t now_us,
                         struct publish_report *report, struct why *why)
{
    CLEANUP(mem_free_p) struct run *run = run_new(publish, report);
    enum err err = begin(run, why);
    if (!err) { err = put_archive(run, path, now_us, why); }
    if (err) { return err; }
    const bool changed = current_advance(&run->pointer.current, &report->release, publish->keep,
                                         run->dropped, &run->dropped_count);
    err = move_pointer(run, changed, why);
    if (err) { return err; }
    tell_cdn(run);
    drop_old(run);
    return OK;
}

enum err publish_go_back(const struct publish *publish, const char *sha256, int64_t now_us,
                         struct publish_report *report, struct why *why)
{
    CLEANUP(mem_free_p) struct run *run = run_new(publish, report);
    enum err err = begin(run, why);
    if (!err) { err = current_go_back(&run->pointer.current, sha256, now_us, why); }
    if (!err) { err = move_pointer(run, true, why); }
    if (err) { return err; }
    report->upload = UPLOAD_END_THERE;
    tell_cdn(run);
    return OK;
}

void publish_report_write(const struct publish_report *report, struct text *out)
{
    static const char *const uploads[] = {"sent", "there", "unseen"};
    static const char *const purges[] = {"none", "done", "failed"};
    CLEANUP(value_free_p) struct value *json = value_object();
    value_set_text(json, "archive", report->release.archive);
    value_set_text(json, "sha256", report->release.sha256);
    value_set_integer(json, "size", report->release.size);
    value_set_text(json, "upload", uploads[report->upload]);
    value_set_boolean(json, "changed", report->changed);
    value_set_text(json, "purge", purges[report->purge]);
    if (report->purge == PUBLISH_PURGE_FAILED) {
        value_set_text(json, "purge_why", report->purge_why.text);
    }
    value_set_integer(json, "dropped", (int64_t)report->dropped);
    value_set_integer(json, "kept_on", (int64_t)report->kept_on);
    value_write(json, out);
    text_add_char(out, '\n');
}
