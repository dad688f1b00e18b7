/*
 * camera/recorder - the clips of one camera: one file for each event, several at one time.
 *
 * Keeps the last seconds in a ring, so that a clip begins before its event. Decides when a clip
 * begins (the key picture before the pre-roll), ends (post-roll over, the run over, too long, disk
 * refuses) and what is reported. Never waits for detection or network: its thread gets packets and
 * orders, both in order, and blocks on nothing but the disk. Owned by one thread; writes files
 * below the media folder; the clock is that of the packets.
 */
#pragma once

#include "base/id.h"
#include "camera/mux.h"
#include "camera/packet.h"

enum {
    RECORDER_CLIPS_MAX = 32, /* open at one time; a further event has no clip */
    RECORDER_PATH_SIZE = 160,
    RECORDER_CAMERA_SIZE = 65,
};

/* What became of a clip; everything is borrowed until the callback returns. */
struct recorder_report {
    struct id event;
    const char *path; /* relative to the media folder; NULL while there is no file */
    struct clip_facts facts;
    int64_t lead_us; /* how much of the clip lies before the event */
    bool finished;   /* the last report of this clip */
    bool disk_full;  /* room is needed */
    const char *why; /* what went wrong, or NULL */
};

struct recorder_options {
    const char *media;           /* borrowed: the media folder */
    const char *camera;          /* borrowed: [A-Za-z0-9._-], fewer than RECORDER_CAMERA_SIZE */
    int64_t before_us, after_us; /* pre-roll, post-roll */
    int64_t length_max_us;
    size_t ring_bytes_max;
    void (*report)(void *context, const struct recorder_report *report);
    void *context;
};

struct recorder;

/* `options` is copied. */
struct recorder *recorder_new(const struct recorder_options *options);
void recorder_free(struct recorder *recorder); /* finishes open clips; NULL is allowed */
CLEANUP_FOR(struct recorder, recorder_free)

void recorder_push(struct recorder *recorder, struct packet *packet);

/* The run is over: what is open is finished. Packets of another run do the same. */
void recorder_break(struct recorder *recorder);

/* An event began; `started_us` is on the clock of packet.captured_us. */
void recorder_begin(struct recorder *recorder, struct id event, int64_t started_us);

/* It ended: the clip goes on for the post-roll. */
void recorder_end(struct recorder *recorder, struct id event, int64_t ended_us);

size_t recorder_clips(const struct recorder *recorder); /* open now */

/*
 * `<camera>/<yyyymmdd>/<event id><suffix>`, the day being that of the id. ERR_LIMIT when the
 * camera's name is too long.
 */
MUST_USE enum err recorder_path(char path[static RECORDER_PATH_SIZE], const char *camera,
                                const struct id *event, const char *suffix);

/* Writes a picture of the event, atomically, beside its clip. */
MUST_USE enum err recorder_picture(const struct recorder *recorder, const struct id *event,
                                   struct span jpeg, struct why *why);
