#include "geodata/proto.h"

struct proto proto_over(struct span bytes)
{
    return (struct proto){.at = bytes.data,
                          .end = bytes.size ? bytes.data + bytes.size : bytes.data};
}

static void spoil(struct proto *proto)
{
    proto->bad = true;
    proto->at = proto->end;
}

bool proto_next(struct proto *proto)
{
    if (proto->bad || proto->at == proto->end) { return false; }
    const uint64_t tag = proto_varint(proto);
    proto->field = (uint32_t)(tag >> 3);
    proto->wire = (enum proto_wire)(tag & 7);
    if (tag >> 32 || proto->field == 0 || (tag & 7) == 3 || (tag & 7) == 4 || (tag & 7) > 5) {
        spoil(proto);
    }
    return !proto->bad;
}

uint64_t proto_number(struct proto *proto)
{
    if (proto->wire != PROTO_WIRE_VARINT) { spoil(proto); }
    return proto->bad ? 0 : proto_varint(proto);
}

struct span proto_bytes(struct proto *proto)
{
    if (proto->wire != PROTO_WIRE_BYTES) { spoil(proto); }
    const uint64_t size = proto->bad ? 0 : proto_varint(proto);
    if (size > (size_t)(proto->end - proto->at)) { spoil(proto); }
    if (proto->bad) { return span_of(NULL, 0); }
    const struct span bytes = span_of(proto->at, (size_t)size);
    proto->at += size;
    return bytes;
}

static uint64_t fixed(struct proto *proto, enum proto_wire wire, size_t size)
{
    if (proto->wire != wire || (size_t)(proto->end - proto->at) < size) { spoil(proto); }
    if (proto->bad) { return 0; }
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number |= (uint64_t)proto->at[i] << (8 * i);
    }
    proto->at += size;
    return number;
}

uint64_t proto_fixed64(struct proto *proto)
{
    return fixed(proto, PROTO_WIRE_FIXED64, 8);
}

uint32_t proto_fixed32(struct proto *proto)
{
    return (uint32_t)fixed(proto, PROTO_WIRE_FIXED32, 4);
}

void proto_skip(struct proto *proto)
{
    switch (proto->wire) {
    case PROTO_WIRE_VARINT: (void)proto_number(proto); return;
    case PROTO_WIRE_FIXED64: (void)proto_fixed64(proto); return;
    case PROTO_WIRE_BYTES: (void)proto_bytes(proto); return;
    case PROTO_WIRE_FIXED32: (void)proto_fixed32(proto); return;
    }
}
