/*
 * camera/decode - packets in, pictures out: H.264 and H.265 in software, one thread.
 *
 * Wraps libavcodec and, for cameras that send anything else than 8-bit 4:2:0, libswscale. Damaged
 * data costs pictures, never more: they are counted and left out. Owned by one thread, no I/O.
 */
#pragma once

#include "camera/packet.h"
#include "detector/frame.h"

struct decode_figures {
    uint64_t frames;
    uint64_t damaged; /* packets that the decoder refused */
};

struct decode_options {
    /* Each picture, borrowed until the callback returns. */
    void (*frame)(void *context, const struct frame *frame);
    void *context;
};

struct decode;

struct decode *decode_new(const struct decode_options *options);
void decode_free(struct decode *decode); /* NULL is allowed */
CLEANUP_FOR(struct decode, decode_free)

/*
 * Decodes one packet; a new run begins afresh at its next key picture. With `key_only`, packets
 * that are no key pictures are left out, and so is all up to the next key picture afterwards.
 * ERR_UNAVAILABLE when there is no decoder.
 */
MUST_USE enum err decode_feed(struct decode *decode, const struct packet *packet, bool key_only,
                              struct why *why);

struct decode_figures decode_figures(const struct decode *decode);
