#include "camera/ring.h"

#include "base/clock.h"
#include "check.h"

static struct packet_format *format_of(uint64_t run)
{
    const struct packet_format facts = {.run = run, .width = 64, .height = 64};
    struct packet_format *format = NULL;
    if (packet_format_new(&format, &facts, span_of("", 0), NULL)) { abort(); }
    return format;
}

/* Ten pictures a second, a key picture every second, 100 bytes each. */
static void push(struct ring *ring, struct packet_format *format, int64_t from, int64_t count)
{
    static const uint8_t bytes[100];
    for (int64_t i = from; i < from + count; i++) {
        const struct packet facts = {
            .format = format, .key = i % 10 == 0, .captured_us = i * CLOCK_SECOND_US / 10};
        struct packet *packet = NULL;
        if (packet_new(&packet, &facts, span_of(bytes, sizeof bytes), NULL)) { abort(); }
        ring_push(ring, packet);
        packet_drop(packet);
    }
}

int main(void)
{
    CLEANUP(packet_format_drop_p) struct packet_format *first = format_of(1);
    CLEANUP(packet_format_drop_p) struct packet_format *second = format_of(2);
    CLEANUP(ring_free_p) struct ring *ring = ring_new(3 * CLOCK_SECOND_US, 1000000);
    push(ring, first, 5, 5); /* no key picture yet */
    CHECK(ring_count(ring) == 0);
    push(ring, first, 10, 7);
    CHECK(ring_count(ring) == 7 && ring_bytes(ring) == 700);
    push(ring, first, 17, 1000);
    CHECK(ring_at(ring, 0)->key);
    const int64_t newest_us = ring_at(ring, ring_count(ring) - 1)->captured_us;
    CHECK(newest_us == 1016 * CLOCK_SECOND_US / 10);
    CHECK(newest_us - ring_at(ring, 0)->captured_us >= 3 * CLOCK_SECOND_US);
    CHECK(ring_count(ring) <= 41);
    CHECK(ring_find(ring, 0) == 0);
    CHECK(ring_at(ring, ring_find(ring, 1005 * CLOCK_SECOND_US / 10))->captured_us ==
          100 * CLOCK_SECOND_US);
    CHECK(ring_at(ring, ring_find(ring, INT64_MAX))->captured_us == 101 * CLOCK_SECOND_US);
    push(ring, second, 3, 4); /* another run, not yet at a key picture */
    CHECK(ring_count(ring) == 0 && ring_bytes(ring) == 0);
    push(ring, second, 10, 3);
    CHECK(ring_count(ring) == 3 && ring_find(ring, 0) == 0);
    ring_clear(ring);
    CHECK(ring_count(ring) == 0);

    /* Bytes: two groups do not fit, and one that does not fit is given up until the next key. */
    CLEANUP(ring_free_p) struct ring *small = ring_new(3 * CLOCK_SECOND_US, 1500);
    push(small, first, 0, 20);
    CHECK(ring_count(small) == 10 && ring_overflows(small) == 0);
    CLEANUP(ring_free_p) struct ring *tiny = ring_new(3 * CLOCK_SECOND_US, 500);
    push(tiny, first, 0, 10);
    CHECK(ring_count(tiny) == 0 && ring_overflows(tiny) == 1);
    push(tiny, first, 10, 2);
    CHECK(ring_count(tiny) == 2);
    ring_free(NULL);
    return CHECK_DONE();
}
