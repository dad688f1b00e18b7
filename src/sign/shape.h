/*
 * sign/shape - a text becomes lamps: shaped once, drawn many times.
 *
 * Decides between standing still (the largest size at which the text fits its box in whole words)
 * and moving (one line, wider than the box). Bidirectional text follows Unicode's algorithm (UAX
 * 9); letters join as their script demands (OpenType, by HarfBuzz). Belongs to the thread of the
 * fonts. Reads font files, nothing else; knows no time.
 */
#pragma once

#include "base/err.h"
#include "sign/font.h"

#include <stdbool.h>

enum { SIGN_STRIP_WIDTH_MAX = 16384 };

/* A bitmap of lamps on or off. */
struct sign_strip {
    int width, height;
    bool scrolls;       /* wider than its box */
    bool right_to_left; /* begins at its right end */
    int size_px;        /* of the letters */
    int unknown_count;  /* letters that no font could draw */
    uint8_t *bits;      /* owned; rows of (width + 7) / 8 bytes, most significant bit first */
};

struct sign_box {
    int width, height;
};

/* A picture that stands before the text where there is room: rows of lamps, leftmost highest. */
struct sign_icon {
    int width, height;
    uint16_t rows[16];
};

/* What to shape; everything is borrowed. */
struct sign_text {
    const char *language; /* BCP 47 */
    const char *words;    /* UTF-8 */
    struct sign_box box;
    const struct sign_icon *icon; /* may be NULL */
};

/*
 * Shapes; a strip that stands still is as wide as its box. ERR_MALFORMED for words that are not
 * UTF-8 or light no lamp, ERR_LIMIT when they would be wider than SIGN_STRIP_WIDTH_MAX.
 */
MUST_USE enum err sign_shape(struct sign_strip *strip, const struct sign_fonts *fonts,
                             const struct sign_text *text, struct why *why);
void sign_strip_deinit(struct sign_strip *strip);

/* Whether the lamp is lit; false outside. */
bool sign_strip_lit(const struct sign_strip *strip, int x, int y);

/*
 * Opens the fonts of the `index`th script, which takes some 10 ms, so that the first message in it
 * does not wait for that. False beyond the last script.
 */
bool sign_shape_warm(const struct sign_fonts *fonts, size_t index);
