#!/usr/bin/env python3
"""Independent readers agree: npm pmtiles with @mapbox/vector-tile, and our own in Python, read every tile of archives of every kind,
and find in each zoom and layer as many features as the builder's report says. So does tippecanoe-decode where it is in PATH."""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from map_rig import ROOT, Archive, make_town, read_tile, tocsin_map  # noqa: E402
from site_runner import Tap  # noqa: E402

MODULES = ROOT / "web" / "node_modules"
REAL = ROOT.parent / "shared" / "data" / "maps" / "inputs"


def by_report(report):
    counts = {}
    for layer in report["layers"]:
        for zoom in layer["zooms"]:
            if zoom["instances"]:
                counts[zoom["zoom"], layer["name"]] = zoom["instances"]
    return counts


def by_python(path):
    counts, tiles = collections.Counter(), 0
    for zoom, _, _, data in Archive(path).tiles():
        tiles += 1
        for name, features in read_tile(data).items():
            counts[zoom, name] += len(features)
    return dict(counts), tiles


def by_npm(path):
    script = pathlib.Path(__file__).parent / "readers.mjs"
    done = subprocess.run(["node", str(script), str(path), str(MODULES)], capture_output=True, timeout=600, check=True)
    answer = json.loads(done.stdout)
    counts = {(int(zoom), name): count for zoom, layers in answer["zooms"].items() for name, count in layers.items()}
    return counts, answer


def by_tippecanoe(path):
    done = subprocess.run(["tippecanoe-decode", "-c", str(path)], capture_output=True, timeout=600, check=True)
    return sum(line.startswith(b'{ "type": "Feature"') or line.startswith(b'{"type":"Feature"') for line in done.stdout.splitlines())


def check(tap, what, out, words):
    report = json.loads(tocsin_map("build", "--quiet", "--report", "-", "-o", out, *words).stdout)
    expected = by_report(report)
    python, tiles = by_python(out)
    npm, answer = by_npm(out)
    tap.check(python == expected and tiles == report["tiles"], f"{what}: {tiles} tiles, {sum(expected.values())} features as reported")
    tap.check(npm == expected, f"{what}: npm pmtiles and vector-tile find the same", f"{npm} {expected}"[:300])
    tap.check(answer["tiles"] == tiles == answer["addressed"], f"{what}: every tile has its address", str(answer["tiles"]))
    tap.check(answer["geometries"] == sum(expected.values()), f"{what}: every geometry becomes GeoJSON")
    tap.check(answer["layers"] == sorted({name for _, name in expected}), f"{what}: the metadata names the layers")
    if shutil.which("tippecanoe-decode"):
        tap.check(by_tippecanoe(out) == sum(expected.values()), f"{what}: tippecanoe-decode finds as many")


def hard_cases():
    """What is seldom in a town: holes, multi-geometries, the antimeridian, poles, no properties, every kind of value."""
    def feature(kind, coordinates, properties=None, **more):
        return json.dumps({"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties, **more})

    square = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    hole = [[2, 2], [2, 8], [8, 8], [8, 2], [2, 2]]
    return "\n".join([
        feature("Polygon", [square, hole], {"text": "ü", "whole": -7, "real": 0.1, "yes": True, "huge": 2 ** 63}),
        feature("MultiPolygon", [[square], [[[20, 0], [30, 0], [30, 10], [20, 0]]]]),
        feature("LineString", [[170, 10, 5], [190, -10, 6]], {"around": "the globe"}, id=7),
        feature("MultiPoint", [[-179.9999, 0], [179.9999, 1], [0, 85.06]], {"n": None}),
        feature("Polygon", [[[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]]], {"world": 1}),
        feature("MultiLineString", [[[0, 0], [1, 1]], [[2, 2], [3, 3]]], {"list": [1, {"a": 2}]}, id="way/7"),
    ]) + "\n"


def main():
    tap = Tap()
    if not (MODULES / "pmtiles").is_dir() or not (MODULES / "@mapbox" / "vector-tile").is_dir() or not shutil.which("node"):
        print("1..0 # SKIP pmtiles and @mapbox/vector-tile are not in web/node_modules")
        return 77
    with tempfile.TemporaryDirectory(prefix="tocsin-readers-") as name:
        folder = pathlib.Path(name)
        town = folder / "town"
        make_town(town)
        out = folder / "out.pmtiles"
        layers = [f"{layer}:{town / layer}.geojson" for layer in ("wards", "streets", "areas", "places")]
        check(tap, "the town with its incidents", out, [*layers, f"incidents:{town / 'incidents.csv'}"])
        tocsin_map("anonymise", "-o", town / "cells.geojson", "--rules", town / "anonymise.ini", "--now", "2026-11-25T00:00:00Z",
                   town / "incidents.csv")
        check(tap, "the town in cells", out, ["--keep-all", *layers, f"incidents:{town / 'cells.geojson'}"])
        (folder / "hard.geojsonl").write_text(hard_cases())
        check(tap, "hard cases", out, ["--maxzoom", "6", f"hard:{folder / 'hard.geojsonl'}"])
        for real in ("kochi_wards", "osm_streets", "osm_areas"):
            path = REAL / f"{real}.geojsonl"
            if path.exists():
                check(tap, real, out, ["--maxzoom", "12", f"{real}:{path}"])
    return tap.done()


sys.exit(main())
