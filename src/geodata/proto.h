/*
 * geodata/proto - reads Protocol Buffers front to back, never past their end.
 *
 * The wire format of map tiles (MVT) and of OpenStreetMap files (PBF). A read that does not fit
 * marks the reader `bad` for good and returns zero, so that a parser may read on and ask once.
 * Groups (wire types 3 and 4) are long dead and count as bad. Plain value, no allocation.
 */
#pragma once

#include "base/span.h"

enum proto_wire {
    PROTO_WIRE_VARINT = 0,
    PROTO_WIRE_FIXED64 = 1,
    PROTO_WIRE_BYTES = 2,
    PROTO_WIRE_FIXED32 = 5,
};

struct proto {
    const uint8_t *at, *end;
    bool bad;
    uint32_t field;       /* of the value that comes next */
    enum proto_wire wire; /* its type */
};

struct proto proto_over(struct span bytes);

/* Steps to the next field. False at the end, or when the bytes are bad. */
bool proto_next(struct proto *proto);

/* The value of a field; bad when its wire type is another. */
uint64_t proto_number(struct proto *proto);
struct span proto_bytes(struct proto *proto);
uint64_t proto_fixed64(struct proto *proto);
uint32_t proto_fixed32(struct proto *proto);

/* Steps over a value of any type. */
void proto_skip(struct proto *proto);

/* The next varint of a packed row. Ask `proto->at < proto->end` first. */
static inline uint64_t proto_varint(struct proto *proto)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 70 && proto->at < proto->end; shift += 7) {
        const uint8_t byte = *proto->at++;
        if (shift == 63 && byte > 1) { break; }
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) { return number; }
    }
    proto->bad = true;
    proto->at = proto->end;
    return 0;
}
