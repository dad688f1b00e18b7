/*
 * camera/packet - one encoded picture as it came from a camera, shared by whoever needs it.
 *
 * A packet never changes once it is made, so that the ring, several clips and the decoder hold it
 * without copies or locks: any thread may hold and drop. The bytes are Annex B (ITU-T H.264 and
 * H.265), whatever the camera sent. A run is a stretch of packets with the same parameter sets and
 * one clock: a reconnect, a jump in time or another resolution begins the next.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "system/shared.h"

enum {
    PACKET_SIZE_MAX = 16 * 1024 * 1024,
    PACKET_PARAMETERS_MAX = 64 * 1024, /* parameter sets of one run */
    PACKET_PADDING = 64,               /* zero bytes after the data, for decoders that overread */
};

enum packet_codec { PACKET_CODEC_H264, PACKET_CODEC_H265 };

/* What the packets of one run have in common. */
struct packet_format {
    struct shared_count holders;
    uint64_t run; /* counts the runs of one reader, from 1 */
    enum packet_codec codec;
    uint32_t width, height;
    size_t parameters_size;
    uint8_t parameters[]; /* VPS, SPS, PPS in Annex B, and PACKET_PADDING zero bytes */
};

struct packet {
    struct shared_count holders;
    struct packet_format *format; /* owned reference */
    bool key;                     /* decoding may begin here */
    int64_t decode_us, show_us;   /* since the start of the run; decode_us always grows */
    int64_t captured_us;          /* monotonic clock, as well as it can be known */
    int64_t wall_us;              /* the same moment on the wall clock */
    size_t size;
    uint8_t data[]; /* and PACKET_PADDING zero bytes */
};

/* A format with one holder. ERR_LIMIT beyond PACKET_PARAMETERS_MAX, ERR_RANGE for a silly size. */
MUST_USE enum err packet_format_new(struct packet_format **out, const struct packet_format *facts,
                                    struct span parameters, struct why *why);
struct packet_format *packet_format_hold(struct packet_format *format);
void packet_format_drop(struct packet_format *format); /* NULL is allowed */
CLEANUP_FOR(struct packet_format, packet_format_drop)

/*
 * A packet with one holder: members of `facts`, a reference to its format, a copy of `data`.
 * ERR_LIMIT beyond PACKET_SIZE_MAX.
 */
MUST_USE enum err packet_new(struct packet **out, const struct packet *facts, struct span data,
                             struct why *why);
struct packet *packet_hold(struct packet *packet);
void packet_drop(struct packet *packet); /* NULL is allowed */
CLEANUP_FOR(struct packet, packet_drop)
