/*
 * fleet/telemetry - how a device fares: content.type "telemetry" (docs/protocols/bus.md).
 *
 * The model that edge and control share. Pure: no I/O, no time, any thread.
 */
#pragma once

#include "fleet/physical.h"
#include "fleet/status.h"

struct telemetry {
    int64_t at_us;
    int64_t rss_bytes;
    double cpu_s;
    int64_t uptime_s;
    int64_t disk_free_bytes;
    int64_t clips;
    int64_t queue_events;
    int64_t queue_receipts;
    struct {
        char camera[IDENTITY_NAME_SIZE];
        double per_s;
    } fps[STATUS_CAMERA_MAX];
    size_t fps_count;
    struct physical physical;
};

MUST_USE enum err telemetry_parse(struct telemetry *out, const struct value *content,
                                  struct why *why);
struct value *telemetry_to_value(const struct telemetry *telemetry); /* the caller owns it */
