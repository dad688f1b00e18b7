/*
 * camera/reader - keeps a camera connected for ever, on a thread of its own.
 *
 * Opens a source, hands its packets on, notices that it stalls or breaks, waits longer after each
 * failure (with jitter) and opens it again. Says how the camera is, once for each change. Nothing
 * here waits for whoever takes the packets: both callbacks run on the reader's thread and must
 * return at once.
 */
#pragma once

#include "camera/source.h"

enum reader_state {
    READER_STATE_CONNECTING, /* before the first attempt has ended */
    READER_STATE_ONLINE,     /* pictures come */
    READER_STATE_STALLED,    /* connected, but no picture for stall_us */
    READER_STATE_OFFLINE,    /* cannot connect, or the stream broke off */
};

const char *reader_state_name(enum reader_state state); /* "connecting" ... */

struct reader_options {
    const struct address *address; /* borrowed */
    enum source_transport transport;
    int64_t open_timeout_us, stall_us;
    int64_t retry_least_us, retry_most_us;
    void (*packet)(void *context, struct packet *packet); /* borrowed; hold it to keep it */
    /* `reason` is a sentence, or "" when online. A state other than ONLINE ends the run. */
    void (*state)(void *context, enum reader_state state, const char *reason);
    void *context;
};

/* The usual deadlines; address and callbacks are left for the caller. */
struct reader_options reader_options_usual(void);

struct reader;

/* `options` is copied. A file is played once, as fast as it can be read, and ends OFFLINE. */
MUST_USE enum err reader_start(struct reader **out, const char *name,
                               const struct reader_options *options, struct why *why);
void reader_stop(struct reader *reader); /* asks only: several can be asked before the first wait */
void reader_free(struct reader *reader); /* stops and waits; NULL is allowed */
CLEANUP_FOR(struct reader, reader_free)
