/*
 * tocsin-watch - watches cameras, records clips, tells tocsin-edge. It parses hostile video, so it
 * holds no key, opens no database and listens nowhere; once it has started it can read little, run
 * nothing and write only below its media folder.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "programs/watch/board.h"
#include "programs/watch/keeper.h"
#include "programs/watch/link.h"
#include "programs/watch/news.h"
#include "programs/watch/options.h"
#include "programs/watch/replay.h"
#include "programs/watch/watcher.h"
#include "system/file.h"
#include "system/sandbox.h"

enum { TICK_US = 250000, BOARD_US = 10 * 1000000, MEGABYTE = 1024 * 1024 };

/* Deletions that edge has not heard of: after that many messages the oldest are forgotten. */
enum { DELETED_WAITING_MAX = 64 };

static const int64_t gigabyte = INT64_C(1000000000);

struct watch {
    struct options options;
    char media[FILE_PATH_SIZE];
    struct id run;
    struct loop *loop;
    struct detector *detector;
    struct link *link;
    struct book *book;
    struct news *news;
    struct keeper *keeper;
    struct board board;
    struct value *deleted[DELETED_WAITING_MAX]; /* owned messages, while edge is away */
    size_t deleted_count;
    struct watcher *watchers[OPTIONS_CAMERAS_MAX];
};

/* ---- on the loop ---- */

static void say_camera(struct watch *watch, const struct board_camera *camera)
{
    (void)!link_send(watch->link, board_message(camera)); /* edge asks anew when it is back */
}

static void say_deleted(struct watch *watch)
{
    for (size_t i = 0; i < watch->deleted_count; i++) {
        struct value *message = value_copy(watch->deleted[i]);
        if (link_send(watch->link, message)) { return; } /* they come again when edge is back */
    }
    for (size_t i = 0; i < watch->deleted_count; i++) {
        value_free(watch->deleted[i]);
    }
    watch->deleted_count = 0;
}

static void say_cameras(void *context)
{
    struct watch *watch = context;
    for (size_t i = 0; i < watch->board.count; i++) {
        say_camera(watch, &watch->board.cameras[i]);
    }
}

static void on_connected(void *context)
{
    say_cameras(context);
    say_deleted(context);
}

static void on_state(void *context, const char *name, enum reader_state state, const char *reason)
{
    struct watch *watch = context;
    struct board_camera *camera = board_find(&watch->board, name);
    if (!camera) { return; }
    camera->state = state;
    camera->since_us = clock_wall_us();
    (void)snprintf(camera->reason, sizeof camera->reason, "%s", reason);
    log_event(state == READER_STATE_ONLINE ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "camera.state",
              "camera", name, "state", reader_state_name(state), "why", reason, NULL);
    say_camera(watch, camera);
}

static void on_reading(void *context, const char *name, const struct reading_figures *figures)
{
    struct watch *watch = context;
    struct board_camera *camera = board_find(&watch->board, name);
    if (camera) { camera->reading = *figures; }
}

static void on_seeing(void *context, const char *name, const struct seeing_figures *figures)
{
    struct watch *watch = context;
    struct board_camera *camera = board_find(&watch->board, name);
    if (camera) { camera->seeing = *figures; }
}

static void on_sighting(void *context, const struct sighting *sighting)
{
    struct watch *watch = context;
    if (sighting->state != VISIT_STATE_UPDATE) {
        log_event(LOG_LEVEL_INFO,
                  sighting->state == VISIT_STATE_BEGIN ? "event.begin" : "event.end", "camera",
                  sighting->camera, "event", sighting->event.text, "label", sighting->label, NULL);
    }
    book_sighting(watch->book, sighting, clock_monotonic_us());
}

static void on_footage(void *context, const struct footage *footage)
{
    struct watch *watch = context;
    book_footage(watch->book, footage, clock_monotonic_us());
}

static void on_picture(void *context, const struct id *event)
{
    struct watch *watch = context;
    book_picture(watch->book, event);
}

static void on_trouble(void *context, const char *camera, const char *sentence, bool disk_full)
{
    struct watch *watch = context;
    log_event(LOG_LEVEL_WARNING, disk_full ? "clip.disk_full" : "camera.trouble", "camera", camera,
              "why", sentence, NULL);
    if (disk_full) { keeper_wake(watch->keeper); }
}

static void take_news(void *context)
{
    struct watch *watch = context;
    const struct listener listener = {.context = watch,
                                      .state = on_state,
                                      .reading = on_reading,
                                      .seeing = on_seeing,
                                      .sighting = on_sighting,
                                      .footage = on_footage,
                                      .picture = on_picture,
                                      .trouble = on_trouble};
    news_give(watch->news, &listener);
}

static void tick(void *context)
{
    struct watch *watch = context;
    book_tick(watch->book, clock_monotonic_us());
}

static void on_tell(void *context, const struct outbox_letter *letter, struct value *message)
{
    struct watch *watch = context;
    link_send_event(watch->link, letter, message);
}

/* ---- on other threads ---- */

static void wake(void *context)
{
    struct watch *watch = context;
    /* Refused: the loop is full of calls to take news already, or it stops and takes them later. */
    (void)!loop_post(watch->loop, take_news, watch);
}

struct deletion {
    struct watch *watch;
    struct value *message; /* owned */
};

static void take_deletion(void *context)
{
    struct deletion *deletion = context;
    struct watch *watch = deletion->watch;
    if (watch->deleted_count == DELETED_WAITING_MAX) {
        value_free(watch->deleted[0]);
        watch->deleted_count--;
        for (size_t i = 0; i < watch->deleted_count; i++) {
            watch->deleted[i] = watch->deleted[i + 1];
        }
    }
    watch->deleted[watch->deleted_count++] = deletion->message;
    say_deleted(watch);
    free(deletion);
}

static void on_deleted(void *context, const struct id *events, size_t count)
{
    struct watch *watch = context;
    struct value *ids = value_array();
    for (size_t i = 0; i < count; i++) {
        value_append(ids, value_text(events[i].text));
    }
    struct value *message = value_object();
    value_set_text(message, "type", "deleted");
    value_set(message, "event_ids", ids);
    log_event(LOG_LEVEL_INFO, "media.deleted", "events", LOG_NUMBER(count), "first", events[0].text,
              NULL);
    struct deletion *deletion = MEM_NEW(struct deletion);
    *deletion = (struct deletion){.watch = watch, .message = message};
    if (loop_post(watch->loop, take_deletion, deletion)) {
        value_free(message);
        free(deletion);
    }
}

static void on_mended(void *context, size_t count)
{
    (void)context;
    log_event(LOG_LEVEL_INFO, "media.mended", "clips", LOG_NUMBER(count), NULL);
}

static void on_keeper_trouble(void *context, const char *sentence)
{
    (void)context;
    log_event(LOG_LEVEL_WARNING, "media.trouble", "why", sentence, NULL);
}

/* ---- start ---- */

static enum err make_media(struct watch *watch, struct why *why)
{
    const enum err err = file_make_folder(watch->options.media_folder, 0750, why);
    if (err) { return why_prefix(why, err, "media.folder"); }
    /* Absolute, as edge is told; nothing below it may be named by a link that moves. */
    return realpath(watch->options.media_folder, watch->media)
               ? OK
               : why_set(why, ERR_IO, "media.folder %.150s has no real path",
                         watch->options.media_folder);
}

/* The folder of `path`, in `folder`. */
static const char *folder_of(char folder[static OPTION_TEXT_SIZE], const char *path)
{
    if (!text_copy(folder, OPTION_TEXT_SIZE, path)) { abort(); } /* options have that size */
    char *slash = strrchr(folder, '/');
    if (!slash) { return "."; }
    slash[slash == folder] = '\0'; /* "/" stays what it is */
    return folder;
}

static enum err enter_sandbox(struct watch *watch, struct why *why)
{
    if (!watch->options.sandbox) {
        log_event(LOG_LEVEL_WARNING, "sandbox.off", NULL);
        return OK;
    }
    char socket_folder[OPTION_TEXT_SIZE];
    char model_folder[OPTION_TEXT_SIZE];
    const char *model = watch->options.tuning.model;
    struct sandbox_path paths[SANDBOX_PATHS_MAX] = {
        {.path = watch->media, .use = SANDBOX_USE_WRITE},
        {.path = folder_of(socket_folder, watch->options.edge_socket), .use = SANDBOX_USE_READ},
    };
    size_t count = 2;
    _Static_assert(3 + OPTIONS_CAMERAS_MAX <= SANDBOX_PATHS_MAX, "every camera may be a file");
    if (*model) {
        paths[count++] =
            (struct sandbox_path){.path = folder_of(model_folder, model), .use = SANDBOX_USE_READ};
    }
    for (size_t i = 0; i < watch->options.camera_count; i++) {
        /* A camera that is a file; what is a URL is no path and is left out. */
        paths[count++] =
            (struct sandbox_path){.path = watch->options.cameras[i].url, .use = SANDBOX_USE_READ};
    }
    const struct sandbox_plan plan = {.paths = paths, .path_count = count, .network = true};
    struct sandbox_state state = {0};
    const enum err err = sandbox_enter(&plan, &state, why);
    if (err) { return err; }
    log_event(state.landlock_abi ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "sandbox.entered",
              "landlock", LOG_NUMBER(state.landlock_abi), "seccomp", "yes", NULL);
    return OK;
}

/*
 * Detection takes what processor time is left: on an edge with one or two cores an alert must not
 * wait for it. Threads made later inherit this; recording needs too little to suffer.
 */
static void yield_to_alerts(void)
{
    enum { NICE_ABOVE_NORMAL = 10 };
    (void)setpriority(PRIO_PROCESS, 0, NICE_ABOVE_NORMAL); /* refused: it works all the same */
}

static enum err open_detector(struct watch *watch, struct why *why)
{
    const char *model = watch->options.tuning.model;
    const enum err err = detector_open(&watch->detector, *model ? model : NULL,
                                       (int)watch->options.tuning.threads, why);
    if (err) { return why_prefix(why, err, "detector"); }
    log_event(LOG_LEVEL_INFO, "detector.open", "model", detector_model(watch->detector), "engine",
              detector_engine(watch->detector), NULL);
    return OK;
}

static enum err start_keeper(struct watch *watch, struct why *why)
{
    const struct options *options = &watch->options;
    const struct keeper_config config = {
        .media = watch->media,
        .limits = {.age_max_us = options->media_days * CLOCK_DAY_US,
                   .bytes_max = options->media_gb * gigabyte,
                   .reserve_bytes = options->media_reserve_mb * MEGABYTE},
        .started_wall_us = clock_wall_us(),
        .context = watch,
        .deleted = on_deleted,
        .mended = on_mended,
        .trouble = on_keeper_trouble,
    };
    return keeper_start(&watch->keeper, &config, why);
}

static enum err start_camera(struct watch *watch, const struct options_camera *camera,
                             struct why *why)
{
    const struct options *options = &watch->options;
    struct watcher_config config = {
        .camera = camera->name,
        .url = camera->url,
        .udp = strcmp(camera->transport, "udp") == 0,
        .detect = camera->detect,
        .reading = reader_options_usual(),
        .recording = {.media = watch->media,
                      .camera = camera->name,
                      .before_us = options->clip_before_s * CLOCK_SECOND_US,
                      .after_us = options->clip_after_s * CLOCK_SECOND_US,
                      .length_max_us = options->clip_length_max_s * CLOCK_SECOND_US,
                      .ring_bytes_max = (size_t)(options->clip_ring_mb * MEGABYTE)},
        .vision = vision_options_of(&options->tuning),
        .listener = news_listener(watch->news),
    };
    config.reading.stall_us = options->stall_s * CLOCK_SECOND_US;
    config.reading.retry_least_us = options->retry_least_ms * 1000;
    config.reading.retry_most_us = options->retry_most_ms * 1000;
    config.vision.detector = watch->detector;
    const enum err err = vision_place_read(&config.vision, &camera->place, why);
    if (err) { return why_prefix(why, err, camera->name); }
    board_add(&watch->board, camera->name, clock_wall_us());
    return watcher_start(&watch->watchers[watch->board.count - 1], &config, why);
}

static enum err watch_open(struct watch *watch, struct why *why)
{
    enum err err = make_media(watch, why);
    if (!err) { err = loop_open(&watch->loop, why); }
    if (!err) { err = loop_handle_signals(watch->loop, NULL, NULL, why); }
    if (!err) { err = enter_sandbox(watch, why); }
    if (!err) { err = open_detector(watch, why); }
    if (err) { return err; }
    watch->run = id_new(clock_wall_us());
    watch->news = news_new(wake, watch);
    const struct book_config book = {
        .model = detector_model(watch->detector), .context = watch, .tell = on_tell};
    watch->book = book_new(&book);
    const struct link_config link = {.loop = watch->loop,
                                     .path = watch->options.edge_socket,
                                     .run = watch->run.text,
                                     .model = detector_model(watch->detector),
                                     .media = watch->media,
                                     .context = watch,
                                     .connected = on_connected};
    err = link_open(&watch->link, &link, why);
    if (!err) { err = start_keeper(watch, why); }
    for (size_t i = 0; !err && i < watch->options.camera_count; i++) {
        err = start_camera(watch, &watch->options.cameras[i], why);
    }
    if (err) { return err; }
    (void)loop_timer_start(watch->loop, TICK_US, TICK_US, tick, watch);
    (void)loop_timer_start(watch->loop, BOARD_US, BOARD_US, say_cameras, watch);
    return OK;
}

/* Cameras first, all at once; then what they still said; then edge hears the ends. */
static void watch_close(struct watch *watch)
{
    for (size_t i = 0; i < watch->board.count; i++) {
        if (watch->watchers[i]) { watcher_stop(watch->watchers[i]); }
    }
    for (size_t i = 0; i < watch->board.count; i++) {
        watcher_free(watch->watchers[i]);
    }
    if (watch->link && watch->keeper) {
        take_news(watch);
        book_finish(watch->book, clock_monotonic_us());
    }
    keeper_free(watch->keeper);
    for (size_t i = 0; i < watch->deleted_count; i++) {
        value_free(watch->deleted[i]);
    }
    link_close(watch->link);
    book_free(watch->book);
    news_free(watch->news);
    detector_close(watch->detector);
    loop_close(watch->loop);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "replay") == 0) { return replay_run(argc - 2, argv + 2); }
    static struct watch watch; /* tens of kilobytes of options */
    struct why why = {0};
    const enum option_outcome outcome =
        option_command_line(&watch.options, &options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return 0; }
    enum log_level level = LOG_LEVEL_INFO;
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, watch.options.log_level, &why)) {
        (void)fprintf(stderr, "tocsin-watch: %s\n", why.text);
        return 2;
    }
    vision_model_find(&watch.options.tuning);
    log_open("watch", level);
    yield_to_alerts();
    enum err err = watch_open(&watch, &why);
    if (!err) {
        log_event(LOG_LEVEL_INFO, "watch.ready", "version", TOCSIN_VERSION, "run", watch.run.text,
                  "cameras", LOG_NUMBER(watch.options.camera_count), NULL);
        err = loop_run(watch.loop, &why);
    }
    if (err) { log_event(LOG_LEVEL_ERROR, "watch.failed", "why", why.text, NULL); }
    watch_close(&watch);
    log_event(LOG_LEVEL_INFO, "watch.stopped", NULL);
    return err ? 1 : 0;
}
