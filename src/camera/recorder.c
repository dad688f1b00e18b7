#include "camera/recorder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "camera/ring.h"
#include "system/file.h"

struct clip {
    bool used;
    struct id event;
    int64_t started_us; /* of the event */
    int64_t end_us;     /* no picture after this; INT64_MAX while the event lasts */
    int64_t first_us;   /* captured_us of the first picture */
    int64_t newest_us;  /* captured_us of the newest picture */
    uint32_t parts_told;
    bool full_told;
    struct mux *mux; /* owned; NULL until a key picture could be written */
};

struct recorder {
    struct recorder_options options;
    struct ring *ring; /* owned */
    struct clip clips[RECORDER_CLIPS_MAX];
};

struct recorder *recorder_new(const struct recorder_options *options)
{
    struct recorder *recorder = MEM_NEW(struct recorder);
    recorder->options = *options;
    /* The event is known a little after it began: detection takes time. */
    recorder->ring = ring_new(options->before_us + 2 * CLOCK_SECOND_US, options->ring_bytes_max);
    return recorder;
}

void recorder_free(struct recorder *recorder)
{
    if (!recorder) { return; }
    recorder_break(recorder);
    ring_free(recorder->ring);
    free(recorder);
}

enum err recorder_path(char path[static RECORDER_PATH_SIZE], const char *camera,
                       const struct id *event, const char *suffix)
{
    char day[CLOCK_TEXT_SIZE];
    (void)clock_text(day, id_wall_us(event->text));
    const int size = snprintf(path, RECORDER_PATH_SIZE, "%s/%.4s%.2s%.2s/%s%s", camera, day,
                              day + 5, day + 8, event->text, suffix);
    return size < RECORDER_PATH_SIZE ? OK : ERR_LIMIT;
}

/* The whole path of a file of the event, its folder made. */
static enum err make_place(const struct recorder *recorder, const struct id *event,
                           const char *suffix, char path[static FILE_PATH_SIZE], struct why *why)
{
    char relative[RECORDER_PATH_SIZE];
    if (recorder_path(relative, recorder->options.camera, event, suffix)) {
        return why_set(why, ERR_LIMIT, "the camera's name is too long for a path");
    }
    enum err err = file_join(path, recorder->options.media, relative, why);
    if (err) { return err; }
    char *slash = strrchr(path, '/');
    *slash = '\0';
    err = file_make_folder(path, 0750, why);
    *slash = '/';
    return err;
}

enum err recorder_picture(const struct recorder *recorder, const struct id *event, struct span jpeg,
                          struct why *why)
{
    char path[FILE_PATH_SIZE];
    const enum err err = make_place(recorder, event, ".jpg", path, why);
    return err ? err : file_write(path, jpeg, 0640, why);
}

struct telling {
    bool finished, disk_full;
    const char *why;
};

static void tell(const struct recorder *recorder, struct clip *clip, struct telling telling)
{
    char path[RECORDER_PATH_SIZE];
    struct recorder_report report = {.event = clip->event,
                                     .finished = telling.finished,
                                     .disk_full = telling.disk_full,
                                     .why = telling.why};
    if (clip->mux && !recorder_path(path, recorder->options.camera, &clip->event, ".mp4")) {
        report.path = path;
        report.facts = mux_facts(clip->mux);
        report.lead_us = clip->started_us - clip->first_us;
        clip->parts_told = report.facts.parts;
    }
    recorder->options.report(recorder->options.context, &report);
}

/* Closes the clip with what it has, and tells. */
static void finish(const struct recorder *recorder, struct clip *clip, const char *reason)
{
    struct why why = {0};
    struct telling telling = {.finished = true, .why = reason};
    const enum err err = clip->mux ? mux_finish(clip->mux, &why) : OK;
    if (err) {
        telling.why = why.text;
        telling.disk_full = err == ERR_LIMIT;
    }
    tell(recorder, clip, telling);
    mux_free(clip->mux);
    *clip = (struct clip){0};
}

/* The disk refused before anything of the clip could be kept: forget the file, try again later. */
static void start_over(const struct recorder *recorder, struct clip *clip)
{
    char path[FILE_PATH_SIZE];
    if (clip->mux && !make_place(recorder, &clip->event, ".mp4", path, NULL)) {
        (void)unlink(path);
    }
    mux_free(TAKE(clip->mux));
}

static void refuse(const struct recorder *recorder, struct clip *clip, enum err err,
                   const struct why *why)
{
    const bool full = err == ERR_LIMIT;
    if (clip->mux && mux_facts(clip->mux).parts > 0) {
        tell(recorder, clip,
             (struct telling){.finished = true, .disk_full = full, .why = why->text});
        mux_free(clip->mux);
        *clip = (struct clip){0};
        return;
    }
    start_over(recorder, clip);
    if (clip->full_told) { return; }
    clip->full_told = true;
    tell(recorder, clip, (struct telling){.disk_full = full, .why = why->text});
}

static enum err open_clip(const struct recorder *recorder, struct clip *clip,
                          const struct packet *first, struct why *why)
{
    char path[FILE_PATH_SIZE];
    const enum err err = make_place(recorder, &clip->event, ".mp4", path, why);
    if (err) { return err; }
    clip->first_us = first->captured_us;
    return mux_open(&clip->mux, path, first->format, why);
}

static void write_clip(const struct recorder *recorder, struct clip *clip, struct packet *packet)
{
    struct why why = {0};
    if (!clip->mux) {
        if (!packet->key) { return; }
        const enum err err = open_clip(recorder, clip, packet, &why);
        if (err) {
            refuse(recorder, clip, err, &why);
            return;
        }
    }
    clip->newest_us = packet->captured_us;
    const enum err err = mux_write(clip->mux, packet, &why);
    if (err) {
        refuse(recorder, clip, err, &why);
        return;
    }
    if (mux_facts(clip->mux).parts != clip->parts_told) {
        tell(recorder, clip, (struct telling){0});
    }
}

void recorder_push(struct recorder *recorder, struct packet *packet)
{
    if (ring_count(recorder->ring) > 0 &&
        ring_at(recorder->ring, 0)->format->run != packet->format->run) {
        recorder_break(recorder);
    }
    ring_push(recorder->ring, packet);
    const int64_t length_max_us = recorder->options.length_max_us;
    for (size_t i = 0; i < RECORDER_CLIPS_MAX; i++) {
        struct clip *clip = &recorder->clips[i];
        if (!clip->used) { continue; }
        const bool too_long = clip->mux && packet->captured_us - clip->first_us > length_max_us;
        if (packet->captured_us > clip->end_us || too_long) {
            finish(recorder, clip, too_long ? "the clip reached its greatest length" : NULL);
        } else {
            write_clip(recorder, clip, packet);
        }
    }
}

void recorder_break(struct recorder *recorder)
{
    ring_clear(recorder->ring);
    for (size_t i = 0; i < RECORDER_CLIPS_MAX; i++) {
        if (recorder->clips[i].used) { finish(recorder, &recorder->clips[i], NULL); }
    }
}

void recorder_begin(struct recorder *recorder, struct id event, int64_t started_us)
{
    struct clip *clip = recorder->clips;
    while (clip < recorder->clips + RECORDER_CLIPS_MAX && clip->used) {
        clip++;
    }
    struct clip none = {.event = event, .started_us = started_us};
    if (clip == recorder->clips + RECORDER_CLIPS_MAX) {
        tell(recorder, &none,
             (struct telling){.finished = true, .why = "too many clips at one time"});
        return;
    }
    *clip = none;
    clip->used = true;
    clip->end_us = INT64_MAX;
    const struct ring *ring = recorder->ring;
    const int64_t from_us = started_us - recorder->options.before_us;
    for (size_t i = ring_find(ring, from_us); clip->used && i < ring_count(ring); i++) {
        write_clip(recorder, clip, ring_at(ring, i));
    }
}

void recorder_end(struct recorder *recorder, struct id event, int64_t ended_us)
{
    for (size_t i = 0; i < RECORDER_CLIPS_MAX; i++) {
        struct clip *clip = &recorder->clips[i];
        if (!clip->used || strcmp(clip->event.text, event.text) != 0) { continue; }
        clip->end_us = ended_us + recorder->options.after_us;
        /* Without a stream no picture will come to say that the time is over. */
        const bool over = ring_count(recorder->ring) == 0 || clip->newest_us > clip->end_us;
        if (over) { finish(recorder, clip, NULL); }
    }
}

size_t recorder_clips(const struct recorder *recorder)
{
    size_t count = 0;
    for (size_t i = 0; i < RECORDER_CLIPS_MAX; i++) {
        count += recorder->clips[i].used;
    }
    return count;
}
