/*
 * wire/frame - messages on a stream socket: four bytes of length, most significant first, then so
 * many bytes (docs/protocols/watch.md).
 *
 * Both ends of the socket between watch and edge use it. Bounded: no more than one frame and one
 * read are held. One thread each; no I/O of its own.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"

enum { FRAME_SIZE_MAX = 256 * 1024, FRAME_HEAD_SIZE = 4 };

/* Appends one frame. ERR_LIMIT for an empty body, one over FRAME_SIZE_MAX, or a full `out`. */
MUST_USE enum err frame_write(struct text *out, struct span body, struct why *why);

struct frame_reader {
    struct text held; /* bytes that are not taken yet */
    size_t taken;     /* of `held` */
};

struct frame_reader frame_reader_new(void);
void frame_reader_deinit(struct frame_reader *reader);

/*
 * Adds what was read from the socket, at most FRAME_SIZE_MAX at once. ERR_LIMIT when more is held
 * than a frame may have: take what is there first.
 */
MUST_USE enum err frame_reader_add(struct frame_reader *reader, struct span bytes, struct why *why);

/*
 * The next whole frame, valid until the next call of any function; an empty span when there is none
 * yet. ERR_LIMIT for a length of zero or over FRAME_SIZE_MAX: close the socket.
 */
MUST_USE enum err frame_reader_next(struct frame_reader *reader, struct span *body,
                                    struct why *why);
