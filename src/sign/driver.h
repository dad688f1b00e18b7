/*
 * sign/driver - what puts a frame on lamps: an interface, so that hardware can stand behind it.
 *
 * A driver is opened by a function of its own (sign_preview_open, later a panel's) and is used by
 * the one thread that decides what is lit. `swap` returns when the frame is what people see: a
 * receipt `lit` is made after it.
 */
#pragma once

#include "base/err.h"
#include "sign/frame.h"

struct sign_driver {
    void *state; /* owned */
    enum err (*swap)(void *state, const struct sign_frame *frame, int64_t wall_us, struct why *why);
    void (*close)(void *state);
};

/* Lights `frame`. ERR_IO when the panel does not answer. */
MUST_USE enum err sign_driver_swap(const struct sign_driver *driver, const struct sign_frame *frame,
                                   int64_t wall_us, struct why *why);

/* Closes what is open; a driver that was never opened is allowed. */
void sign_driver_close(struct sign_driver *driver);
