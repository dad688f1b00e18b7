#include "camera/packet.h"

#include "detector/frame.h"

static bool side_sane(uint32_t side)
{
    return side >= FRAME_SIDE_MIN && side <= FRAME_SIDE_MAX;
}

enum err packet_format_new(struct packet_format **out, const struct packet_format *facts,
                           struct span parameters, struct why *why)
{
    if (parameters.size > PACKET_PARAMETERS_MAX) {
        return why_set(why, ERR_LIMIT, "parameter sets of %zu bytes, more than %d", parameters.size,
                       PACKET_PARAMETERS_MAX);
    }
    if (!side_sane(facts->width) || !side_sane(facts->height)) {
        return why_set(why, ERR_RANGE, "pictures of %ux%u; sides of %d to %d are expected",
                       facts->width, facts->height, FRAME_SIDE_MIN, FRAME_SIDE_MAX);
    }
    struct packet_format *format =
        mem_zeroed(sizeof(struct packet_format) + parameters.size + PACKET_PADDING);
    shared_count_init(&format->holders);
    format->run = facts->run;
    format->codec = facts->codec;
    format->width = facts->width;
    format->height = facts->height;
    format->parameters_size = parameters.size;
    if (parameters.size > 0) { memcpy(format->parameters, parameters.data, parameters.size); }
    *out = format;
    return OK;
}

struct packet_format *packet_format_hold(struct packet_format *format)
{
    shared_count_hold(&format->holders);
    return format;
}

void packet_format_drop(struct packet_format *format)
{
    if (format && shared_count_drop(&format->holders)) { free(format); }
}

enum err packet_new(struct packet **out, const struct packet *facts, struct span data,
                    struct why *why)
{
    if (data.size > PACKET_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a picture of %zu bytes, more than %d", data.size,
                       PACKET_SIZE_MAX);
    }
    struct packet *packet = mem_zeroed(sizeof(struct packet) + data.size + PACKET_PADDING);
    shared_count_init(&packet->holders);
    packet->format = packet_format_hold(facts->format);
    packet->key = facts->key;
    packet->decode_us = facts->decode_us;
    packet->show_us = facts->show_us;
    packet->captured_us = facts->captured_us;
    packet->wall_us = facts->wall_us;
    packet->size = data.size;
    if (data.size > 0) { memcpy(packet->data, data.data, data.size); }
    *out = packet;
    return OK;
}

struct packet *packet_hold(struct packet *packet)
{
    shared_count_hold(&packet->holders);
    return packet;
}

void packet_drop(struct packet *packet)
{
    if (!packet || !shared_count_drop(&packet->holders)) { return; }
    packet_format_drop(packet->format);
    free(packet);
}
