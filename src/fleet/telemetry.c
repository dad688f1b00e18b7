#include "fleet/telemetry.h"

static const double real_range[2] = {0, 1e12};

struct reading {
    struct telemetry *telemetry;
    enum err err;
    struct why *why;
};

static void read_fps(void *context, const char *camera, const struct value *member)
{
    struct reading *reading = context;
    struct telemetry *telemetry = reading->telemetry;
    const double per_s = value_real_or(member, -1);
    if (reading->err != OK) { return; }
    if (telemetry->fps_count == STATUS_CAMERA_MAX) {
        reading->err =
            why_set(reading->why, ERR_LIMIT, "fps: more than %d cameras", STATUS_CAMERA_MAX);
        return;
    }
    const size_t index = telemetry->fps_count;
    if (!(per_s >= 0 && per_s <= 1000) ||
        !text_copy(telemetry->fps[index].camera, sizeof telemetry->fps[index].camera, camera)) {
        reading->err = why_set(reading->why, ERR_MALFORMED,
                               "fps of \"%.40s\": expected a number from 0 to 1000", camera);
        return;
    }
    telemetry->fps[index].per_s = per_s;
    telemetry->fps_count++;
}

static enum err parse_numbers(struct telemetry *telemetry, const struct value *content,
                              struct why *why)
{
    const struct {
        const char *key;
        int64_t *number;
    } members[] = {
        {"rss_bytes", &telemetry->rss_bytes},
        {"uptime_s", &telemetry->uptime_s},
        {"disk_free_bytes", &telemetry->disk_free_bytes},
        {"clips", &telemetry->clips},
        {"queue_events", &telemetry->queue_events},
        {"queue_receipts", &telemetry->queue_receipts},
    };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(members); i++) {
        int64_t range[2] = {0, INT64_MAX};
        err = value_need_integer(content, members[i].key, range, members[i].number, why);
    }
    return err;
}

enum err telemetry_parse(struct telemetry *out, const struct value *content, struct why *why)
{
    struct telemetry telemetry = {0};
    enum err err = value_need_time(content, "at", &telemetry.at_us, why);
    if (err == OK) { err = value_need_real(content, "cpu_s", real_range, &telemetry.cpu_s, why); }
    if (err == OK) { err = parse_numbers(&telemetry, content, why); }
    const struct value *fps = value_get(content, "fps");
    if (err == OK && fps && value_kind(fps) != VALUE_KIND_OBJECT) {
        err = why_set(why, ERR_MALFORMED, "fps: expected an object of cameras");
    }
    if (err == OK && fps) {
        struct reading reading = {.telemetry = &telemetry, .why = why};
        value_each(fps, read_fps, &reading);
        err = reading.err;
    }
    if (err == OK) {
        err = physical_parse(&telemetry.physical, value_get(content, "physical"), why);
    }
    if (err != OK) { return why_prefix(why, err, "telemetry"); }
    *out = telemetry;
    return OK;
}

struct value *telemetry_to_value(const struct telemetry *telemetry)
{
    struct value *content = value_object();
    value_set_text(content, "type", "telemetry");
    value_set_time(content, "at", telemetry->at_us);
    value_set_integer(content, "rss_bytes", telemetry->rss_bytes);
    value_set_real(content, "cpu_s", telemetry->cpu_s);
    value_set_integer(content, "uptime_s", telemetry->uptime_s);
    value_set_integer(content, "disk_free_bytes", telemetry->disk_free_bytes);
    value_set_integer(content, "clips", telemetry->clips);
    value_set_integer(content, "queue_events", telemetry->queue_events);
    value_set_integer(content, "queue_receipts", telemetry->queue_receipts);
    struct value *fps = value_object();
    for (size_t i = 0; i < telemetry->fps_count; i++) {
        value_set_real(fps, telemetry->fps[i].camera, telemetry->fps[i].per_s);
    }
    value_set(content, "fps", fps);
    value_set(content, "physical", physical_to_value(&telemetry->physical));
    return content;
}
