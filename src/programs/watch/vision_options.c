#include "vision_options.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

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

enum err vision_place_read(struct vision_options *options, const struct vision_place *place,
                           struct why *why)
{
    enum err err = picture_area_parse(&options->mask, place->mask, false, why);
    if (err) { return why_prefix(why, err, "mask"); }
    err = picture_area_parse(&options->zones, place->zones, true, why);
    if (err) { return why_prefix(why, err, "zones"); }
    options->only_zones = place->only_zones;
    if (place->only_zones && options->zones.count == 0) {
        return why_set(why, ERR_RANGE, "only_zones is true, but zones names none");
    }
    return OK;
}

#define FETCHED_MODEL "ssd-mobilenetv2-oidv4.ini"

void vision_model_find(struct vision_tuning *tuning)
{
    const bool automatic = strcmp(tuning->model, "auto") == 0;
    if (!automatic && strcmp(tuning->model, "hog") != 0) { return; }
    tuning->model[0] = '\0';
    if (!automatic) { return; }
    char program[OPTION_TEXT_SIZE];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) { *slash = '\0'; }
    /* In a build tree the program is in build/PRESET and the cache beside it. */
    static const char *const places[] = {"../cache/models/" FETCHED_MODEL,
                                         "../share/tocsin/models/" FETCHED_MODEL};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        char path[2 * OPTION_TEXT_SIZE];
        char real[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", program, places[i]);
        if (realpath(path, real) && text_copy(tuning->model, sizeof tuning->model, real)) {
            return;
        }
    }
}
