#include "geodata/proto.h"

#include "check.h"

#define OVER(text) proto_over(span_of((text), sizeof(text) - 1))

static void test_fields(void)
{
    struct proto proto =
        OVER("\x08\x96\x01\x12\x03hey\x1d\x01\x02\x03\x04\x21\x01\0\0\0\0\0\0\x80");
    CHECK(proto_next(&proto) && proto.field == 1 && proto_number(&proto) == 150);
    CHECK(proto_next(&proto) && proto.field == 2);
    CHECK(span_equal(proto_bytes(&proto), span_text("hey")));
    CHECK(proto_next(&proto) && proto.field == 3 && proto_fixed32(&proto) == 0x04030201);
    CHECK(proto_next(&proto) && proto.field == 4);
    CHECK(proto_fixed64(&proto) == UINT64_C(0x8000000000000001));
    CHECK(!proto_next(&proto) && !proto.bad);
    proto = OVER("\x08\x96\x01\x12\x03hey\x1d\x01\x02\x03\x04\x21\x01\0\0\0\0\0\0\x80");
    int count = 0;
    while (proto_next(&proto)) {
        proto_skip(&proto);
        count++;
    }
    CHECK(count == 4 && !proto.bad);
}

static void test_refusals(void)
{
    struct proto proto = OVER("\x12\x05hey");
    CHECK(proto_next(&proto) && proto_bytes(&proto).size == 0 && proto.bad);
    CHECK(!proto_next(&proto));
    proto = OVER("\x08\xff");
    CHECK(proto_next(&proto) && proto_number(&proto) == 0 && proto.bad);
    proto = OVER("\x0b"); /* a group */
    CHECK(!proto_next(&proto) && proto.bad);
    proto = OVER("\x02\x00"); /* field 0 */
    CHECK(!proto_next(&proto) && proto.bad);
    proto = OVER("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"); /* 65 bits */
    CHECK(proto_next(&proto) && proto_number(&proto) == 0 && proto.bad);
    proto = OVER("\x12\x01x");
    CHECK(proto_next(&proto) && proto_number(&proto) == 0 && proto.bad);
    proto = OVER("\x0d\x01\x02");
    CHECK(proto_next(&proto) && proto_fixed32(&proto) == 0 && proto.bad);
    proto = proto_over(span_of(NULL, 0));
    CHECK(!proto_next(&proto) && !proto.bad);
}

int main(void)
{
    test_fields();
    test_refusals();
    return CHECK_DONE();
}
