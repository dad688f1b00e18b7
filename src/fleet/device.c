#include "fleet/device.h"

#include <string.h>

#include "base/clock.h"
#include "fleet/heartbeat.h"
#include "fleet/tally.h"
#include "queries/fleet_device.h"

enum { WORDS_SIZE_MAX = 32 * 1024 };

/*
 * What is further ahead was said by a wrong clock. It is refused, for else nothing would count any
 * more until that time has come; a will gets here unjudged. Nor does it count against anybody that
 * it was entered while our own clock was wrong.
 */
#define AHEAD_MAX_US CLOCK_MINUTE_US

struct device_store {
    struct statement *find, *store, *contact, *telemetry, *suspended, *clear, *lapse, *camera,
        *camera_forget, *camera_fps, *list, *count, *cameras;
    struct tally_store *tallies; /* owned */
};

enum err device_store_open(struct device_store **out, struct database *database, struct why *why)
{
    CLEANUP(device_store_close_p) struct device_store *store = MEM_NEW(struct device_store);
    const struct statement_text texts[] = {
        {&store->find, SQL_DEVICE_FIND},
        {&store->store, SQL_DEVICE_STORE},
        {&store->contact, SQL_DEVICE_CONTACT},
        {&store->telemetry, SQL_DEVICE_TELEMETRY},
        {&store->suspended, SQL_DEVICE_SUSPENDED},
        {&store->clear, SQL_DEVICE_CLEAR},
        {&store->lapse, SQL_DEVICE_LAPSE},
        {&store->camera, SQL_DEVICE_CAMERA},
        {&store->camera_forget, SQL_DEVICE_CAMERA_FORGET},
        {&store->camera_fps, SQL_DEVICE_CAMERA_FPS},
        {&store->list, SQL_DEVICE_LIST},
        {&store->count, SQL_DEVICE_COUNT},
        {&store->cameras, SQL_DEVICE_CAMERAS},
    };
    enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { err = tally_store_open(&store->tallies, database, why); }
    if (err == OK) { *out = TAKE(store); }
    return err;
}

void device_store_close(struct device_store *store)
{
    if (!store) { return; }
    tally_store_close(store->tallies);
    free(store); /* the statements belong to the connection */
}

/* ---- entering what devices say ---- */

/*
 * A will is signed at connect time, so it is older than what the device said since: it counts when
 * it is of the same run of the device. A will of an earlier run is an old message.
 */
static bool is_stale(const struct statement *known, const struct status *status, int64_t now_us)
{
    const int64_t known_us = column_integer(known, 0);
    const bool older = status->at_us < known_us && known_us <= now_us + AHEAD_MAX_US;
    const bool same_run = status->started_us == column_integer(known, 5);
    return older && (status->online || !same_run);
}

/* How a status relates to what is known. */
static enum err compare(struct device_store *store, const struct device_report *report,
                        const char *words, enum device_change *change, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    statement_bind_text(row, ":name", report->name);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    const bool known = step == STEP_ROW;
    const bool online = known && column_integer(row, 1) != 0;
    if (report->status->at_us > report->now_us + AHEAD_MAX_US ||
        (known && is_stale(row, report->status, report->now_us))) {
        *change = DEVICE_CHANGE_STALE;
    } else if (report->status->online && !online) {
        *change = DEVICE_CHANGE_BACK;
    } else if (!known || strcmp(column_text(row, 2), words) != 0) {
        *change = DEVICE_CHANGE_SOME;
    } else {
        *change = DEVICE_CHANGE_NONE;
    }
    return OK;
}

static enum err store_device(struct device_store *store, const struct device_report *report,
                             const char *words, struct why *why)
{
    const struct status *status = report->status;
    struct statement *row = store->store;
    statement_bind_text(row, ":name", report->name);
    statement_bind_integer(row, ":kind", status->kind);
    statement_bind_text(row, ":zone", status->zone);
    statement_bind_integer(row, ":online", status->online);
    statement_bind_text(row, ":version", status->version);
    statement_bind_text(row, ":media_url", status->media_url);
    statement_bind_integer(row, ":sign_width", status->sign_width);
    statement_bind_integer(row, ":sign_height", status->sign_height);
    statement_bind_integer(row, ":started_us", status->started_us);
    statement_bind_integer(row, ":status_us", status->at_us);
    statement_bind_integer(row, ":now", report->now_us);
    statement_bind_text(row, ":words", words);
    statement_bind_text(row, ":identity", report->identity);
    statement_bind_integer(row, ":certificate_expires_us", report->certificate_expires_us);
    return statement_run(row, NULL, why);
}

static enum err store_cameras(struct device_store *store, const struct device_report *report,
                              struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < report->status->camera_count; i++) {
        const struct status_camera *camera = &report->status->cameras[i];
        statement_bind_text(store->camera, ":device", report->name);
        statement_bind_text(store->camera, ":name", camera->name);
        statement_bind_integer(store->camera, ":state", camera->state);
        statement_bind_text(store->camera, ":reason", camera->reason);
        statement_bind_integer(store->camera, ":since_us", camera->since_us);
        statement_bind_integer(store->camera, ":seen_us", report->now_us);
        err = statement_run(store->camera, NULL, why);
    }
    if (err != OK || !report->status->online) { return err; } /* a will names no cameras */
    statement_bind_text(store->camera_forget, ":device", report->name);
    statement_bind_integer(store->camera_forget, ":seen_us", report->now_us);
    return statement_run(store->camera_forget, NULL, why);
}

enum err device_store_status(struct device_store *store, const struct device_report *report,
                             enum device_change *change, struct why *why)
{
    CLEANUP(value_free_p) struct value *object = status_to_value(report->status);
    CLEANUP(text_deinit) struct text words = text_limited(WORDS_SIZE_MAX);
    value_remove(object, "at");
    value_write(object, &words);
    char zone[IDENTITY_NAME_SIZE]; /* where it stood before */
    enum err err = compare(store, report, text_c(&words), change, why);
    if (err != OK || *change == DEVICE_CHANGE_STALE) { return err; }
    err = device_store_zone(store, report->name, zone, why);
    if (err == OK) { err = store_device(store, report, text_c(&words), why); }
    if (err != OK || *change == DEVICE_CHANGE_NONE) { return err; }
    err = store_cameras(store, report, why);
    if (err == OK) { err = tally_devices(store->tallies, report->status->zone, why); }
    const bool moved = strcmp(zone, report->status->zone) != 0;
    return err == OK && moved ? tally_devices(store->tallies, zone, why) : err;
}

enum err device_store_telemetry(struct device_store *store, const char *name,
                                const struct telemetry *telemetry, int64_t now_us, struct why *why)
{
    CLEANUP(value_free_p) struct value *object = telemetry_to_value(telemetry);
    CLEANUP(text_deinit) struct text words = text_limited(WORDS_SIZE_MAX);
    value_remove(object, "type");
    value_write(object, &words);
    int64_t changed = 0;
    statement_bind_text(store->telemetry, ":name", name);
    statement_bind_text(store->telemetry, ":telemetry", text_c(&words));
    statement_bind_integer(store->telemetry, ":now", now_us);
    /* A clock that runs ahead must not put an opening beyond all later ones. */
    const int64_t tampered_us = telemetry->physical.tampered_us;
    statement_bind_integer(store->telemetry, ":tampered_us",
                           tampered_us < now_us ? tampered_us : now_us);
    enum err err = statement_run(store->telemetry, &changed, why);
    if (err == OK && changed == 0) {
        return why_set(why, ERR_NOT_FOUND, "device %.63s has sent no status yet", name);
    }
    for (size_t i = 0; err == OK && i < telemetry->fps_count; i++) {
        statement_bind_text(store->camera_fps, ":device", name);
        statement_bind_text(store->camera_fps, ":name", telemetry->fps[i].camera);
        statement_bind_real(store->camera_fps, ":fps", telemetry->fps[i].per_s);
        err = statement_run(store->camera_fps, NULL, why);
    }
    return err;
}

enum err device_store_suspended(struct device_store *store, const char *name, bool *suspended,
                                struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->suspended;
    statement_bind_text(row, ":name", name);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *suspended = step == STEP_ROW && column_integer(row, 0) != 0; }
    return err;
}

enum err device_store_clear(struct device_store *store, const char *name, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->clear, ":name", name);
    const enum err err = statement_run(store->clear, &changed, why);
    if (err != OK || changed > 0) { return err; }
    return why_set(why, ERR_CONFLICT, "%.63s is not suspended", name);
}

enum err device_store_contact(struct device_store *store, const char *name, int64_t now_us,
                              struct why *why)
{
    statement_bind_text(store->contact, ":name", name);
    statement_bind_integer(store->contact, ":now", now_us);
    return statement_run(store->contact, NULL, why);
}

enum err device_store_lapse(struct device_store *store, int64_t now_us,
                            void (*each)(void *context, const char *name), void *context,
                            struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->lapse;
    statement_bind_integer(rows, ":before", now_us - HEARTBEAT_LOST_AFTER_US);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        each(context, column_text(rows, 0));
        err = statement_step(rows, &step, why);
    }
    return err;
}

/* ---- reading ---- */

/* One text column of device_find into `buffer`; ERR_NOT_FOUND for an unknown device. */
static enum err read_text(struct device_store *store, const char *name, int column,
                          struct text *out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    statement_bind_text(row, ":name", name);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) { return why_set(why, ERR_NOT_FOUND, "no device is named %.63s", name); }
    text_add(out, column_text(row, column));
    return OK;
}

enum err device_store_zone(struct device_store *store, const char *name,
                           char zone[static IDENTITY_NAME_SIZE], struct why *why)
{
    CLEANUP(text_deinit) struct text found = text_limited(IDENTITY_NAME_SIZE);
    zone[0] = '\0';
    const enum err err = read_text(store, name, 3, &found, why);
    if (err == ERR_NOT_FOUND) { return OK; }
    if (err == OK) { (void)!text_copy(zone, IDENTITY_NAME_SIZE, text_c(&found)); }
    return err;
}

enum err device_store_media_url(struct device_store *store, const char *name,
                                char url[static STATUS_URL_SIZE], struct why *why)
{
    CLEANUP(text_deinit) struct text found = text_limited(STATUS_URL_SIZE);
    const enum err err = read_text(store, name, 4, &found, why);
    if (err != OK) { return err; }
    if (!text_copy(url, STATUS_URL_SIZE, text_c(&found)) || url[0] == '\0') {
        return why_set(why, ERR_NOT_FOUND, "device %.63s serves no media", name);
    }
    return OK;
}

static struct value *sign_of(const struct statement *row)
{
    if (column_integer(row, 5) == 0) { return value_null(); }
    struct value *sign = value_object();
    value_set_integer(sign, "width", column_integer(row, 5));
    value_set_integer(sign, "height", column_integer(row, 6));
    return sign;
}

static struct value *telemetry_of(const struct statement *row)
{
    struct value *telemetry = NULL;
    const char *words = column_text(row, 10);
    if (words[0] == '\0' || value_parse(&telemetry, span_text(words), WORDS_SIZE_MAX, NULL) != OK) {
        return value_null();
    }
    return telemetry;
}

static enum err read_device(struct device_store *store, const struct statement *row, int64_t now_us,
                            struct value **out, struct why *why)
{
    struct value *cameras = NULL;
    const enum err err = device_store_cameras(store, column_text(row, 0), now_us, &cameras, why);
    if (err != OK) { return err; }
    struct value *device = value_object();
    value_set_text(device, "name", column_text(row, 0));
    value_set_text(device, "kind", status_kind_name((enum status_kind)column_integer(row, 1)));
    value_set_text(device, "zone", column_text(row, 2));
    const bool online = column_integer(row, 3) && !heartbeat_lost(column_integer(row, 7), now_us);
    value_set_text(device, "state", online ? "online" : "offline");
    value_set_time(device, "last_contact", column_integer(row, 7));
    value_set_time(device, "started_at", column_integer(row, 11));
    value_set_text(device, "version", column_text(row, 4));
    value_set(device, "sign", sign_of(row));
    value_set(device, "cameras", cameras);
    value_set(device, "telemetry", telemetry_of(row));
    value_set_text(device, "suspended_since", NULL);
    if (column_integer(row, 12)) {
        value_set_time(device, "suspended_since", column_integer(row, 12));
    }
    struct value *certificate = value_object();
    value_set_text(certificate, "identity", column_text(row, 8));
    value_set_time(certificate, "expires_at", column_integer(row, 9));
    value_set(device, "certificate", certificate);
    *out = device;
    return OK;
}

/* All devices, or the one named. */
static enum err read_devices(struct device_store *store, const char *name, int64_t now_us,
                             struct value *array, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->list;
    statement_bind_text(rows, ":name", name);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct value *device = NULL;
        err = read_device(store, rows, now_us, &device, why);
        if (err != OK) { return err; }
        value_append(array, device);
        err = statement_step(rows, &step, why);
    }
    return err;
}

enum err device_store_list(struct device_store *store, int64_t now_us, struct value **out,
                           struct why *why)
{
    CLEANUP(value_free_p) struct value *array = value_array();
    const enum err err = read_devices(store, NULL, now_us, array, why);
    if (err == OK) { *out = TAKE(array); }
    return err;
}

enum err device_store_get(struct device_store *store, const char *name, int64_t now_us,
                          struct value **out, struct why *why)
{
    CLEANUP(value_free_p) struct value *array = value_array();
    const enum err err = read_devices(store, name, now_us, array, why);
    if (err != OK) { return err; }
    if (value_count(array) == 0) {
        return why_set(why, ERR_NOT_FOUND, "no device is named %.63s", name);
    }
    *out = value_copy(value_at(array, 0));
    return OK;
}

enum err device_store_count(struct device_store *store, int64_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->count;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *count = column_integer(row, 0); }
    return err;
}

static struct value *read_camera(const struct statement *row)
{
    struct value *camera = value_object();
    const char *reason = column_text(row, 4);
    value_set_text(camera, "name", column_text(row, 0));
    value_set_text(camera, "device", column_text(row, 1));
    value_set_text(camera, "zone", column_text(row, 2));
    value_set_text(camera, "state", camera_state_name((enum camera_state)column_integer(row, 3)));
    value_set_text(camera, "reason", reason[0] ? reason : NULL);
    value_set(camera, "fps",
              column_is_null(row, 5) ? value_null() : value_real(column_real(row, 5)));
    value_set_time(camera, "since", column_integer(row, 6));
    value_set_integer(camera, "events_today", column_integer(row, 7));
    if (column_is_null(row, 8)) {
        value_set(camera, "last_event_at", value_null());
    } else {
        value_set_time(camera, "last_event_at", column_integer(row, 8));
    }
    return camera;
}

enum err device_store_cameras(struct device_store *store, const char *device, int64_t now_us,
                              struct value **out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->cameras;
    CLEANUP(value_free_p) struct value *cameras = value_array();
    statement_bind_text(rows, ":device", device);
    statement_bind_integer(rows, ":today", now_us - now_us % CLOCK_DAY_US);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        value_append(cameras, read_camera(rows));
        err = statement_step(rows, &step, why);
    }
    if (err == OK) { *out = TAKE(cameras); }
    return err;
}
