#include "camera/nal.h"

#include "check.h"

static const uint8_t h264[] = {9,    9, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1,
                               0x68, 3, 0, 0, 0, 1, 0x65, 4, 5, 0, 0, 1};

static void test_units(void)
{
    struct span rest = span_of(h264, sizeof h264);
    struct span unit;
    CHECK(nal_next(&rest, &unit) && unit.size == 3 && unit.data[0] == 0x67);
    CHECK(nal_kind(PACKET_CODEC_H264, unit) == NAL_KIND_SEQUENCE_SET);
    CHECK(nal_next(&rest, &unit) && unit.size == 2 && unit.data[0] == 0x68);
    CHECK(nal_kind(PACKET_CODEC_H264, unit) == NAL_KIND_PICTURE_SET);
    CHECK(nal_next(&rest, &unit) && unit.size == 3 && unit.data[0] == 0x65);
    CHECK(nal_kind(PACKET_CODEC_H264, unit) == NAL_KIND_OTHER);
    CHECK(nal_next(&rest, &unit) && unit.size == 0);
    CHECK(nal_kind(PACKET_CODEC_H264, unit) == NAL_KIND_OTHER);
    CHECK(!nal_next(&rest, &unit));
    rest = span_of(h264, 5);
    CHECK(!nal_next(&rest, &unit));
    rest = span_of(NULL, 0);
    CHECK(!nal_next(&rest, &unit));
}

static void test_parameters(void)
{
    CLEANUP(text_deinit) struct text sets = text_limited(1000);
    nal_parameters(PACKET_CODEC_H264, span_of(h264, sizeof h264), &sets);
    const uint8_t expected[] = {0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3};
    CHECK(span_equal(text_span(&sets), span_of(expected, sizeof expected)));
    CHECK(nal_same_sequence(PACKET_CODEC_H264, text_span(&sets), span_of(h264, sizeof h264)));
    const uint8_t other[] = {0, 0, 1, 0x67, 1, 3, 0, 0, 1, 0x65};
    CHECK(!nal_same_sequence(PACKET_CODEC_H264, text_span(&sets), span_of(other, sizeof other)));
    CHECK(nal_same_sequence(PACKET_CODEC_H264, text_span(&sets), span_of(other + 6, 4)));
}

static void test_h265(void)
{
    const uint8_t first[] = {32 << 1, 33 << 1, 34 << 1, 19 << 1};
    const enum nal_kind kinds[] = {NAL_KIND_VIDEO_SET, NAL_KIND_SEQUENCE_SET, NAL_KIND_PICTURE_SET,
                                   NAL_KIND_OTHER};
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        CHECK(nal_kind(PACKET_CODEC_H265, span_of(&first[i], 1)) == kinds[i]);
    }
}

int main(void)
{
    test_units();
    test_parameters();
    test_h265();
    return CHECK_DONE();
}
