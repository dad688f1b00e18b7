/*
 * sign/show - one message ready to be lit: its texts shaped, in turn, in the colour of its tier.
 *
 * A pure function of message and time makes each frame, so that a frame can be tested, repeated
 * and continued after an interruption. A text that stands still is shown for some seconds; one
 * that moves stands for a moment, so that its beginning can be read, and then runs through once.
 * The tier is told by colour, by the pattern of the rows at top and bottom, and by an icon: never
 * by colour alone. Shaping belongs to the thread of the fonts; rendering needs none. No I/O.
 */
#pragma once

#include "base/err.h"
#include "sign/font.h"
#include "sign/frame.h"
#include "trust/tier.h"

/* Whether it is the real thing; what is not says so before every text, in a hatched frame. */
enum sign_purpose { SIGN_PURPOSE_ACTUAL, SIGN_PURPOSE_EXERCISE, SIGN_PURPOSE_TEST };

enum { SIGN_TEXTS_MAX = 16, SIGN_STEP_US = 40000, SIGN_SPEED_PX_S = 50 };

struct sign_show; /* a message, shaped */

struct sign_words {
    const char *language, *text; /* borrowed */
};

struct sign_message {
    enum tier tier;
    const struct sign_words *words; /* borrowed */
    size_t count;                   /* 1..SIGN_TEXTS_MAX */
    enum sign_purpose purpose;
};

struct sign_screen {
    int width, height;        /* lamps */
    int brightness_percent;   /* 5..100 */
    const char *const *order; /* languages to be shown first, NULL-terminated; may be NULL */
};

/* Shapes every text of `message` for `screen`. Fails as sign_shape does, on the first that fails.
 */
MUST_USE enum err sign_show_new(struct sign_show **out, const struct sign_fonts *fonts,
                                const struct sign_screen *screen,
                                const struct sign_message *message, struct why *why);
void sign_show_free(struct sign_show *show); /* NULL is allowed */
CLEANUP_FOR(struct sign_show, sign_show_free)

/* The frame after the message has been lit for `shown_us` in all. */
void sign_show_render(const struct sign_show *show, int64_t shown_us, struct sign_frame *frame);

/* How long after `shown_us` the next frame differs: SIGN_STEP_US while a text moves. */
int64_t sign_show_wait_us(const struct sign_show *show, int64_t shown_us);

/* How long it takes to show every text once. */
int64_t sign_show_cycle_us(const struct sign_show *show);

/* The language lit at `shown_us`, and how many letters no font could draw, in all texts. */
const char *sign_show_language(const struct sign_show *show, int64_t shown_us);
int sign_show_unknown_count(const struct sign_show *show);
