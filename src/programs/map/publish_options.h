/*
 * map/publish_options - the configuration of `tocsin-map publish`, `rollback` and `watch`.
 */
#pragma once

#include "base/option.h"

enum { PUBLISH_STEPS_MAX = 16 };

/* A command of tocsin-map that `watch` runs before it publishes. */
struct publish_step {
    char name[OPTION_TEXT_SIZE];
    char arguments[OPTION_TEXT_SIZE];
};

struct publish_options {
    char archive_file[OPTION_TEXT_SIZE], archive_name[OPTION_TEXT_SIZE];
    char s3_endpoint[OPTION_TEXT_SIZE], s3_bucket[OPTION_TEXT_SIZE], s3_region[OPTION_TEXT_SIZE];
    char s3_prefix[OPTION_TEXT_SIZE], s3_ca[OPTION_TEXT_SIZE];
    int64_t s3_part_mb, s3_at_once, s3_attempts, s3_idle_ms;
    bool s3_conditional;
    int64_t release_keep, release_cache_s;
    char state_folder[OPTION_TEXT_SIZE];
    char cdn_api[OPTION_TEXT_SIZE], cdn_zone[OPTION_TEXT_SIZE], cdn_url[OPTION_TEXT_SIZE];
    char cdn_origins[OPTION_TEXT_SIZE];
    char watch_folder[OPTION_TEXT_SIZE], watch_inputs[OPTION_TEXT_SIZE];
    int64_t watch_every_ms, watch_settle_ms, watch_retry_s;
    struct publish_step steps[PUBLISH_STEPS_MAX];
    size_t step_count;
    char log_level[OPTION_TEXT_SIZE];
};

extern const struct option_table publish_options_table;

/* Cuts `text` at any of `marks`, in place, into at most `most` words; returns how many. */
size_t publish_options_split(char *text, const char *marks, const char *words[], size_t most);
