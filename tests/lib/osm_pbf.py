"""Writes OpenStreetMap PBF files for tests, as osmformat.proto says. Python standard library only."""

import struct
import sys
import zlib


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return (number << 1) ^ (number >> 63)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def row(numbers):
    return b"".join(varint(number) for number in numbers)


def steps(numbers):
    before, out = 0, []
    for number in numbers:
        out.append(zigzag(number - before))
        before = number
    return row(out)


class Strings:
    def __init__(self):
        self.numbers = {b"": 0}

    def __call__(self, text):
        return self.numbers.setdefault(text.encode("utf-8"), len(self.numbers))

    def table(self):
        return field(1, b"".join(field(1, text) for text in self.numbers))


def tags_of(strings, tags):
    return field(2, row(strings(key) for key in tags)) + field(3, row(strings(value) for value in tags.values()))


def block(kind, data, packed=True):
    blob = field(2, len(data)) + field(3, zlib.compress(data)) if packed else field(1, data)
    head = field(1, kind) + field(3, len(blob))
    return struct.pack(">I", len(head)) + head + blob


def header(*features):
    return block(b"OSMHeader", b"".join(field(4, name.encode()) for name in features or ("OsmSchema-V0.6", "DenseNodes")))


def dense(nodes):
    """nodes: (id, longitude, latitude in units of 1e-7 degrees, {tags})."""
    strings, tags = Strings(), []
    for *_, about in nodes:
        for key, value in about.items():
            tags += [strings(key), strings(value)]
        tags.append(0)
    group = field(1, steps(node[0] for node in nodes)) + field(8, steps(node[2] for node in nodes))
    group += field(9, steps(node[1] for node in nodes)) + field(10, row(tags))
    return block(b"OSMData", strings.table() + field(2, field(2, group)))


def ways(objects):
    """objects: (id, [node ids], {tags})."""
    strings = Strings()
    group = b"".join(field(3, field(1, number) + tags_of(strings, tags) + field(8, steps(nodes))) for number, nodes, tags in objects)
    return block(b"OSMData", strings.table() + field(2, group))


def relations(objects):
    """objects: (id, [(way id, role)], {tags})."""
    strings, group = Strings(), b""
    for number, members, tags in objects:
        one = field(1, number) + tags_of(strings, tags) + field(8, row(strings(role) for _, role in members))
        group += field(4, one + field(9, steps(way for way, _ in members)) + field(10, row(1 for _ in members)))
    return block(b"OSMData", strings.table() + field(2, group))


if __name__ == "__main__":
    sys.exit("osm_pbf.py is a library for tests")
