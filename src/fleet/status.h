/*
 * fleet/status - what a device says of itself: content.type "status" (docs/protocols/bus.md).
 *
 * The model that edge, gateway and control share. Pure: no I/O, no time, any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/value.h"
#include "trust/certificate.h"

enum {
    STATUS_CAMERA_MAX = 32,
    STATUS_VERSION_SIZE = 48,
    STATUS_URL_SIZE = 256,
    STATUS_REASON_SIZE = 128,
    STATUS_SIGN_MAX = 4096 /* lamps along a side */
};

enum status_kind { STATUS_KIND_EDGE, STATUS_KIND_GATEWAY };
const char *status_kind_name(enum status_kind kind);

enum camera_state {
    CAMERA_STATE_CONNECTING,
    CAMERA_STATE_ONLINE,
    CAMERA_STATE_STALLED,
    CAMERA_STATE_OFFLINE,
};
const char *camera_state_name(enum camera_state state);
MUST_USE enum err camera_state_parse(enum camera_state *state, const char *name, struct why *why);

struct status_camera {
    char name[IDENTITY_NAME_SIZE];
    enum camera_state state;
    char reason[STATUS_REASON_SIZE]; /* "" = none */
    int64_t since_us;
};

struct status {
    bool online;
    enum status_kind kind;
    char zone[IDENTITY_NAME_SIZE]; /* "" = none */
    char version[STATUS_VERSION_SIZE];
    char media_url[STATUS_URL_SIZE]; /* "" = none: a gateway */
    int64_t sign_width, sign_height; /* 0 = no sign */
    struct status_camera cameras[STATUS_CAMERA_MAX];
    size_t camera_count;
    int64_t started_us;
    int64_t at_us;
};

/* ERR_MALFORMED, ERR_LIMIT, ERR_RANGE name the member. */
MUST_USE enum err status_parse(struct status *out, const struct value *content, struct why *why);
struct value *status_to_value(const struct status *status); /* the caller owns it */
