/*
 * fleet/event - one visit of something before a camera: content.type "event"
 * (docs/protocols/bus.md).
 *
 * The model that watch, edge and control share. A plain value of about 11 KB. Pure: no I/O, no
 * time, any thread. Every limit is checked on the way in.
 */
#pragma once

#include <stdbool.h>

#include "base/id.h"
#include "base/value.h"
#include "trust/certificate.h"

enum {
    EVENT_BOX_MAX = 256,
    EVENT_LABEL_SIZE = 64,
    EVENT_MODEL_SIZE = 96,
    EVENT_CODEC_SIZE = 32,
    EVENT_ZONES_MAX = 16,
    EVENT_ZONE_SIZE = 32,
    EVENT_COUNT_MAX = 10000
};

enum event_state { EVENT_STATE_BEGIN, EVENT_STATE_UPDATE, EVENT_STATE_END };
const char *event_state_name(enum event_state state); /* "begin", "update", "end" */
MUST_USE enum err event_state_parse(enum event_state *state, const char *name, struct why *why);

/* Seconds since started_us, then the place as parts of the frame, 0..1. */
struct event_box {
    double at_s, x, y, width, height;
};

struct event_clip {
    int64_t bytes;
    double duration_s;
    double lead_s; /* of it before started_us; negative = not known */
    char codec[EVENT_CODEC_SIZE];
};

struct event {
    char id[ID_TEXT_SIZE];
    int64_t sequence; /* from 1, rising with every change */
    enum event_state state;
    char camera[IDENTITY_NAME_SIZE];
    char zone[IDENTITY_NAME_SIZE]; /* "" = not told (watch does not know it) */
    char label[EVENT_LABEL_SIZE];
    double score;  /* 0..1 */
    int64_t count; /* the most seen at one time */
    int64_t started_us, updated_us;
    int64_t ended_us; /* 0 = not yet */
    struct event_box boxes[EVENT_BOX_MAX];
    size_t box_count;
    char zones[EVENT_ZONES_MAX][EVENT_ZONE_SIZE]; /* of the camera's picture; not `zone` */
    size_t zone_count;
    bool has_clip;
    struct event_clip clip;
    bool has_snapshot;
    char model[EVENT_MODEL_SIZE];
};

/* Reads the content of an envelope. Unknown members are passed over (watch adds paths). */
MUST_USE enum err event_parse(struct event *out, const struct value *content, struct why *why);

/* The content object, ready for envelope_sign. The caller owns it. */
struct value *event_to_value(const struct event *event);

/* Parts that the database keeps as JSON text. */
struct value *event_boxes_to_value(const struct event *event);
MUST_USE enum err event_boxes_parse(struct event *event, const struct value *array,
                                    struct why *why);
struct value *event_zones_to_value(const struct event *event);
MUST_USE enum err event_zones_parse(struct event *event, const struct value *array,
                                    struct why *why);

/* The event object of docs/protocols/api.md, for REST answers and live messages. */
struct value *event_to_api(const struct event *event, const char *device, int64_t received_us);
