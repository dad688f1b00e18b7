/*
 * camera/source - one connection to a camera: RTSP (RFC 2326) over TCP or UDP, or a file.
 *
 * Wraps libavformat. Hands out packets in decoding order, whatever happens on the wire: begins at a
 * key picture, gathers parameter sets from the SDP and from the stream, begins a new run when they
 * or the clock change. Every wait has a deadline and ends when `stop` is raised. Audio is left at
 * the camera: it is never asked for. Owned by one thread; does network I/O; reads the clocks.
 */
#pragma once

#include "camera/address.h"
#include "camera/packet.h"

enum source_transport { SOURCE_TRANSPORT_TCP, SOURCE_TRANSPORT_UDP };

struct source_options {
    const struct address *address; /* borrowed; lives as long as the source */
    enum source_transport transport;
    int64_t open_timeout_us; /* for connecting and asking for the stream */
    int64_t stall_us;        /* without a packet for this long: ERR_TIMEOUT */
    bool probe; /* look into the stream first: takes most of a second, needed for B pictures */
    uint64_t run_first;             /* number of the first run, > 0 */
    const struct shared_flag *stop; /* borrowed; may be NULL */
};

struct source;

struct source_figures {
    uint64_t packets, bytes;
    uint64_t dropped; /* damaged, oversized, or before the first key picture */
};

/*
 * Connects and finds the video stream. ERR_TIMEOUT, ERR_NOT_FOUND (no such stream, no such file),
 * ERR_DENIED (user or password), ERR_UNAVAILABLE (no H.264 or H.265 video), ERR_MALFORMED (not
 * RTSP at all), ERR_IO (nobody answers), ERR_CLOSED (`stop`).
 */
MUST_USE enum err source_open(struct source **out, const struct source_options *options,
                              struct why *why);
void source_close(struct source *source); /* says TEARDOWN; NULL is allowed */
CLEANUP_FOR(struct source, source_close)

/*
 * The next packet; the caller drops it. ERR_TIMEOUT after stall_us without one, ERR_CLOSED at the
 * end of the stream or on `stop`, ERR_MALFORMED or ERR_IO when the connection broke, ERR_CONFLICT
 * when the stream has to be opened again with `probe`. After an error it can only be closed.
 */
MUST_USE enum err source_next(struct source *source, struct packet **out, struct why *why);

uint64_t source_run(const struct source *source); /* of the newest packet */
struct source_figures source_figures(const struct source *source);
