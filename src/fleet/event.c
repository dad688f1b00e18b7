#include "fleet/event.h"

#include <string.h>

#include "alert/target.h"
#include "base/clock.h"

enum { EVENT_SCORE_DIGITS = 10000 }; /* boxes and scores are written with four decimals */

static const char *const state_names[] = {"begin", "update", "end"};
static const double unit_range[2] = {0, 1};
static const double duration_range[2] = {0, 86400.0 * 7};

const char *event_state_name(enum event_state state)
{
    return state_names[state];
}

enum err event_state_parse(enum event_state *state, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *state = (enum event_state)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED, "state is \"%.20s\", expected begin, update or end", name);
}

static bool is_null(const struct value *member)
{
    return !member || value_kind(member) == VALUE_KIND_NULL;
}

/* A text of at least one letter, none of them a control character. */
static enum err need_word(const struct value *content, const char *key, char *buffer, size_t size,
                          struct why *why)
{
    const enum err err = value_need_text(content, key, buffer, size, why);
    if (err != OK) { return err; }
    for (const char *at = buffer; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) { buffer[0] = '\0'; }
    }
    return buffer[0] ? OK
                     : why_set(why, ERR_MALFORMED, "%s is empty or has control characters", key);
}

static enum err parse_box(struct event_box *box, const struct value *array, struct why *why)
{
    double numbers[5];
    if (value_kind(array) != VALUE_KIND_ARRAY || value_count(array) != ARRAY_LEN(numbers)) {
        return why_set(why, ERR_MALFORMED, "boxes: expected [seconds, x, y, width, height]");
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const double most = i == 0 ? duration_range[1] : 1;
        numbers[i] = value_real_or(value_at(array, i), -1);
        if (!(numbers[i] >= 0 && numbers[i] <= most)) {
            return why_set(why, ERR_MALFORMED, "boxes: member %zu, expected a number 0 to %g", i,
                           most);
        }
    }
    *box = (struct event_box){numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
    return OK;
}

enum err event_boxes_parse(struct event *event, const struct value *array, struct why *why)
{
    event->box_count = 0;
    if (is_null(array)) { return OK; }
    if (value_kind(array) != VALUE_KIND_ARRAY) {
        return why_set(why, ERR_MALFORMED, "boxes: expected a list");
    }
    const size_t count = value_count(array);
    if (count > EVENT_BOX_MAX) {
        return why_set(why, ERR_LIMIT, "%zu boxes, at most %d are allowed", count, EVENT_BOX_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const enum err err = parse_box(&event->boxes[i], value_at(array, i), why);
        if (err != OK) { return err; }
    }
    event->box_count = count;
    return OK;
}

static bool zone_name_good(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t size = strlen(name);
    return size > 0 && size < EVENT_ZONE_SIZE && strspn(name, letters) == size;
}

enum err event_zones_parse(struct event *event, const struct value *array, struct why *why)
{
    event->zone_count = 0;
    if (is_null(array)) { return OK; }
    if (value_kind(array) != VALUE_KIND_ARRAY) {
        return why_set(why, ERR_MALFORMED, "zones: expected a list of names");
    }
    const size_t count = value_count(array);
    if (count > EVENT_ZONES_MAX) {
        return why_set(why, ERR_LIMIT, "%zu zones, at most %d are allowed", count, EVENT_ZONES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = value_text_or(value_at(array, i), "");
        if (!zone_name_good(name)) {
            return why_set(why, ERR_MALFORMED,
                           "zones: member %zu, expected 1 to %d letters A-Z a-z 0-9 . _ -", i,
                           EVENT_ZONE_SIZE - 1);
        }
        memcpy(event->zones[i], name, strlen(name) + 1);
    }
    event->zone_count = count;
    return OK;
}

/* How much of the clip lies before the event; who does not know it says nothing, or null. */
static enum err parse_lead(struct event *event, const struct value *clip, struct why *why)
{
    event->clip.lead_s = -1;
    if (is_null(value_get(clip, "lead_s"))) { return OK; }
    return value_need_real(clip, "lead_s", duration_range, &event->clip.lead_s, why);
}

static enum err parse_clip(struct event *event, const struct value *clip, struct why *why)
{
    if (is_null(clip)) { return OK; }
    if (value_kind(clip) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "clip: expected an object or null");
    }
    int64_t sizes[2] = {0, INT64_C(1) << 40};
    event->has_clip = true;
    enum err err = value_need_integer(clip, "bytes", sizes, &event->clip.bytes, why);
    if (err == OK) {
        err = value_need_real(clip, "duration_s", duration_range, &event->clip.duration_s, why);
    }
    if (err == OK) { err = parse_lead(event, clip, why); }
    if (err == OK) { err = need_word(clip, "codec", event->clip.codec, EVENT_CODEC_SIZE, why); }
    return err;
}

static enum err parse_head(struct event *event, const struct value *content, struct why *why)
{
    char state[8];
    int64_t sequences[2] = {1, INT32_MAX};
    enum err err = value_need_text(content, "event_id", event->id, ID_TEXT_SIZE, why);
    if (err == OK && !id_valid(event->id)) {
        err = why_set(why, ERR_MALFORMED, "event_id is not a UUID of version 7");
    }
    if (err == OK) {
        err = value_need_integer(content, "sequence", sequences, &event->sequence, why);
    }
    if (err == OK) { err = value_need_text(content, "state", state, sizeof state, why); }
    if (err == OK) { err = event_state_parse(&event->state, state, why); }
    return err;
}

static enum err parse_what(struct event *event, const struct value *content, struct why *why)
{
    int64_t counts[2] = {0, EVENT_COUNT_MAX};
    enum err err = need_word(content, "camera", event->camera, sizeof event->camera, why);
    if (err == OK && !is_null(value_get(content, "zone"))) {
        err = value_need_text(content, "zone", event->zone, sizeof event->zone, why);
    }
    if (err == OK && event->zone[0] && !target_name_valid(event->zone)) {
        err = why_set(why, ERR_MALFORMED, "zone is not a name of a-z, 0-9, . and -");
    }
    if (err == OK) { err = need_word(content, "label", event->label, sizeof event->label, why); }
    if (err == OK) { err = value_need_real(content, "score", unit_range, &event->score, why); }
    if (err == OK) { err = value_need_integer(content, "count", counts, &event->count, why); }
    if (err == OK) { err = need_word(content, "model", event->model, sizeof event->model, why); }
    return err;
}

static enum err parse_times(struct event *event, const struct value *content, struct why *why)
{
    enum err err = value_need_time(content, "started_at", &event->started_us, why);
    if (err == OK) { err = value_need_time(content, "updated_at", &event->updated_us, why); }
    if (err == OK && !is_null(value_get(content, "ended_at"))) {
        err = value_need_time(content, "ended_at", &event->ended_us, why);
    }
    if (err == OK && event->state == EVENT_STATE_END && event->ended_us == 0) {
        err = why_set(why, ERR_MALFORMED, "state is end, but ended_at is null");
    }
    if (err == OK && (event->updated_us < event->started_us ||
                      (event->ended_us != 0 && event->ended_us < event->started_us))) {
        err = why_set(why, ERR_MALFORMED, "the event ends or changes before it started");
    }
    return err;
}

enum err event_parse(struct event *out, const struct value *content, struct why *why)
{
    struct event event = {0};
    enum err err = parse_head(&event, content, why);
    if (err == OK) { err = parse_what(&event, content, why); }
    if (err == OK) { err = parse_times(&event, content, why); }
    if (err == OK) { err = event_boxes_parse(&event, value_get(content, "boxes"), why); }
    if (err == OK) { err = event_zones_parse(&event, value_get(content, "zones"), why); }
    if (err == OK) { err = parse_clip(&event, value_get(content, "clip"), why); }
    const struct value *snapshot = value_get(content, "snapshot");
    if (err == OK && !is_null(snapshot) && value_kind(snapshot) != VALUE_KIND_BOOLEAN) {
        err = why_set(why, ERR_MALFORMED, "snapshot: expected true or false");
    }
    if (err != OK) { return why_prefix(why, err, "event"); }
    event.has_snapshot = value_boolean_or(snapshot, false);
    *out = event;
    return OK;
}

static double rounded(double number)
{
    return (double)(int64_t)(number * EVENT_SCORE_DIGITS + 0.5) / EVENT_SCORE_DIGITS;
}

struct value *event_boxes_to_value(const struct event *event)
{
    struct value *boxes = value_array();
    for (size_t i = 0; i < event->box_count; i++) {
        const struct event_box *box = &event->boxes[i];
        struct value *numbers = value_array();
        value_append(numbers, value_real(rounded(box->at_s)));
        value_append(numbers, value_real(rounded(box->x)));
        value_append(numbers, value_real(rounded(box->y)));
        value_append(numbers, value_real(rounded(box->width)));
        value_append(numbers, value_real(rounded(box->height)));
        value_append(boxes, numbers);
    }
    return boxes;
}

struct value *event_zones_to_value(const struct event *event)
{
    struct value *zones = value_array();
    for (size_t i = 0; i < event->zone_count; i++) {
        value_append(zones, value_text(event->zones[i]));
    }
    return zones;
}

static struct value *clip_to_value(const struct event *event)
{
    if (!event->has_clip) { return value_null(); }
    struct value *clip = value_object();
    value_set_integer(clip, "bytes", event->clip.bytes);
    value_set_real(clip, "duration_s", event->clip.duration_s);
    const double lead_s = event->clip.lead_s;
    value_set(clip, "lead_s", lead_s < 0 ? value_null() : value_real(lead_s));
    value_set_text(clip, "codec", event->clip.codec);
    return clip;
}

/* The members that the bus and the API call by the same names. */
static void set_common(struct value *object, const struct event *event)
{
    value_set_text(object, "state", event_state_name(event->state));
    value_set_text(object, "camera", event->camera);
    value_set_text(object, "zone", event->zone[0] ? event->zone : NULL);
    value_set_text(object, "label", event->label);
    value_set_real(object, "score", rounded(event->score));
    value_set_integer(object, "count", event->count);
    value_set_time(object, "started_at", event->started_us);
    value_set_time(object, "updated_at", event->updated_us);
    if (event->ended_us) {
        value_set_time(object, "ended_at", event->ended_us);
    } else {
        value_set(object, "ended_at", value_null());
    }
    value_set(object, "boxes", event_boxes_to_value(event));
    value_set(object, "clip", clip_to_value(event));
    value_set_boolean(object, "snapshot", event->has_snapshot);
    value_set_text(object, "model", event->model);
}

struct value *event_to_value(const struct event *event)
{
    struct value *content = value_object();
    value_set_text(content, "type", "event");
    value_set_text(content, "event_id", event->id);
    value_set_integer(content, "sequence", event->sequence);
    set_common(content, event);
    if (event->zone_count > 0) { value_set(content, "zones", event_zones_to_value(event)); }
    return content;
}

struct value *event_to_api(const struct event *event, const char *device, int64_t received_us)
{
    struct value *object = value_object();
    const int64_t until_us = event->ended_us ? event->ended_us : event->updated_us;
    value_set_text(object, "id", event->id);
    value_set_text(object, "device", device);
    set_common(object, event);
    value_set(object, "zones", event_zones_to_value(event));
    value_set_real(object, "duration_s", (double)(until_us - event->started_us) / 1e6);
    value_set_boolean(object, "media_available", event->has_clip || event->has_snapshot);
    value_set_time(object, "received_at", received_us);
    return object;
}
