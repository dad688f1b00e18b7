/*
 * watch/watcher - one camera: reader, scribe and eyes, each on a thread of its own.
 *
 * The reader hands every packet to both others over bounded queues; neither waits for the other:
 * recording goes on while detection is busy, and both while the network is gone.
 */
#pragma once

#include "programs/watch/eyes.h"

struct watcher;

/* Borrowed for the life of the watcher, except plain values, which are copied. */
struct watcher_config {
    const char *camera;
    const char *url;
    bool udp, detect;
    struct reader_options reading;     /* deadlines and waits */
    struct recorder_options recording; /* media folder, seconds and bytes */
    struct vision_options vision;      /* with the detector */
    struct listener listener;
};

MUST_USE enum err watcher_start(struct watcher **out, const struct watcher_config *config,
                                struct why *why);
void watcher_stop(struct watcher *watcher); /* asks only: all cameras first, then each is freed */
void watcher_free(struct watcher *watcher); /* stops, ends events, closes clips; NULL is allowed */
CLEANUP_FOR(struct watcher, watcher_free)
