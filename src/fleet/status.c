#include "fleet/status.h"

#include <string.h>

#include "alert/target.h"

const char *status_kind_name(enum status_kind kind)
{
    return kind == STATUS_KIND_EDGE ? "edge" : "gateway";
}

static const char *const camera_states[] = {"connecting", "online", "stalled", "offline"};

const char *camera_state_name(enum camera_state state)
{
    return camera_states[state];
}

enum err camera_state_parse(enum camera_state *state, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(camera_states); i++) {
        if (strcmp(name, camera_states[i]) == 0) {
            *state = (enum camera_state)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED,
                   "camera state is \"%.20s\", expected connecting, online, stalled or offline",
                   name);
}

/* A text that may be absent or null; then "". */
static enum err optional_text(const struct value *object, const char *key, char *buffer,
                              size_t size, struct why *why)
{
    const struct value *member = value_get(object, key);
    buffer[0] = '\0';
    if (!member || value_kind(member) == VALUE_KIND_NULL) { return OK; }
    return value_need_text(object, key, buffer, size, why);
}

static enum err parse_camera(struct status_camera *camera, const struct value *object,
                             struct why *why)
{
    if (value_kind(object) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "cameras: expected objects");
    }
    char state[16];
    enum err err = value_need_text(object, "name", camera->name, sizeof camera->name, why);
    if (err == OK && camera->name[0] == '\0') {
        err = why_set(why, ERR_MALFORMED, "a camera has no name");
    }
    if (err == OK) { err = value_need_text(object, "state", state, sizeof state, why); }
    if (err == OK) { err = camera_state_parse(&camera->state, state, why); }
    if (err == OK) {
        err = optional_text(object, "reason", camera->reason, sizeof camera->reason, why);
    }
    if (err == OK) { err = value_need_time(object, "since", &camera->since_us, why); }
    return err;
}

static enum err parse_cameras(struct status *status, const struct value *array, struct why *why)
{
    if (!array) { return OK; }
    if (value_kind(array) != VALUE_KIND_ARRAY || value_count(array) > STATUS_CAMERA_MAX) {
        return why_set(why, ERR_LIMIT, "cameras: expected a list of at most %d", STATUS_CAMERA_MAX);
    }
    enum err err = OK;
    for (size_t i = 0; err == OK && i < value_count(array); i++) {
        err = parse_camera(&status->cameras[i], value_at(array, i), why);
        status->camera_count = i + 1;
    }
    return err;
}

static enum err parse_sign(struct status *status, const struct value *sign, struct why *why)
{
    if (!sign || value_kind(sign) == VALUE_KIND_NULL) { return OK; }
    int64_t sides[2] = {1, STATUS_SIGN_MAX};
    if (value_kind(sign) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "sign: expected an object or null");
    }
    const enum err err = value_need_integer(sign, "width", sides, &status->sign_width, why);
    return err == OK ? value_need_integer(sign, "height", sides, &status->sign_height, why) : err;
}

/* "state" and "kind", each one of two words. */
static enum err parse_words(struct status *status, const struct value *content, struct why *why)
{
    char state[16];
    char kind[16];
    enum err err = value_need_text(content, "state", state, sizeof state, why);
    if (err == OK) { err = value_need_text(content, "kind", kind, sizeof kind, why); }
    if (err != OK) { return err; }
    status->online = strcmp(state, "online") == 0;
    status->kind = strcmp(kind, "edge") == 0 ? STATUS_KIND_EDGE : STATUS_KIND_GATEWAY;
    if (!status->online && strcmp(state, "offline") != 0) {
        return why_set(why, ERR_MALFORMED, "state is \"%s\", expected online or offline", state);
    }
    if (strcmp(kind, status_kind_name(status->kind)) != 0) {
        return why_set(why, ERR_MALFORMED, "kind is \"%s\", expected edge or gateway", kind);
    }
    return OK;
}

static enum err parse_texts(struct status *status, const struct value *content, struct why *why)
{
    enum err err = optional_text(content, "zone", status->zone, sizeof status->zone, why);
    if (err == OK && status->zone[0] && !target_name_valid(status->zone)) {
        err = why_set(why, ERR_MALFORMED, "zone \"%s\" is not a name of a-z, 0-9, . and -",
                      status->zone);
    }
    if (err == OK) {
        err = value_need_text(content, "version", status->version, sizeof status->version, why);
    }
    if (err == OK) {
        err = optional_text(content, "media_url", status->media_url, sizeof status->media_url, why);
    }
    return err;
}

enum err status_parse(struct status *out, const struct value *content, struct why *why)
{
    struct status status = {0};
    enum err err = parse_words(&status, content, why);
    if (err == OK) { err = parse_texts(&status, content, why); }
    if (err == OK) { err = parse_sign(&status, value_get(content, "sign"), why); }
    if (err == OK) { err = parse_cameras(&status, value_get(content, "cameras"), why); }
    if (err == OK) { err = value_need_time(content, "started_at", &status.started_us, why); }
    if (err == OK) { err = value_need_time(content, "at", &status.at_us, why); }
    if (err != OK) { return why_prefix(why, err, "status"); }
    *out = status;
    return OK;
}

static struct value *cameras_to_value(const struct status *status)
{
    struct value *array = value_array();
    for (size_t i = 0; i < status->camera_count; i++) {
        const struct status_camera *camera = &status->cameras[i];
        struct value *object = value_object();
        value_set_text(object, "name", camera->name);
        value_set_text(object, "state", camera_state_name(camera->state));
        value_set_text(object, "reason", camera->reason[0] ? camera->reason : NULL);
        value_set_time(object, "since", camera->since_us);
        value_append(array, object);
    }
    return array;
}

struct value *status_to_value(const struct status *status)
{
    struct value *content = value_object();
    value_set_text(content, "type", "status");
    value_set_text(content, "state", status->online ? "online" : "offline");
    value_set_text(content, "zone", status->zone[0] ? status->zone : NULL);
    value_set_text(content, "kind", status_kind_name(status->kind));
    value_set_text(content, "version", status->version);
    value_set_text(content, "media_url", status->media_url[0] ? status->media_url : NULL);
    struct value *sign = value_null();
    if (status->sign_width > 0) {
        value_free(sign);
        sign = value_object();
        value_set_integer(sign, "width", status->sign_width);
        value_set_integer(sign, "height", status->sign_height);
    }
    value_set(content, "sign", sign);
    value_set(content, "cameras", cameras_to_value(status));
    value_set_time(content, "started_at", status->started_us);
    value_set_time(content, "at", status->at_us);
    return content;
}
