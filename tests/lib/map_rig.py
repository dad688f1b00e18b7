"""tocsin-map for tests: runs it, and reads what it wrote by a reader that shares no line with it.

The reader follows PMTiles v3 and MVT 2.1 as published; Python standard library only.
"""

import gzip
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build" / "release"))
EXTENT = 4096


def tocsin_map(*words, check=True, data=None):
    """Runs tocsin-map; with `check`, a failure is an exception that says why."""
    command = [str(BUILD / "tocsin-map"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, timeout=600, input=data)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    if done.returncode == 0 and built_by(words):
        read_by_others(built_by(words))
    return done


def read_by_others(path):
    """Every tile of a fresh archive by npm pmtiles and @mapbox/vector-tile, as the directories that the reader below knows list them.

    Called for every archive that a test builds. Nothing where there is no node, no modules of the page."""
    modules = ROOT / "web" / "node_modules"
    if not shutil.which("node") or not (modules / "pmtiles").is_dir():
        return
    archive = Archive(path)
    runs = archive.directory(archive.root, archive.root_size)
    places = [place_of(tile_id) for first, run, _, _ in runs for tile_id in range(first, first + run)]
    done = subprocess.run(["node", str(ROOT / "tests" / "lib" / "others.mjs"), str(path), str(modules)], input=json.dumps(places),
                          capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0 or not places or json.loads(done.stdout)["tiles"] != len(places):
        raise RuntimeError(f"{path}: other readers find {done.stdout or done.stderr[-300:]} instead of {len(places)} tiles")


def built_by(words):
    """The archive that a build of ours makes, or None."""
    words = [str(word) for word in words]
    return words[words.index("-o") + 1] if words[0] == "build" and "-o" in words else None


def make_town(folder, *words):
    subprocess.run([sys.executable, str(ROOT / "tools" / "make-town.py"), str(folder), *words], check=True, timeout=120)


def varints(data, at, count):
    numbers = []
    for _ in range(count):
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        numbers.append(number)
    return numbers, at


def fields(data):
    """(field number, value) of a Protocol Buffers message."""
    at = 0
    while at < len(data):
        (tag,), at = varints(data, at, 1)
        wire = tag & 7
        if wire == 0:
            (value,), at = varints(data, at, 1)
        elif wire == 2:
            (size,), at = varints(data, at, 1)
            value = data[at:at + size]
            if len(value) != size:
                raise ValueError("a field ends behind its message")
            at += size
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            value = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {wire}")
        yield tag >> 3, value


def zigzag(number):
    return (number >> 1) ^ -(number & 1)


def value_of(message):
    for field, value in fields(message):
        if field == 1:
            return value.decode("utf-8")
        if field in (2, 3):
            return struct.unpack("<f" if field == 2 else "<d", value)[0]
        if field == 6:
            return zigzag(value)
        return bool(value) if field == 7 else value
    raise ValueError("a value without a value")


def packed(data):
    at, numbers = 0, []
    while at < len(data):
        (number,), at = varints(data, at, 1)
        numbers.append(number)
    return numbers


def vertices(commands):
    """All vertices of a geometry, whatever its kind."""
    at, x, y, found = 0, 0, 0, []
    while at < len(commands):
        command, count = commands[at] & 7, commands[at] >> 3
        at += 1
        if command == 7:
            continue
        for _ in range(count):
            x += zigzag(commands[at])
            y += zigzag(commands[at + 1])
            at += 2
            found.append((x, y))
    return found


def read_feature(message, keys, values):
    feature = {"id": None, "properties": {}, "kind": 0, "vertices": []}
    for field, value in fields(message):
        if field == 1:
            feature["id"] = value
        elif field == 2:
            tags = packed(value)
            feature["properties"] = {keys[tags[i]]: values[tags[i + 1]] for i in range(0, len(tags), 2)}
        elif field == 3:
            feature["kind"] = value
        elif field == 4:
            feature["vertices"] = vertices(packed(value))
    return feature


def read_tile(data):
    """{layer: [feature]} of an unpacked tile."""
    layers = {}
    for field, message in fields(data):
        if field != 3:
            continue
        parts = list(fields(message))
        name = next(value.decode("utf-8") for number, value in parts if number == 1)
        extent = next((value for number, value in parts if number == 5), EXTENT)
        if extent != EXTENT:
            raise ValueError(f"extent {extent}")
        keys = [value.decode("utf-8") for number, value in parts if number == 3]
        values = [value_of(value) for number, value in parts if number == 4]
        layers[name] = [read_feature(value, keys, values) for number, value in parts if number == 2]
    return layers


def place_of(tile_id):
    """(zoom, x, y) of a PMTiles tile id."""
    zoom, first = 0, 0
    while tile_id >= first + 4 ** zoom:
        first += 4 ** zoom
        zoom += 1
    rest, x, y, side = tile_id - first, 0, 0, 1
    while side < 2 ** zoom:
        rx = 1 & (rest // 2)
        ry = 1 & (rest ^ rx)
        if ry == 0:
            if rx == 1:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x += side * rx
        y += side * ry
        rest //= 4
        side *= 2
    return zoom, x, y


class Archive:
    """A PMTiles v3 archive in memory."""

    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        if self.data[:8] != b"PMTiles\x03":
            raise ValueError("no PMTiles v3")
        (self.root, self.root_size, metadata, metadata_size, self.leaves, _, self.tiles_at, _, self.addressed, self.entries,
         self.contents) = struct.unpack_from("<11Q", self.data, 8)
        self.min_zoom, self.max_zoom = self.data[100], self.data[101]
        self.metadata_text = gzip.decompress(self.data[metadata:metadata + metadata_size])
        self.metadata = json.loads(self.metadata_text)

    def directory(self, at, size):
        data = gzip.decompress(self.data[at:at + size])
        (count,), at = varints(data, 0, 1)
        steps, at = varints(data, at, count)
        runs, at = varints(data, at, count)
        sizes, at = varints(data, at, count)
        offsets, at = varints(data, at, count)
        tile_id = offset = 0
        for i in range(count):
            tile_id += steps[i]
            offset = offsets[i] - 1 if offsets[i] else offset + sizes[i - 1]
            if runs[i] == 0:
                yield from self.directory(self.leaves + offset, sizes[i])
            else:
                yield tile_id, runs[i], self.tiles_at + offset, sizes[i]

    def tiles(self):
        """(zoom, x, y, unpacked bytes) of every tile."""
        for first, run, at, size in self.directory(self.root, self.root_size):
            data = gzip.decompress(self.data[at:at + size])
            for tile_id in range(first, first + run):
                yield *place_of(tile_id), data


if __name__ == "__main__":
    sys.exit("map_rig.py is a library for tests")
