#include "programs/edge/health.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "fleet/telemetry.h"

static const int64_t period_us = 30 * CLOCK_SECOND_US;

struct health {
    struct health_config config;
    struct bus *bus; /* borrowed, NULL until it is open */
    struct loop_timer *timer;
    struct status status;          /* as last told; `cameras` are kept here */
    double fps[STATUS_CAMERA_MAX]; /* of status.cameras */
    int64_t begun_us;              /* monotonic */
    struct metric *rss;
};

/* What does not fit is left out: these texts were checked when they were read. */
static void fill(char *to, size_t size, const char *from)
{
    if (!text_copy(to, size, from)) { to[0] = '\0'; }
}

static void due(void *context)
{
    health_send(context);
}

struct health *health_new(const struct health_config *config)
{
    struct health *health = MEM_NEW(struct health);
    health->config = *config;
    health->begun_us = clock_monotonic_us();
    health->rss = metric_gauge("tocsin_rss_bytes", "Resident memory of this program.", NULL);
    struct status *status = &health->status;
    status->online = true;
    status->kind = STATUS_KIND_EDGE;
    status->sign_width = config->options->sign_width;
    status->sign_height = config->options->sign_height;
    status->started_us = sane_clock_now_us(config->clock);
    fill(status->zone, sizeof status->zone, config->options->zone);
    fill(status->version, sizeof status->version, TOCSIN_VERSION);
    health->timer = loop_timer_start(config->loop, period_us, period_us, due, health);
    return health;
}

void health_free(struct health *health)
{
    if (!health) { return; }
    loop_timer_stop(health->timer);
    free(health);
}

void health_use(struct health *health, struct bus *bus)
{
    health->bus = bus;
}

void health_set_media_url(struct health *health, const char *media_url)
{
    struct status *status = &health->status;
    fill(status->media_url, sizeof status->media_url, media_url);
}

struct value *health_will(void *context)
{
    const struct health *health = context;
    CLEANUP(mem_free_p) struct status *will = MEM_NEW(struct status);
    will->kind = STATUS_KIND_EDGE;
    will->sign_width = health->config.options->sign_width;
    will->sign_height = health->config.options->sign_height;
    will->started_us = health->status.started_us;
    will->at_us = sane_clock_now_us(health->config.clock);
    fill(will->zone, sizeof will->zone, health->config.options->zone);
    fill(will->version, sizeof will->version, TOCSIN_VERSION);
    fill(will->media_url, sizeof will->media_url, health->status.media_url);
    return status_to_value(will);
}

static void send_status(struct health *health)
{
    if (!health->bus || !bus_connected(health->bus)) { return; }
    health->status.at_us = sane_clock_now_us(health->config.clock);
    const struct bus_message message = {
        .kind = TOPIC_KIND_STATUS, .content = status_to_value(&health->status), .retain = true};
    const enum err err = bus_publish(health->bus, &message);
    if (err) { log_event(LOG_LEVEL_WARNING, "status.unsent", "error", err_name(err), NULL); }
}

/* ---- telemetry ---- */

static int64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) { return 0; }
    char line[128] = "";
    const bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *second = read ? strchr(line, ' ') : NULL;
    return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static double cpu_seconds(void)
{
    struct timespec used = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static int64_t free_bytes(const char *folder)
{
    struct statvfs facts;
    if (statvfs(folder, &facts)) { return 0; }
    return (int64_t)facts.f_bavail * (int64_t)facts.f_frsize;
}

static void send_telemetry(struct health *health)
{
    CLEANUP(mem_free_p) struct telemetry *telemetry = MEM_NEW(struct telemetry);
    telemetry->at_us = sane_clock_now_us(health->config.clock);
    telemetry->rss_bytes = resident_bytes();
    telemetry->cpu_s = cpu_seconds();
    telemetry->uptime_s = (clock_monotonic_us() - health->begun_us) / CLOCK_SECOND_US;
    telemetry->disk_free_bytes = free_bytes(health->config.options->media_folder);
    telemetry->queue_events = events_count(health->config.events);
    telemetry->queue_receipts = receipts_count(health->config.receipts);
    if (media_index_clips(health->config.media, &telemetry->clips, NULL)) { telemetry->clips = 0; }
    const struct status *status = &health->status;
    for (size_t i = 0; i < status->camera_count; i++) {
        memcpy(telemetry->fps[i].camera, status->cameras[i].name, sizeof telemetry->fps[i].camera);
        telemetry->fps[i].per_s = health->fps[i];
    }
    telemetry->fps_count = status->camera_count;
    telemetry->physical = *guard_look(health->config.guard);
    metric_set(health->rss, telemetry->rss_bytes);
    if (!health->bus || !bus_connected(health->bus)) { return; }
    const struct bus_message message = {.kind = TOPIC_KIND_TELEMETRY,
                                        .content = telemetry_to_value(telemetry)};
    const enum err err = bus_publish(health->bus, &message);
    if (err) { log_event(LOG_LEVEL_WARNING, "telemetry.unsent", "error", err_name(err), NULL); }
}

void health_send(struct health *health)
{
    send_status(health);
    send_telemetry(health);
}

/* ---- cameras ---- */

/* The place of a camera by its name, a new one when there is room; NULL otherwise. */
static struct status_camera *camera_place(struct status *status, const char *name, struct why *why)
{
    for (size_t i = 0; i < status->camera_count; i++) {
        if (strcmp(status->cameras[i].name, name) == 0) { return &status->cameras[i]; }
    }
    if (!identity_name_valid(name)) {
        (void)why_set(why, ERR_MALFORMED, "\"%.60s\" is no name: a-z, 0-9, . and - are allowed",
                      name);
        return NULL;
    }
    if (status->camera_count == STATUS_CAMERA_MAX) {
        (void)why_set(why, ERR_LIMIT, "camera %s is one more than the %d of a device", name,
                      STATUS_CAMERA_MAX);
        return NULL;
    }
    struct status_camera *camera = &status->cameras[status->camera_count++];
    *camera = (struct status_camera){.state = CAMERA_STATE_CONNECTING};
    fill(camera->name, sizeof camera->name, name);
    return camera;
}

static void set_state(struct status_camera *camera, enum camera_state state, const char *reason,
                      int64_t since_us)
{
    if (camera->state != state || camera->since_us == 0) { camera->since_us = since_us; }
    camera->state = state;
    size_t size = strnlen(reason, sizeof camera->reason - 1);
    while (size > 0 && ((uint8_t)reason[size] & 0xC0U) == 0x80) {
        size--; /* no letter is cut in two */
    }
    memcpy(camera->reason, reason, size);
    camera->reason[size] = '\0';
}

void health_camera(struct health *health, const struct value *message)
{
    char name[IDENTITY_NAME_SIZE];
    char word[32];
    struct why why = {0};
    enum camera_state state = CAMERA_STATE_OFFLINE;
    enum err err = value_need_text(message, "camera", name, sizeof name, &why);
    if (!err) { err = value_need_text(message, "state", word, sizeof word, &why); }
    if (!err) { err = camera_state_parse(&state, word, &why); }
    struct status_camera *camera = err ? NULL : camera_place(&health->status, name, &why);
    if (!camera) {
        log_event(LOG_LEVEL_WARNING, "camera.refused", "why", why.text, NULL);
        return;
    }
    const struct status_camera before = *camera;
    set_state(camera, state, value_text_or(value_get(message, "reason"), ""),
              sane_clock_now_us(health->config.clock));
    const size_t index = (size_t)(camera - health->status.cameras);
    health->fps[index] = value_real_or(value_get(message, "fps"), 0);
    if (before.state != camera->state || before.since_us == 0 ||
        strcmp(before.reason, camera->reason) != 0) {
        send_status(health);
    }
}

void health_watch_gone(struct health *health)
{
    for (size_t i = 0; i < health->status.camera_count; i++) {
        set_state(&health->status.cameras[i], CAMERA_STATE_OFFLINE, "tocsin-watch is away",
                  sane_clock_now_us(health->config.clock));
        health->fps[i] = 0;
    }
    send_status(health);
}
