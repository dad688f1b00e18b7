/*
 * sign/preview - the driver without lamps: keeps the newest frame for whoever looks.
 *
 * Swapping belongs to the thread of the sign; looking and waiting may be done from any thread (a
 * mutex guards the one frame). A slow looker misses frames, and never sees an old one late. No
 * I/O.
 */
#pragma once

#include "sign/driver.h"

#include <stdbool.h>

struct sign_preview;

struct sign_view {
    struct sign_frame frame;
    uint32_t sequence; /* 1 for the first swap; 0 = nothing was lit yet */
    int64_t wall_us;   /* of the swap */
};

/* A dark sign. The preview lives until sign_preview_release, the driver until its own close. */
MUST_USE enum err sign_preview_open(struct sign_preview **out, int width, int height,
                                    struct why *why);
struct sign_driver sign_preview_driver(struct sign_preview *preview); /* borrows the preview */
void sign_preview_release(
    struct sign_preview *preview); /* nobody may look any more; NULL allowed */
CLEANUP_FOR(struct sign_preview, sign_preview_release)

/* The frame lit now. */
void sign_preview_look(struct sign_preview *preview, struct sign_view *view);

/*
 * Waits until a frame with another sequence than `seen` is lit. ERR_TIMEOUT after `wait_us`,
 * ERR_CLOSED after the driver was closed.
 */
MUST_USE enum err sign_preview_wait(struct sign_preview *preview, uint32_t seen, int64_t wait_us,
                                    struct sign_view *view);

/*
 * One frame as it stands in the stream of docs/protocols/media.md: "TSGN", sequence, wall time,
 * width, height, rows.
 */
enum { SIGN_STREAM_HEAD_SIZE = 20 };
void sign_view_write(const struct sign_view *view, struct text *out);
