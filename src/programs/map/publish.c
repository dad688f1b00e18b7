/*
 * `tocsin-map publish` and `tocsin-map rollback`: an archive to its store, and back to an earlier.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "command.h"
#include "map/verify.h"
#include "programs/map/publish_options.h"
#include "release/publish.h"
#include "system/file.h"
#include "system/sandbox.h"

enum { REPORT_SIZE_MAX = 8192, SHA256_LEAST = 8 };

/* One run of either command. Owned, and released in this order by job_close. */
struct job {
    struct publish_options options;
    const char *word; /* what stood before the options: a file, or a hash */
    struct s3 *s3;
    struct secret *key_id, *key, *cdn_token;
    const char *origins[PURGE_ORIGINS_MAX];
    struct purge purge;
    struct publish publish;
    int lock; /* -1: not held */
    bool terminal;
};

static void job_close(struct job *job)
{
    s3_close(job->s3);
    secret_free(job->key_id);
    secret_free(job->key);
    secret_free(job->cdn_token);
    file_close_p(&job->lock);
}

/* ---- opening ---- */

/* The CDN is told when there is one and somebody gave us the right; else that is said, no more. */
static enum err open_cdn(struct job *job, struct why *why)
{
    struct publish_options *options = &job->options;
    const enum err err = secret_from_environment(&job->cdn_token, "TOCSIN_CDN_TOKEN", why);
    if (err && err != ERR_NOT_FOUND) { return err; }
    if (err || !*options->cdn_zone || !*options->cdn_url) {
        log_event(LOG_LEVEL_WARNING, "purge.skipped", "why",
                  "cdn.zone, cdn.url or TOCSIN_CDN_TOKEN is not set", NULL);
        return OK;
    }
    job->purge = (struct purge){.api = options->cdn_api,
                                .zone = options->cdn_zone,
                                .url = options->cdn_url,
                                .origins = job->origins,
                                .origin_count = publish_options_split(
                                    options->cdn_origins, ", ", job->origins, PURGE_ORIGINS_MAX),
                                .token = job->cdn_token,
                                .ca_path = *options->s3_ca ? options->s3_ca : NULL,
                                .attempts_max = (size_t)options->s3_attempts};
    job->publish.purge = &job->purge;
    return OK;
}

static enum err open_store(struct job *job, struct why *why)
{
    const struct publish_options *options = &job->options;
    enum err err = secret_from_environment(&job->key_id, "TOCSIN_S3_KEY_ID", why);
    if (!err) { err = secret_from_environment(&job->key, "TOCSIN_S3_KEY", why); }
    if (err) { return err; }
    const struct s3_config config = {.endpoint = options->s3_endpoint,
                                     .bucket = options->s3_bucket,
                                     .region = options->s3_region,
                                     .ca_path = *options->s3_ca ? options->s3_ca : NULL,
                                     .key_id = job->key_id,
                                     .key = job->key,
                                     .attempts_max = (size_t)options->s3_attempts,
                                     .idle_timeout_ms = options->s3_idle_ms,
                                     .now_us = clock_wall_us};
    return s3_open(&job->s3, &config, why);
}

/* Reads the archive and the network, writes its own folder, and nothing else. */
static enum err enter_sandbox(const struct job *job, struct why *why)
{
    const struct sandbox_path paths[] = {{job->options.state_folder, SANDBOX_USE_WRITE},
                                         {job->options.archive_file, SANDBOX_USE_READ},
                                         {job->options.s3_ca, SANDBOX_USE_READ}};
    const size_t count = ARRAY_LEN(paths) - (*job->options.s3_ca ? 0 : 1);
    const struct sandbox_plan plan = {.paths = paths, .path_count = count, .network = true};
    struct sandbox_state state = {0};
    return sandbox_enter(&plan, &state, why);
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    const struct job *job = context;
    if (!job->terminal || total == 0) { return; }
    (void)fprintf(stderr, "\r\033[Kuploading %u %%", (unsigned int)(done * 100 / total));
    if (done >= total) { (void)fputs("\r\033[K", stderr); }
}

static enum err job_open(struct job *job, struct why *why)
{
    const struct publish_options *options = &job->options;
    job->terminal = isatty(STDERR_FILENO) == 1;
    job->publish = (struct publish){.folder = options->state_folder,
                                    .prefix = options->s3_prefix,
                                    .name = options->archive_name,
                                    .keep = (size_t)options->release_keep,
                                    .part_size = (uint64_t)options->s3_part_mb << 20,
                                    .at_once = (size_t)options->s3_at_once,
                                    .conditional = options->s3_conditional,
                                    .cache_s = options->release_cache_s,
                                    .context = job,
                                    .progress = show_progress};
    enum err err = open_store(job, why);
    if (!err) { err = open_cdn(job, why); }
    if (!err) { err = publish_lock(&job->lock, options->state_folder, why); }
    if (!err) { err = enter_sandbox(job, why); }
    job->publish.s3 = job->s3;
    return err;
}

/* ---- the commands ---- */

/* Exit status of `command` when it ends before there is a job; COMMAND_DONE: go on. */
static int read_arguments(struct job *job, const char *command, int argc, char *argv[], bool *ended)
{
    struct why why = {""};
    enum log_level level = LOG_LEVEL_INFO;
    job->lock = -1;
    *ended = true;
    if (argc > 1 && argv[1][0] != '-') {
        job->word = argv[1];
        argv[1] = argv[0];
        argv++;
        argc--;
    }
    const enum option_outcome outcome =
        option_command_line(&job->options, &publish_options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return COMMAND_DONE; }
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, job->options.log_level, &why)) {
        return command_failed(command, ERR_RANGE, &why);
    }
    log_open("map", level);
    *ended = false;
    return COMMAND_DONE;
}

static int say_end(const struct publish_report *report)
{
    CLEANUP(text_deinit) struct text text = text_limited(REPORT_SIZE_MAX);
    publish_report_write(report, &text);
    (void)fputs(text_c(&text), stdout);
    (void)fflush(stdout);
    log_event(LOG_LEVEL_INFO, report->changed ? "map.published" : "map.unchanged", "archive",
              report->release.archive, "bytes", LOG_NUMBER(report->release.size), NULL);
    if (report->upload == UPLOAD_END_UNSEEN) {
        log_event(LOG_LEVEL_WARNING, "upload.unseen", "archive", report->release.archive, NULL);
    }
    if (report->kept_on > 0) {
        log_event(LOG_LEVEL_WARNING, "release.kept_on", "count", LOG_NUMBER(report->kept_on), NULL);
    }
    if (report->purge != PUBLISH_PURGE_FAILED) { return COMMAND_DONE; }
    log_event(LOG_LEVEL_ERROR, "purge.failed", "why", report->purge_why.text, NULL);
    return COMMAND_HALF_DONE;
}

static int say_failed(enum err err, const struct why *why)
{
    log_event(LOG_LEVEL_ERROR, "publish.failed", "reason", err_name(err), "why", why->text, NULL);
    return COMMAND_FAILED;
}

/* Only what our own verifier takes for whole goes out. */
static enum err check_archive(const char *path, struct why *why)
{
    CLEANUP(mem_free_p) struct verify_report *report = MEM_NEW(struct verify_report);
    const enum err err = verify_archive(path, report, why);
    return err ? why_prefix(why, err, "the archive is not valid") : OK;
}

int publish_command(int argc, char *argv[])
{
    static struct job job; /* tens of kilobytes of options */
    struct publish_report report;
    struct why why = {""};
    bool ended = false;
    const int status = read_arguments(&job, "publish", argc, argv, &ended);
    if (ended) { return status; }
    if (job.word && !text_copy(job.options.archive_file, OPTION_TEXT_SIZE, job.word)) {
        (void)why_set(&why, ERR_RANGE, "the archive's path is too long");
        return command_failed("publish", ERR_RANGE, &why);
    }
    if (!*job.options.archive_file) {
        (void)why_set(&why, ERR_RANGE, "name the archive: FILE or archive.file");
        return command_failed("publish", ERR_RANGE, &why);
    }
    enum err err = job_open(&job, &why);
    if (!err) { err = check_archive(job.options.archive_file, &why); }
    if (!err) {
        err =
            publish_archive(&job.publish, job.options.archive_file, clock_wall_us(), &report, &why);
    }
    const int end = err ? say_failed(err, &why) : say_end(&report);
    job_close(&job);
    return end;
}

int rollback_command(int argc, char *argv[])
{
    static struct job job;
    struct publish_report report;
    struct why why = {""};
    bool ended = false;
    const int status = read_arguments(&job, "rollback", argc, argv, &ended);
    if (ended) { return status; }
    if (job.word && strlen(job.word) < SHA256_LEAST) {
        (void)why_set(&why, ERR_RANGE, "at least %d digits of the SHA-256 are expected",
                      SHA256_LEAST);
        return command_failed("rollback", ERR_RANGE, &why);
    }
    enum err err = job_open(&job, &why);
    if (!err) { err = publish_go_back(&job.publish, job.word, clock_wall_us(), &report, &why); }
    const int end = err ? say_failed(err, &why) : say_end(&report);
    job_close(&job);
    return end;
}
