#include "camera/packet.h"

#include "check.h"

int main(void)
{
    struct why why = {0};
    const uint8_t sets[] = {0, 0, 0, 1, 0x67};
    const struct packet_format facts = {
        .run = 3, .codec = PACKET_CODEC_H265, .width = 64, .height = 32};
    struct packet_format *format = NULL;
    CHECK(packet_format_new(&format, &facts, span_of(sets, sizeof sets), &why) == OK);
    CHECK(format->run == 3 && format->codec == PACKET_CODEC_H265);
    CHECK(format->width == 64 && format->height == 32);
    CHECK(format->parameters_size == sizeof sets);
    CHECK(memcmp(format->parameters, sets, sizeof sets) == 0);
    CHECK(format->parameters[sizeof sets + PACKET_PADDING - 1] == 0);

    const struct packet about = {.format = format,
                                 .key = true,
                                 .decode_us = 1,
                                 .show_us = 2,
                                 .captured_us = 3,
                                 .wall_us = 4};
    struct packet *packet = NULL;
    CHECK(packet_new(&packet, &about, span_of("abc", 3), &why) == OK);
    packet_format_drop(format); /* the packet still holds it */
    CHECK(packet->format == format && packet->key && packet->size == 3);
    CHECK(packet->decode_us == 1 && packet->show_us == 2);
    CHECK(packet->captured_us == 3 && packet->wall_us == 4);
    CHECK(memcmp(packet->data, "abc", 4) == 0);
    struct packet *second = packet_hold(packet);
    packet_drop(packet);
    CHECK(second->data[2] == 'c');

    struct packet_format *wrong = NULL;
    struct packet_format silly = facts;
    silly.width = 8;
    CHECK(packet_format_new(&wrong, &silly, span_of(sets, 1), &why) == ERR_RANGE);
    silly.width = 100000;
    CHECK(packet_format_new(&wrong, &silly, span_of(sets, 1), &why) == ERR_RANGE);
    CHECK(strstr(why.text, "100000x32") != NULL);
    CHECK(packet_format_new(&wrong, &facts, span_of(sets, PACKET_PARAMETERS_MAX + 1), &why) ==
          ERR_LIMIT);
    struct packet *big = NULL;
    CHECK(packet_new(&big, second, span_of(sets, PACKET_SIZE_MAX + 1), &why) == ERR_LIMIT);
    CHECK(wrong == NULL && big == NULL);
    packet_drop(second);
    packet_drop(NULL);
    packet_format_drop(NULL);
    return CHECK_DONE();
}
