/*
 * evidence/clip - what a fragmented MP4 (ISO/IEC 14496-12) holds, and where its last whole part
 * ends.
 *
 * A clip is ftyp, moov, then (moof mdat)*, appended and synced part by part, so that it can be
 * played after a crash at any moment. The walker reads bytes that may be torn or hostile: every box
 * is checked against its parent, sizes and counts have limits, and there is no recursion.
 * clip_walk does no I/O of its own; clip_measure and clip_recover use one descriptor. Any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum {
    CLIP_CODEC_SIZE = 48,
    CLIP_HEADER_SIZE_MAX = 1024 * 1024, /* of moov, and of one moof */
    CLIP_BOXES_MAX = 100000,            /* at the top level */
    CLIP_SAMPLES_MAX = 100000,          /* pictures of one fragment */
};

struct clip_facts {
    int64_t bytes;       /* up to the end of the last whole part */
    int64_t duration_us; /* of the pictures in whole parts */
    uint64_t pictures;
    uint32_t parts;              /* fragments */
    bool finished;               /* closed properly: an index stands at the end */
    char codec[CLIP_CODEC_SIZE]; /* RFC 6381: "avc1.4d401f", "hvc1.1.6.L93.b0" */
};

/* Where the bytes come from. */
struct clip_input {
    /* Reads exactly `size` bytes at `offset`, all of them inside [0, this->size). */
    enum err (*read)(void *context, int64_t offset, uint8_t *buffer, size_t size);
    void *context;
    int64_t size;
};

/*
 * Walks a clip. A torn end is no error: `bytes` then says how much is whole. ERR_MALFORMED when
 * not even the header is whole or it has no video, ERR_LIMIT beyond the limits above.
 */
MUST_USE enum err clip_walk(struct clip_facts *out, const struct clip_input *input,
                            struct why *why);

/* Walks the file behind `fd` (borrowed, open for reading). */
MUST_USE enum err clip_measure(struct clip_facts *out, int fd, struct why *why);

/*
 * Cuts the file at `path` after its last whole part. ERR_MALFORMED: nothing of it can be played;
 * it is left as it is.
 */
MUST_USE enum err clip_recover(struct clip_facts *out, const char *path, struct why *why);
