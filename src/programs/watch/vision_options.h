/*
 * watch/vision_options - how to look, as rows for an option table.
 *
 * The same keys configure a camera of tocsin-watch and `tocsin-watch replay`, so that what was
 * tried on a file can be written into the configuration as it is.
 */
#pragma once

#include "base/option.h"
#include "camera/vision.h"

struct vision_tuning {
    char model[OPTION_TEXT_SIZE]; /* path of the description, or a word: vision_model_find */
    int64_t threads;
    int64_t motion_threshold, motion_cells, motion_upheaval;
    int64_t detect_ms, recheck_ms, regions;
    double body_least, score_high, score_low;
    int64_t confirm, lost_ms;
};

/* What one camera's picture shows: mask and zones as camera/area reads them. */
struct vision_place {
    char mask[OPTION_TEXT_SIZE], zones[OPTION_TEXT_SIZE];
    bool only_zones;
};

#define VISION_OPTION(key, kind, owner, member, ...)                                               \
    {                                                                                              \
        key, OPTION_KIND_##kind, offsetof(owner, member), __VA_ARGS__                              \
    }

/* Rows for `owner`, a struct whose member `tuning` is a struct vision_tuning. */
#define VISION_OPTIONS(owner)                                                                      \
    VISION_OPTION("vision.model", TEXT, owner, tuning.model, 0, 0, "auto",                         \
                  "INI file of the model; auto: the one setup fetched, else hog; hog: OpenCV's."), \
        VISION_OPTION("vision.threads", INTEGER, owner, tuning.threads, 1, 64, "1",                \
                      "CPU threads of one inference."),                                            \
        VISION_OPTION("vision.motion_threshold", INTEGER, owner, tuning.motion_threshold, 4, 100,  \
                      "10", "Luma levels that count as a change."),                                \
        VISION_OPTION("vision.motion_cells", INTEGER, owner, tuning.motion_cells, 1, 64, "3",      \
                      "Neighbouring cells that must change to be a region."),                      \
        VISION_OPTION("vision.motion_upheaval", INTEGER, owner, tuning.motion_upheaval, 20, 100,   \
                      "60", "Percent of the picture that, changed at once, is new light."),        \
        VISION_OPTION("vision.detect_ms", INTEGER, owner, tuning.detect_ms, 0, 1000, "90",         \
                      "Least milliseconds between two frames that are looked into."),              \
        VISION_OPTION("vision.recheck_ms", INTEGER, owner, tuning.recheck_ms, 100, 60000, "1000",  \
                      "Milliseconds after which a body that stands still is looked at again."),    \
        VISION_OPTION("vision.regions", INTEGER, owner, tuning.regions, 1, VISION_REGIONS_MAX,     \
                      "12", "Inferences for one frame, at most."),                                 \
        VISION_OPTION("vision.body_least", REAL, owner, tuning.body_least, 0, 1, "0.1",            \
                      "Height of the smallest body that counts, as part of the frame's."),         \
        VISION_OPTION("vision.score_high", REAL, owner, tuning.score_high, 0, 1, "0",              \
                      "Score from which a find may begin a track; 0 = as the model says."),        \
        VISION_OPTION("vision.score_low", REAL, owner, tuning.score_low, 0, 1, "0",                \
                      "Score below which a find is nothing; 0 = as the model says."),              \
        VISION_OPTION("vision.confirm", INTEGER, owner, tuning.confirm, 1, TRACKER_HITS_MAX, "4",  \
                      "Frames that must show a body before it is believed."),                      \
        VISION_OPTION("vision.lost_ms", INTEGER, owner, tuning.lost_ms, 0, 60000, "4000",          \
                      "Milliseconds for which a hidden body is waited for.")

/* Rows for `owner`, a struct whose member `place` is a struct vision_place. */
#define VISION_PLACE_OPTIONS(prefix, owner)                                                        \
    VISION_OPTION(prefix "mask", TEXT, owner, place.mask, 0, 0, "",                                \
                  "Where nobody looks: polygons X,Y X,Y X,Y, parts of the picture 0..1, parted "   \
                  "by a bar."),                                                                    \
        VISION_OPTION(prefix "zones", TEXT, owner, place.zones, 0, 0, "",                          \
                      "Zones that an event names: polygons as of a mask, each after its NAME:."),  \
        VISION_OPTION(prefix "only_zones", BOOLEAN, owner, place.only_zones, 0, 0, "false",        \
                      "Whether an event begins only when somebody stands in a zone.")

/* Reads the polygons of `place` into `options`. The sentence in `why` names key and polygon. */
MUST_USE enum err vision_place_read(struct vision_options *options,
                                    const struct vision_place *place, struct why *why);

/*
 * Puts a path, or "" for OpenCV's people detector, in the place of the words `auto` (the model that
 * setup fetched or a package brought, where there is one) and `hog`. Looks at the disk.
 */
void vision_model_find(struct vision_tuning *tuning);

/* The options of camera/vision; the caller adds detector and callbacks. */
struct vision_options vision_options_of(const struct vision_tuning *tuning);
