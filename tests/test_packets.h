/*
 * tests/test_packets - the packets of a video file, for tests of what comes after the source.
 */
#pragma once

#include "base/clock.h"
#include "camera/source.h"

struct test_packets {
    struct packet *at[1000];
    size_t count;
};

static inline void test_packets_free(struct test_packets *packets)
{
    for (size_t i = 0; i < packets->count; i++) {
        packet_drop(packets->at[i]);
    }
    packets->count = 0;
}

/* Reads up to `most` packets, as run `run`. False when there is none. */
static inline bool test_packets_read(struct test_packets *packets, const char *path, size_t most,
                                     uint64_t run)
{
    CLEANUP(address_free_p) struct address *address = NULL;
    CLEANUP(source_close_p) struct source *source = NULL;
    if (address_new(&address, path, NULL)) { return false; }
    const struct source_options options = {.address = address,
                                           .open_timeout_us = 20 * CLOCK_SECOND_US,
                                           .stall_us = 20 * CLOCK_SECOND_US,
                                           .run_first = run};
    if (source_open(&source, &options, NULL)) { return false; }
    packets->count = 0;
    while (packets->count < most && packets->count < ARRAY_LEN(packets->at) &&
           source_next(source, &packets->at[packets->count], NULL) == OK) {
        packets->count++;
    }
    return packets->count > 0;
}
