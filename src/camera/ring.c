#include "camera/ring.h"

#include <assert.h>

struct ring {
    int64_t span_us;
    size_t bytes_max, bytes;
    size_t first, count;
    uint64_t run; /* of what is inside */
    uint64_t overflows;
    struct packet *packets[RING_PACKETS_MAX]; /* owned references */
};

struct ring *ring_new(int64_t span_us, size_t bytes_max)
{
    struct ring *ring = MEM_NEW(struct ring);
    ring->span_us = span_us;
    ring->bytes_max = bytes_max;
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring) { return; }
    ring_clear(ring);
    free(ring);
}

struct packet *ring_at(const struct ring *ring, size_t index)
{
    assert(index < ring->count);
    return ring->packets[(ring->first + index) % RING_PACKETS_MAX];
}

static void drop_oldest(struct ring *ring, size_t count)
{
    for (; count > 0; count--) {
        struct packet *packet = ring_at(ring, 0);
        ring->bytes -= packet->size;
        ring->first = (ring->first + 1) % RING_PACKETS_MAX;
        ring->count--;
        packet_drop(packet);
    }
}

void ring_clear(struct ring *ring)
{
    drop_oldest(ring, ring->count);
}

/* Where the second group begins, or the count when there is only one. */
static size_t second_group(const struct ring *ring)
{
    size_t index = 1;
    while (index < ring->count && !ring_at(ring, index)->key) {
        index++;
    }
    return index < ring->count ? index : ring->count;
}

static void shrink(struct ring *ring)
{
    const int64_t newest_us = ring_at(ring, ring->count - 1)->captured_us;
    while (ring->count > 0) {
        const size_t next = second_group(ring);
        const bool full = ring->bytes > ring->bytes_max || ring->count == RING_PACKETS_MAX;
        const bool spare =
            next < ring->count && newest_us - ring_at(ring, next)->captured_us >= ring->span_us;
        if (!full && !spare) { return; }
        ring->overflows += next == ring->count;
        drop_oldest(ring, next);
    }
}

void ring_push(struct ring *ring, struct packet *packet)
{
    if (packet->format->run != ring->run) {
        ring_clear(ring);
        ring->run = packet->format->run;
    }
    if (ring->count == 0 && !packet->key) { return; }
    ring->packets[(ring->first + ring->count) % RING_PACKETS_MAX] = packet_hold(packet);
    ring->count++;
    ring->bytes += packet->size;
    shrink(ring);
}

size_t ring_count(const struct ring *ring)
{
    return ring->count;
}

size_t ring_bytes(const struct ring *ring)
{
    return ring->bytes;
}

uint64_t ring_overflows(const struct ring *ring)
{
    return ring->overflows;
}

size_t ring_find(const struct ring *ring, int64_t captured_us)
{
    size_t found = 0;
    for (size_t i = 0; i < ring->count; i++) {
        const struct packet *packet = ring_at(ring, i);
        if (packet->captured_us > captured_us) { break; }
        if (packet->key) { found = i; }
    }
    return found;
}
