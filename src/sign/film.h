/*
 * sign/film - a message as the frames that a sign would light, one after another: for whoever wants
 * to see it before it is sent.
 *
 * The frames are those of sign/show, and change when it says so, so that what is seen is what will
 * be lit. A message has one colour, so that a lamp is one bit. A film has at most
 * SIGN_FILM_SIZE_MAX bytes of frames: 80 s of a moving text on 64 x 32 lamps. Pure: no thread, no
 * time, no I/O.
 */
#pragma once

#include "base/text.h"
#include "sign/show.h"

enum { SIGN_FILM_SIZE_MAX = 512 * 1024 };

struct sign_film {
    int width, height;
    struct sign_colour colour; /* of every lit lamp */
    int64_t cycle_us;          /* after which the message begins again */
    size_t count;              /* of frames */
    int64_t *at_us;            /* owned: when each frame is lit; the first at 0 */
    /* Frame after frame, rows of (width + 7) / 8 bytes, leftmost lamp highest. */
    struct text bits;  /* owned */
    bool whole;        /* false: it was full before the cycle ended */
    int unknown_count; /* letters that no font could draw */
};

/* The size of a frame in `bits`. */
size_t sign_film_frame_size(const struct sign_film *film);

/* Films `show` once through, or as far as there is room. */
void sign_film_init(struct sign_film *film, const struct sign_show *show);
void sign_film_deinit(struct sign_film *film);
