/*
 * watch/options - the configuration of tocsin-watch: one table reads, checks and explains it.
 */
#pragma once

#include "base/option.h"
#include "programs/watch/vision_options.h"

enum { OPTIONS_CAMERAS_MAX = 32 }; /* as many as edge tells of */

struct options_camera {
    char name[OPTION_TEXT_SIZE];
    char url[OPTION_TEXT_SIZE];
    char transport[OPTION_TEXT_SIZE];
    bool detect;
    struct vision_place place;
};

struct options {
    struct vision_tuning tuning;
    char edge_socket[OPTION_TEXT_SIZE];
    char media_folder[OPTION_TEXT_SIZE];
    int64_t media_days, media_gb, media_reserve_mb;
    int64_t clip_before_s, clip_after_s, clip_length_max_s, clip_ring_mb;
    int64_t stall_s, retry_least_ms, retry_most_ms;
    bool sandbox;
    char log_level[OPTION_TEXT_SIZE];
    struct options_camera cameras[OPTIONS_CAMERAS_MAX];
    size_t camera_count;
};

/* Beyond its rows it checks names that make folders, transports, addresses, polygons, and that
 * there is at least one camera. */
extern const struct option_table options_table;
