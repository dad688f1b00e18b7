#!/usr/bin/env python3
"""Inputs of build besides GeoJSON and CSV: OpenStreetMap PBF, and through GDAL where ogr2ogr is installed.

The same town is given as GeoJSON and as PBF: the tiles must be equal. osmium, where it is installed, is asked whether it reads our
PBF, and writes others that we read.
"""

import collections
import json
import os
import pathlib
import pty
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
import osm_pbf  # noqa: E402
from map_rig import BUILD, Archive, make_town, read_tile, tocsin_map  # noqa: E402
from site_runner import Tap  # noqa: E402


def units(value):
    return round(float(value) * 1e7)


class Osm:
    """GeoJSON features as OpenStreetMap objects: a node for every place, shared."""

    def __init__(self):
        self.places, self.nodes, self.ways, self.relations = {}, [], [], []

    def node(self, point, tags=None):
        key = (units(point[0]), units(point[1]))
        if tags:
            self.nodes.append((len(self.nodes) + 1, *key, tags))
            return len(self.nodes)
        if key not in self.places:
            self.nodes.append((len(self.nodes) + 1, *key, {}))
            self.places[key] = len(self.nodes)
        return self.places[key]

    def way(self, line, tags=None):
        self.ways.append((len(self.ways) + 1, [self.node(point) for point in line], tags or {}))
        return len(self.ways)

    def multipolygon(self, rings, tags):
        """Each ring in three ways, the middle one backwards."""
        members = []
        for number, ring in enumerate(rings):
            role = "inner" if number else "outer"
            third = max(1, len(ring) // 3)
            parts = [ring[:third + 1], ring[third:2 * third + 1][::-1], ring[2 * third:]]
            members += [(self.way(part), role) for part in parts if len(part) > 1]
        random.Random(1).shuffle(members)
        self.relations.append((len(self.relations) + 1, members, {"type": "multipolygon", **tags}))

    def write(self, path):
        size = 8000
        data = osm_pbf.header()
        for begin in range(0, len(self.nodes), size):
            data += osm_pbf.dense(self.nodes[begin:begin + size])
        data += osm_pbf.ways(self.ways) + osm_pbf.relations(self.relations)
        path.write_bytes(data)


def from_town(town):
    osm = Osm()
    for feature in json.loads((town / "places.geojson").read_text())["features"]:
        osm.node(feature["geometry"]["coordinates"], feature["properties"])
    for feature in json.loads((town / "streets.geojson").read_text())["features"]:
        osm.way(feature["geometry"]["coordinates"], {"highway": feature["properties"]["class"], **feature["properties"]})
    for feature in json.loads((town / "areas.geojson").read_text())["features"]:
        osm.way(feature["geometry"]["coordinates"][0], {"area": "yes", **feature["properties"]})
    for feature in json.loads((town / "wards.geojson").read_text())["features"]:
        ring = feature["geometry"]["coordinates"][0]
        osm.multipolygon([ring], {"name": feature["properties"]["name"]})
    return osm


LAYERS = """
[layer places]
input = {0}
kind = points
attributes = name, kind
ids = false
[layer streets]
input = {1}
where = class
attributes = name, class
ids = false
[layer areas]
input = {2}
where = kind
kind = polygons
attributes = name, kind
ids = false
[layer wards]
input = {3}
where = name, !kind
kind = polygons
attributes = name
ids = false
"""


def tiles(path):
    """{(zoom, x, y): {layer: sorted features}}."""
    found = {}
    for zoom, x, y, data in Archive(path).tiles():
        found[zoom, x, y] = {name: sorted(json.dumps(feature, sort_keys=True) for feature in features)
                             for name, features in read_tile(data).items()}
    return found


def build(folder, inputs, name):
    (folder / "layers.ini").write_text(LAYERS.format(*inputs))
    out = folder / name
    done = tocsin_map("build", "--keep-all", "--layers", folder / "layers.ini", "-o", out, "--report", "-")
    tocsin_map("verify", out)
    return out, {layer["name"]: layer for layer in json.loads(done.stdout)["layers"]}


def test_town(tap, folder, town):
    pbf = folder / "town.osm.pbf"
    from_town(town).write(pbf)
    as_json, _ = build(folder, [town / f"{name}.geojson" for name in ("places", "streets", "areas", "wards")], "json.pmtiles")
    as_pbf, report = build(folder, [pbf] * 4, "pbf.pmtiles")
    one, other = tiles(as_json), tiles(as_pbf)
    tap.check(one.keys() == other.keys(), f"the town as PBF and as GeoJSON: the same {len(one)} tiles")
    for layer in ("places", "streets"):
        differ = [tile for tile in one if one[tile].get(layer) != other[tile].get(layer)]
        tap.check(not differ, f"and the same {layer} in each", str(differ[:3]))
    counts = {layer: (collections.Counter(), collections.Counter()) for layer in ("areas", "wards")}
    for layer, (left, right) in counts.items():
        for tile, found in one.items():
            left.update((tile, json.loads(text)["properties"]["name"], frozenset(map(tuple, json.loads(text)["vertices"])))
                        for text in found.get(layer, ()))
            right.update((tile, json.loads(text)["properties"]["name"], frozenset(map(tuple, json.loads(text)["vertices"])))
                         for text in other[tile].get(layer, ()))
        tap.check(left == right, f"and the same {layer}, wherever their rings begin", f"{len((left - right) + (right - left))} differ")
    tap.check(report["wards"]["features"] == 12 and report["streets"]["features"] == 460, "each layer has its features")
    return pbf


def test_ids(tap, folder):
    osm = Osm()
    osm.node((76.25, 9.95), {"amenity": "bench"})
    osm.way([(76.25, 9.95), (76.26, 9.96)], {"highway": "path"})
    osm.multipolygon([[(76.2, 9.9), (76.3, 9.9), (76.3, 10.0), (76.2, 10.0), (76.2, 9.9)],
                      [(76.24, 9.94), (76.26, 9.94), (76.26, 9.96), (76.24, 9.94)]], {"natural": "wood"})
    osm.ways.append((900, [1, 99999], {"highway": "leads away"}))
    osm.relations.append((77, [(901, "outer")], {"type": "multipolygon", "natural": "wood"}))
    path = folder / "ids.osm.pbf"
    osm.write(path)
    done = tocsin_map("build", "--minzoom", "12", "-o", folder / "ids.pmtiles", "--report", "-", f"all:{path}")
    layer = json.loads(done.stdout)["layers"][0]
    tap.check(layer["features"] == 3 and layer["incomplete_geometry"] == 2, "what leads out of the file is counted", str(layer)[:200])
    ids, holes = set(), False
    for *_, data in Archive(folder / "ids.pmtiles").tiles():
        for feature in read_tile(data)["all"]:
            ids.add(feature["id"])
            holes = holes or (feature["kind"] == 3 and len(feature["vertices"]) > 6)
    tap.check(ids == {11, 12, 13}, "ids are the objects' times ten and 1, 2 or 3", str(ids))
    tap.check(holes, "the polygon has its hole")


def test_refusals(tap, folder, pbf):
    whole = pbf.read_bytes()
    node = osm_pbf.dense([(2, 0, 0, {}), (1, 0, 0, {})])
    cases = {
        "cut in the middle": (whole[:len(whole) // 2], b"ends in it"),
        "damaged": (whole[:2000] + bytes([whole[2000] ^ 0x55]) + whole[2001:], b"block at byte"),
        "not sorted": (osm_pbf.header() + node, b"osmium sort"),
        "of another schema": (osm_pbf.header("OsmSchema-V0.6", "HistoricalInformation"), b"HistoricalInformation"),
        "beyond the globe": (osm_pbf.header() + osm_pbf.dense([(1, 1900000000, 0, {})]), b"beyond 90 or 180"),
    }
    (folder / "kept.pmtiles").write_bytes(b"the one before")
    for what, (data, reason) in cases.items():
        (folder / "bad.osm.pbf").write_bytes(data)
        done = tocsin_map("build", "-o", folder / "kept.pmtiles", f"all:{folder / 'bad.osm.pbf'}", check=False)
        tap.check(done.returncode == 1 and reason in done.stderr and b"bad.osm.pbf" in done.stderr, f"a file {what} is refused by name",
                  done.stderr.decode()[-200:])
    tap.check((folder / "kept.pmtiles").read_bytes() == b"the one before", "and the archive that was there stays")
    left = [path.name for path in folder.iterdir() if path.name.startswith(".tocsin") or path.suffix == ".part"]
    tap.check(not left, "no temporary file is left", str(left))


def test_pipe(tap, folder, pbf):
    data = pbf.read_bytes()
    tocsin_map("build", "--quiet", "-o", folder / "piped.pmtiles", "all:-", data=data)
    tocsin_map("build", "--quiet", "-o", folder / "file.pmtiles", f"all:{pbf}")
    tap.check((folder / "piped.pmtiles").read_bytes() == (folder / "file.pmtiles").read_bytes(), "a pipe is as good as a file")


def on_terminal(words):
    """What a person sees: standard error is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(BUILD / "tocsin-map"), *map(str, words)], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65536):
            seen += part
    except OSError:  # how Linux tells that the other side has gone
        pass
    os.close(ours)
    return process.wait(60), seen.decode()


def test_progress(tap, folder, pbf):
    words = ("build", "--keep-all", "-o", folder / "seen.pmtiles", f"roads:{pbf}")
    status, seen = on_terminal(words)
    tap.check(status == 0 and "zoom 14" in seen and "zoom 0" in seen, "a terminal shows how far it is, zoom by zoom", repr(seen[-300:]))
    tap.check("roads:" in seen.rsplit("\033[K", 1)[-1], "and at the end what is on the map, on a clean line", repr(seen[-300:]))
    status, seen = on_terminal((*words, "--quiet"))
    tap.check(status == 0 and seen == "", "--quiet shows nothing", repr(seen[-300:]))
    done = tocsin_map(*words)
    tap.check(b"\r" not in done.stderr and b"roads:" in done.stderr, "a log gets no progress, only the end", repr(done.stderr[-300:]))


def test_osmium(tap, folder, pbf):
    """The reference library reads what our test wrote, and its own file gives us the same tiles."""
    if not shutil.which("osmium"):
        print("# osmium is not installed: PBF files of other writers were not read")
        return
    for options in ("pbf,pbf_dense_nodes=false", "pbf,pbf_compression=none", "pbf,add_metadata=true"):
        other = folder / "osmium.osm.pbf"
        subprocess.run(["osmium", "cat", str(pbf), "-o", str(other), "-O", "-f", options], check=True, capture_output=True, timeout=60)
        tocsin_map("build", "--quiet", "-o", folder / "osmium.pmtiles", f"all:{other}")
        tap.check((folder / "osmium.pmtiles").read_bytes() == (folder / "file.pmtiles").read_bytes(), f"osmium's {options}: the same archive")
    done = subprocess.run(["osmium", "export", str(pbf), "-f", "geojsonseq", "-o", str(folder / "export.geojsonseq"), "-O",
                           "--geometry-types=polygon", "--attributes=type,id"], check=True, capture_output=True, timeout=60)
    names = collections.Counter()
    for line in (folder / "export.geojsonseq").read_text().strip().split("\n"):
        about = json.loads(line.lstrip("\x1e"))["properties"]
        names[about.get("name")] += about.get("@type") == "relation"
    tap.check(done.returncode == 0 and sum(names.values()) == 12, "osmium assembles the same twelve multipolygons", str(names))


def test_gdal(tap, folder, town):
    (folder / "town.gpkg").unlink(missing_ok=True)
    if not shutil.which("ogr2ogr"):
        (folder / "town.gpkg").write_bytes(b"SQLite format 3\0" + bytes(4080))
        done = tocsin_map("build", "-o", folder / "no.pmtiles", f"all:{folder / 'town.gpkg'}", check=False)
        tap.check(done.returncode == 1 and b"ogr2ogr" in done.stderr, "without GDAL, a GeoPackage is refused and says what is missing",
                  done.stderr.decode())
        return
    shapes = folder / "shapes"
    subprocess.run(["ogr2ogr", "-q", "-t_srs", "EPSG:32643", str(folder / "town.gpkg"), str(town / "streets.geojson")], check=True, timeout=60)
    subprocess.run(["ogr2ogr", "-q", "-f", "ESRI Shapefile", str(shapes), str(town / "streets.geojson")], check=True, timeout=60)
    for path in (folder / "town.gpkg", shapes / "streets.shp"):
        done = tocsin_map("build", "-o", folder / "gdal.pmtiles", "--report", "-", f"streets:{path}")
        layer = json.loads(done.stdout)["layers"][0]
        tap.check(layer["features"] == 460 and layer["zooms"][14]["present"] == 460, f"{path.name} is read through GDAL")
    done = subprocess.run([shutil.which("env"), "-i", "PATH=/nonexistent", str(BUILD.resolve() / "tocsin-map"), "build", "-o",
                           str(folder / "no.pmtiles"), f"a:{folder / 'town.gpkg'}"], capture_output=True, timeout=60)
    tap.check(done.returncode == 1 and b"ogr2ogr" in done.stderr, "without ogr2ogr in PATH it says what is missing", done.stderr.decode()[-200:])
    (folder / "broken.gpkg").write_bytes((folder / "town.gpkg").read_bytes()[:5000])
    done = tocsin_map("build", "-o", folder / "no.pmtiles", f"a:{folder / 'broken.gpkg'}", check=False)
    tap.check(done.returncode == 1 and b"broken.gpkg" in done.stderr and not (folder / "no.pmtiles").exists(),
              "what ogr2ogr cannot read is refused", done.stderr.decode()[-300:])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="tocsin-inputs-") as name:
        folder = pathlib.Path(name)
        town = folder / "town"
        make_town(town)
        pbf = test_town(tap, folder, town)
        test_ids(tap, folder)
        test_refusals(tap, folder, pbf)
        test_pipe(tap, folder, pbf)
        test_progress(tap, folder, pbf)
        test_osmium(tap, folder, pbf)
        test_gdal(tap, folder, town)
    return tap.done()


sys.exit(main())
