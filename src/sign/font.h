/*
 * sign/font - the letter forms of the sign: which font file and size serves which script.
 *
 * Only the named files are opened, never the whole system's fonts: start is quick, memory small,
 * and a text looks the same on every machine. Noto Sans draws most scripts; Han, Kana and Hangul
 * use GNU Unifont, drawn by hand for 16 pixels, because outline strokes merge at that size. Unifont
 * also stands behind every other font, so that no letter of the Basic Multilingual Plane is lost.
 * Belongs to one thread; one at a time in a program. Reads font files when opened and while
 * shaping.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct sign_fonts;
struct _PangoContext;

/* How a script is set. Sizes are pixels per em. */
struct sign_face {
    const char *sample;   /* a letter of the script */
    const char *families; /* in the order of trial */
    bool bold;
    int fit_px_most, fit_px_least; /* the range of sizes for a text that stands still */
    int scroll_px;                 /* the size of a text that moves */
    int line_percent;              /* line pitch, in percent of the font's own */
    int step_px;                   /* sizes go down by this: bitmap fonts know only multiples */
};

/*
 * Opens the fonts found in `folders` (NULL-terminated; NULL means where Debian's fonts-noto-core
 * and fonts-unifont put them). ERR_NOT_FOUND when Noto Sans itself is missing.
 */
MUST_USE enum err sign_fonts_open(struct sign_fonts **out, const char *const folders[],
                                  struct why *why);
void sign_fonts_close(struct sign_fonts *fonts); /* NULL is allowed */
CLEANUP_FOR(struct sign_fonts, sign_fonts_close)

/* How many font files were found. */
size_t sign_fonts_count(const struct sign_fonts *fonts);

/* The face for the script that most letters of `text` belong to. `language` is BCP 47. */
const struct sign_face *sign_face_for(const char *language, const char *text);

/* The faces in turn, for whoever wants to open all their fonts; NULL beyond the last. */
const struct sign_face *sign_face_at(size_t index);

/* A shaping context whose lamps are on or off, never half lit. The caller unrefs it. */
struct _PangoContext *sign_fonts_context(const struct sign_fonts *fonts, const char *language);
