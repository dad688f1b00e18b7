/*
 * camera/snapshot - one picture as JPEG (ITU-T T.81).
 *
 * Wraps libavcodec's encoder. Any thread, no I/O.
 */
#pragma once

#include "base/text.h"
#include "detector/frame.h"

enum { SNAPSHOT_SIZE_MAX = 16 * 1024 * 1024 };

/* Appends the picture to `jpeg`. ERR_RANGE for a frame that breaks frame.h. */
MUST_USE enum err snapshot_encode(struct text *jpeg, const struct frame *frame, struct why *why);
