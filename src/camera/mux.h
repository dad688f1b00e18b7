/*
 * camera/mux - writes the packets of one run into a fragmented MP4, without encoding anything.
 *
 * Wraps libavformat. The file has its final name from the first byte and only grows: header, then
 * one part (moof mdat) per group of pictures or MUX_PART_US, each synced to the disk before the
 * next begins, so that a crash costs at most the part in memory (evidence/clip cuts it off). When
 * the disk refuses, the file is cut back to its last whole part and stays a good clip. Owned by one
 * thread; blocks on the disk.
 */
#pragma once

#include "camera/packet.h"
#include "evidence/clip.h"

#define MUX_PART_US (2 * INT64_C(1000000))
#define MUX_PART_LEAST_US (INT64_C(1000000) / 2) /* for streams of key pictures only */

struct mux;

/* Creates the file (ERR_CONFLICT when it exists) with its header. */
MUST_USE enum err mux_open(struct mux **out, const char *path, const struct packet_format *format,
                           struct why *why);

/* Adds the next packet, of the same run. After an error the clip is as long as it is. */
MUST_USE enum err mux_write(struct mux *mux, struct packet *packet, struct why *why);

/* Writes what is left and the index. The file is a good clip also after an error. */
MUST_USE enum err mux_finish(struct mux *mux, struct why *why);

/* What is on the disk. Parts that are not synced yet do not count. */
struct clip_facts mux_facts(const struct mux *mux);

/* Closes the file as it is. NULL is allowed. */
void mux_free(struct mux *mux);
CLEANUP_FOR(struct mux, mux_free)
