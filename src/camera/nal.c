#include "camera/nal.h"

static const uint8_t start_code[] = {0, 0, 0, 1};

/* Where the next 00 00 01 begins, or the end of the bytes. */
static size_t find_start(struct span bytes, size_t from)
{
    for (size_t i = from; i + 3 <= bytes.size; i++) {
        if (bytes.data[i] == 0 && bytes.data[i + 1] == 0 && bytes.data[i + 2] == 1) { return i; }
    }
    return bytes.size;
}

bool nal_next(struct span *rest, struct span *unit)
{
    const size_t start = find_start(*rest, 0);
    if (start == rest->size) { return false; }
    const size_t begin = start + 3;
    const size_t next = find_start(*rest, begin);
    size_t end = next;
    while (end > begin && rest->data[end - 1] == 0) {
        end--;
    }
    *unit = span_of(rest->data + begin, end - begin);
    *rest = span_of(rest->data + next, rest->size - next);
    return true;
}

enum nal_kind nal_kind(enum packet_codec codec, struct span unit)
{
    if (unit.size == 0) { return NAL_KIND_OTHER; }
    const unsigned type =
        codec == PACKET_CODEC_H264 ? unit.data[0] & 0x1fU : (unsigned)(unit.data[0] >> 1) & 0x3fU;
    if (codec == PACKET_CODEC_H264) {
        if (type == 7) { return NAL_KIND_SEQUENCE_SET; }
        return type == 8 ? NAL_KIND_PICTURE_SET : NAL_KIND_OTHER;
    }
    switch (type) {
    case 32: return NAL_KIND_VIDEO_SET;
    case 33: return NAL_KIND_SEQUENCE_SET;
    case 34: return NAL_KIND_PICTURE_SET;
    default: return NAL_KIND_OTHER;
    }
}

void nal_parameters(enum packet_codec codec, struct span bytes, struct text *out)
{
    struct span unit;
    while (nal_next(&bytes, &unit)) {
        if (nal_kind(codec, unit) == NAL_KIND_OTHER) { continue; }
        text_add_bytes(out, span_of(start_code, sizeof start_code));
        text_add_bytes(out, unit);
    }
}

static bool holds(enum packet_codec codec, struct span parameters, struct span sought)
{
    struct span unit;
    while (nal_next(&parameters, &unit)) {
        if (nal_kind(codec, unit) == NAL_KIND_SEQUENCE_SET && span_equal(unit, sought)) {
            return true;
        }
    }
    return false;
}

bool nal_same_sequence(enum packet_codec codec, struct span parameters, struct span bytes)
{
    struct span unit;
    while (nal_next(&bytes, &unit)) {
        if (nal_kind(codec, unit) == NAL_KIND_SEQUENCE_SET && !holds(codec, parameters, unit)) {
            return false;
        }
    }
    return true;
}
