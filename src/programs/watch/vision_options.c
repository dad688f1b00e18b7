#include "vision_options.h"

struct vision_options vision_options_of(const struct vision_tuning *tuning)
{
    struct vision_options options = vision_options_usual();
    options.motion = (struct motion_options){
        .threshold = tuning->motion_threshold,
        .cells_min = tuning->motion_cells,
        .upheaval_percent = tuning->motion_upheaval,
    };
    options.tracker = (struct tracker_options){
        .score_high = tuning->score_high,
        .score_low = tuning->score_low,
        .confirm_hits = tuning->confirm,
        .lost_us = tuning->lost_ms * 1000,
    };
    options.detect_us = tuning->detect_ms * 1000;
    options.recheck_us = tuning->recheck_ms * 1000;
    options.body_least = tuning->body_least;
    options.regions_max = tuning->regions;
    return options;
}
