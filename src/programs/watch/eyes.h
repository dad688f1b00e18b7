/*
 * watch/eyes - decodes the pictures of one camera and looks at them, on a thread of its own.
 *
 * Turns visits into events: gives each its id, orders clip and snapshots from the scribe, tells the
 * program. When decoding or detection is slower than the camera, it skips to the next key picture
 * and counts: an event that is told late is worth less than one picture more.
 */
#pragma once

#include "camera/vision.h"
#include "programs/watch/scribe.h"

struct eyes;

struct eyes_config {
    const char *camera;           /* borrowed */
    struct scribe *scribe;        /* borrowed */
    struct vision_options vision; /* with the detector; its callbacks are ours */
    struct listener listener;
};

/* `config` is copied. */
MUST_USE enum err eyes_start(struct eyes **out, const struct eyes_config *config, struct why *why);
void eyes_close(struct eyes *eyes); /* no more packets: what is open ends soon */
void eyes_free(struct eyes *eyes);  /* closes and waits; NULL is allowed */
CLEANUP_FOR(struct eyes, eyes_free)

/* From the reader's thread; never waits. */
void eyes_packet(struct eyes *eyes, struct packet *packet); /* borrowed */
void eyes_break(struct eyes *eyes);
