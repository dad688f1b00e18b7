/*
 * `tocsin-map serve`: archives by byte range and by tile, for the site itself or behind nginx.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "command.h"
#include "programs/map/monitor.h"
#include "programs/map/serve_answer.h"
#include "system/file.h"
#include "system/loop.h"
#include "system/sandbox.h"

enum {
    CONNECTION_SIZE = 8 * 1024, /* of memory; a request for a map has short headers */
    FILES_OF_OUR_OWN = 256,     /* descriptors that are no connections */
};

/* Owned, and released in this order by serve_close. */
struct serve {
    struct serve_options options;
    struct serve_desk desk;
    struct http_server *http;
    struct monitor *monitor;
    struct loop_timer *second;
    struct loop *loop;
    struct secret *token;
    struct shelf *shelf;
    struct metric *opened, *refused;
};

static void serve_close(struct serve *serve)
{
    http_server_close(serve->http);
    monitor_close(serve->monitor);
    loop_timer_stop(serve->second);
    loop_close(serve->loop);
    secret_free(serve->token);
    shelf_free(serve->shelf);
}

static void handle(void *context, void *worker_state, struct http_request *request)
{
    const struct serve *serve = context;
    (void)worker_state;
    serve_answer(&serve->desk, request);
}

/* ---- archives ---- */

static void say_opened(const struct serve *serve, size_t index)
{
    const struct edition *edition = NULL;
    size_t same = 0;
    metric_add(serve->opened, 1);
    const char *name = shelf_name(serve->shelf, index);
    if (!shelf_take(serve->shelf, span_text(name), &same, &edition) || !edition) { return; }
    const struct edition_facts *facts = edition_facts(edition);
    log_event(LOG_LEVEL_INFO, "archive.opened", "archive", name, "sha256", facts->sha256, "bytes",
              LOG_NUMBER(facts->size), "by_tile", facts->searchable ? "yes" : "no", NULL);
    shelf_give_back(serve->shelf, edition);
}

static void say_refused(const struct serve *serve, const char *name, const char *sentence)
{
    metric_add(serve->refused, 1);
    log_event(LOG_LEVEL_ERROR, "archive.refused", "archive", name, "why", sentence, NULL);
}

static void every_second(void *context)
{
    const struct serve *serve = context;
    for (size_t i = 0; i < shelf_count(serve->shelf); i++) {
        struct why why = {""};
        if (shelf_refresh(serve->shelf, i, &why)) {
            say_opened(serve, i);
        } else if (why.text[0]) {
            say_refused(serve, shelf_name(serve->shelf, i), why.text);
        }
    }
}

/* An archive that is not there yet is no reason not to serve the others. */
static enum err open_archives(struct serve *serve, struct why *why)
{
    const struct serve_options *options = &serve->options;
    for (size_t i = 0; i < options->archive_count; i++) {
        const struct served_archive *archive = &options->archives[i];
        const size_t before = shelf_count(serve->shelf);
        const enum err err =
            shelf_add(serve->shelf, archive->name, archive->file, archive->is_private, why);
        if (err && shelf_count(serve->shelf) == before) { return err; }
        if (err) {
            say_refused(serve, archive->name, why->text);
        } else {
            say_opened(serve, i);
        }
    }
    return OK;
}

static enum err take_token(struct serve *serve, struct why *why)
{
    bool needed = false;
    for (size_t i = 0; i < serve->options.archive_count; i++) {
        needed = needed || serve->options.archives[i].is_private;
    }
    const enum err err = secret_from_environment(&serve->token, "TOCSIN_MAP_TOKEN", why);
    return needed || err != ERR_NOT_FOUND ? err : OK;
}

/* ---- fences and limits ---- */

/* Every connection is a descriptor. Returns how many connections there is room for. */
static size_t make_room(int64_t wanted)
{
    struct rlimit files = {0};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    const int64_t room = (int64_t)files.rlim_cur - FILES_OF_OUR_OWN;
    if (files.rlim_cur == RLIM_INFINITY || wanted <= room) { return (size_t)wanted; }
    log_event(LOG_LEVEL_WARNING, "connections.limited", "to", LOG_NUMBER(room), "wanted",
              LOG_NUMBER(wanted), NULL);
    return (size_t)(room > FILES_OF_OUR_OWN ? room : FILES_OF_OUR_OWN);
}

/* The folder in which `path` stands. */
static void folder_of(char folder[static FILE_PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    const int size = slash && slash > path ? (int)(slash - path) : 1; /* of "/" or "." */
    (void)snprintf(folder, FILE_PATH_SIZE, "%.*s", size, slash ? path : ".");
}

static enum err enter_sandbox(const struct serve_options *options, struct why *why)
{
    CLEANUP(mem_free_p)
    char(*folders)[FILE_PATH_SIZE] = mem_zeroed_array(options->archive_count + 1, FILE_PATH_SIZE);
    struct sandbox_path paths[SANDBOX_PATHS_MAX] = {{options->http_certificate, SANDBOX_USE_READ},
                                                    {options->http_key, SANDBOX_USE_READ}};
    size_t count = *options->http_certificate ? 2 : 0;
    for (size_t i = 0; i < options->archive_count; i++) {
        folder_of(folders[i], options->archives[i].file);
        paths[count++] = (struct sandbox_path){folders[i], SANDBOX_USE_READ};
    }
    const struct sandbox_plan plan = {
        .paths = paths, .path_count = count, .network = true, .serving = true};
    struct sandbox_state state = {0};
    const enum err err = sandbox_enter(&plan, &state, why);
    if (err) { return err; }
    log_event(state.landlock_abi ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "sandbox.entered",
              "landlock", LOG_NUMBER(state.landlock_abi), "seccomp", "yes", NULL);
    return OK;
}

/* ---- opening ---- */

static enum err open_http(struct serve *serve, struct why *why)
{
    static const char *const common[] = {"X-Content-Type-Options", "nosniff", NULL};
    const struct serve_options *options = &serve->options;
    const bool tls = *options->http_certificate != '\0';
    const struct http_config http = {.address = options->http_address,
                                     .port = (int)options->http_port,
                                     .certificate_path = tls ? options->http_certificate : NULL,
                                     .key_path = tls ? options->http_key : NULL,
                                     .connection_max = make_room(options->http_connections),
                                     .connection_size = CONNECTION_SIZE,
                                     .queue_max = 1,
                                     .common_headers = common,
                                     .context = serve,
                                     .handle = handle};
    serve->desk = (struct serve_desk){serve->shelf, options, serve->token};
    return http_server_open(&serve->http, &http, why);
}

static enum err serve_open(struct serve *serve, struct why *why)
{
    serve_answer_begin();
    serve->opened =
        metric_counter("tocsin_map_editions_total", "Editions of archives opened.", NULL);
    serve->refused = metric_counter("tocsin_map_editions_refused_total",
                                    "Archives that could not be opened.", NULL);
    if (serve->options.archive_count == 0) {
        return why_set(why, ERR_RANGE, "no [archive NAME] in the configuration");
    }
    enum err err = take_token(serve, why);
    if (!err) { err = loop_open(&serve->loop, why); }
    if (!err) { err = loop_handle_signals(serve->loop, NULL, NULL, why); }
    if (!err) { err = enter_sandbox(&serve->options, why); }
    if (err) { return err; }
    serve->shelf = shelf_new();
    err = open_archives(serve, why);
    if (!err) { err = open_http(serve, why); }
    if (!err) { err = monitor_open(&serve->monitor, (int)serve->options.metrics_port, why); }
    if (err) { return err; }
    serve->second =
        loop_timer_start(serve->loop, CLOCK_SECOND_US, CLOCK_SECOND_US, every_second, serve);
    return OK;
}

int serve_command(int argc, char *argv[])
{
    static struct serve serve; /* tens of kilobytes of options */
    struct why why = {0};
    const enum option_outcome outcome =
        option_command_line(&serve.options, &serve_options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return COMMAND_DONE; }
    enum log_level level = LOG_LEVEL_INFO;
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, serve.options.log_level, &why)) {
        return command_failed("serve", ERR_RANGE, &why);
    }
    log_open("map", level);
    enum err err = serve_open(&serve, &why);
    if (!err) {
        log_event(LOG_LEVEL_INFO, "map.ready", "version", TOCSIN_VERSION, "port",
                  LOG_NUMBER(http_server_port(serve.http)), "metrics_port",
                  LOG_NUMBER(monitor_port(serve.monitor)), NULL);
        err = loop_run(serve.loop, &why);
    }
    if (err) { log_event(LOG_LEVEL_ERROR, "map.failed", "why", why.text, NULL); }
    log_event(LOG_LEVEL_INFO, "map.stopped", NULL);
    serve_close(&serve);
    return err ? COMMAND_FAILED : COMMAND_DONE;
}
