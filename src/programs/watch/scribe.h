/*
 * watch/scribe - writes the clips and snapshots of one camera, on a thread of its own.
 *
 * Whoever gives it something never waits. When the disk hangs for so long that its queue is full,
 * packets are lost and counted, and recording begins again at a key picture; orders have room kept
 * for them.
 */
#pragma once

#include "base/text.h"
#include "camera/recorder.h"
#include "programs/watch/listener.h"

struct scribe;

/* `recording` names media folder, camera (both borrowed), seconds and bytes. */
MUST_USE enum err scribe_start(struct scribe **out, const struct recorder_options *recording,
                               const struct listener *listener, struct why *why);
void scribe_free(struct scribe *scribe); /* closes what is open, then waits; NULL is allowed */
CLEANUP_FOR(struct scribe, scribe_free)

/* From the reader's thread. */
void scribe_packet(struct scribe *scribe, struct packet *packet); /* borrowed */
void scribe_break(struct scribe *scribe);
uint64_t scribe_lost(const struct scribe *scribe);

/* From the thread that sees. False when the queue has no room even for orders. */
MUST_USE bool scribe_begin(struct scribe *scribe, const struct id *event, int64_t started_us);
void scribe_end(struct scribe *scribe, const struct id *event, int64_t ended_us);
void scribe_picture(struct scribe *scribe, const struct id *event, struct text *jpeg); /* emptied */
