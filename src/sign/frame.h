/*
 * sign/frame - one picture of the LED matrix: rows of RGB, one pixel a lamp.
 *
 * A plain value that owns no memory. No thread, no time; the only I/O is none: PNG is made in
 * memory. Black is a dark lamp.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

enum { SIGN_WIDTH_MAX = 128, SIGN_HEIGHT_MAX = 64, SIGN_PNG_SIZE_MAX = 64 * 1024 };

struct sign_colour {
    uint8_t red, green, blue;
};

struct sign_frame {
    int width, height;
    uint8_t rgb[SIGN_WIDTH_MAX * SIGN_HEIGHT_MAX * 3]; /* row after row, without padding */
};

/* A dark frame of `width` x `height`, both within the limits (an assertion). */
void sign_frame_clear(struct sign_frame *frame, int width, int height);

/* Lights one lamp; a place outside the frame is left alone. */
void sign_frame_light(struct sign_frame *frame, int x, int y, struct sign_colour colour);
struct sign_colour sign_frame_at(const struct sign_frame *frame, int x, int y);

/* The bytes of all rows. */
struct span sign_frame_bytes(const struct sign_frame *frame);

/* Appends the frame as PNG (ISO/IEC 15948), each lamp `scale` pixels wide (1..16). */
MUST_USE enum err sign_frame_png(const struct sign_frame *frame, int scale, struct text *out,
                                 struct why *why);
