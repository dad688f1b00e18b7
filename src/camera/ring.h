/*
 * camera/ring - the last seconds of a camera, encoded: what a clip shows before its event.
 *
 * Keeps whole groups of pictures of one run, each beginning with a key picture: enough of them that
 * one begins before `span_us` ago, and never more than `bytes_max`. When a single group is larger
 * than that it is given up, and the ring waits for the next key picture. Holds references, copies
 * nothing. Owned by one thread, no I/O.
 */
#pragma once

#include "camera/packet.h"

enum { RING_PACKETS_MAX = 8192 };

struct ring;

struct ring *ring_new(int64_t span_us, size_t bytes_max);
void ring_free(struct ring *ring); /* NULL is allowed */
CLEANUP_FOR(struct ring, ring_free)

/* Adds a reference. Another run empties the ring first. */
void ring_push(struct ring *ring, struct packet *packet);
void ring_clear(struct ring *ring);

size_t ring_count(const struct ring *ring);
size_t ring_bytes(const struct ring *ring);
uint64_t ring_overflows(const struct ring *ring); /* groups given up for their size */

/* Borrowed, 0 is the oldest. */
struct packet *ring_at(const struct ring *ring, size_t index);

/* The newest key picture at or before that time (packet.captured_us), else the oldest one. */
size_t ring_find(const struct ring *ring, int64_t captured_us);
