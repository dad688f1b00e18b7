#!/usr/bin/env python3
"""The layers file: what it asks for is what the archive has. The public archive and the private one differ by this file alone."""

import json
import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from map_rig import Archive, make_town, read_tile, tocsin_map  # noqa: E402
from site_runner import Tap  # noqa: E402


def contents(path):
    """{layer: (first zoom, last zoom, attribute names, values of class)} as the tiles have it."""
    found = {}
    for zoom, _, _, data in Archive(path).tiles():
        for name, features in read_tile(data).items():
            first, last, names, classes = found.get(name, (zoom, zoom, set(), set()))
            for feature in features:
                names |= set(feature["properties"])
                classes.add(feature["properties"].get("class"))
            found[name] = (min(first, zoom), max(last, zoom), names, classes)
    return found


def build(folder, text, *words, check=True):
    (folder / "layers.ini").write_text(text)
    return tocsin_map("build", "--layers", folder / "layers.ini", "-o", folder / "out.pmtiles", *words, check=check)


def test_town(tap, folder):
    tocsin_map("anonymise", "-o", folder / "incidents.geojson", "--rules", folder / "anonymise.ini", "--addresses",
               folder / "addresses.csv", "--now", "2026-11-25T00:00:00Z", folder / "incidents.csv")
    tocsin_map("build", "--quiet", "--layers", folder / "public.ini", "-o", folder / "public.pmtiles")
    tocsin_map("verify", folder / "public.pmtiles")
    public = contents(folder / "public.pmtiles")
    tap.check(public["incidents"][2] == {"category", "period", "count", "zoom"}, "the public archive has cells")
    tap.check(public["streets"][0] == 8 and public["places"][0] == 10, "layers begin at their zooms")
    about = Archive(folder / "public.pmtiles").metadata
    tap.check(about["attribution"] == "Made up by tools/make-town.py" and about["name"] == "A made-up town", "the metadata says whose")
    tocsin_map("build", "--quiet", "--layers", folder / "private.ini", "-o", folder / "private.pmtiles")
    private = contents(folder / "private.pmtiles")
    tap.check(private["incidents"][2] == {"time", "category", "severity"}, "the private archive has incidents, by its allow-list")
    data = b"".join(data for *_, data in Archive(folder / "private.pmtiles").tiles())
    tap.check(b"ZQN" not in data and b"ZQP" not in data and b"ZQI" not in data, "and neither note nor premise nor id")


def test_keys(tap, folder):
    done = build(folder, """
[archive]
minzoom = 5
maxzoom = 12
[layer main]
input = streets.geojson
where = class=primary|secondary
class = main
attributes = class
[layer small]
input = streets.geojson
where = class!=primary, class!=secondary
attributes = -
minzoom = 9
maxzoom = 10
keep_all = true
[layer all]
input = data
kind = points, polygons
ids = false
""", "--report", "-")
    report = {layer["name"]: layer for layer in json.loads(done.stdout)["layers"]}
    found = contents(folder / "out.pmtiles")
    tap.check(found["main"][:3] == (5, 12, {"class"}) and found["main"][3] == {"main"}, "where, class and attributes", str(found["main"]))
    tap.check(found["small"][:3] == (9, 10, set()), "zooms of one layer, no attributes", str(found["small"]))
    tap.check(report["main"]["features"] + report["small"]["features"] == report["main"]["read"] == 460, "each street is in one of the two")
    tap.check([zoom["zoom"] for zoom in report["small"]["zooms"]] == [9, 10], "the report counts a layer at its own zooms")
    tap.check(all(zoom["too_small"] + zoom["thinned"] == 0 for zoom in report["small"]["zooms"]), "keep_all of one layer")
    tap.check(report["all"]["not_picked"] == 460 and report["all"]["features"] > 7000, "a folder as a layer, by kind", str(report["all"])[:200])


def test_refusals(tap, folder):
    cases = [
        ("[layer a]\ninput = absent.geojson\n", b"absent.geojson"),
        ("[layer a]\nminzoom = 3\n", b"input must be set"),
        ("[archive]\nmaxzoom = 5\n", b"names no [layer"),
        ("[archive]\nmaxzoom = 5\n[layer a]\ninput = wards.geojson\nminzoom = 6\n", b"not in order"),
        ("[layer a]\ninput = wards.geojson\nkind = circles\n", b"points, lines, polygons"),
        ("[layer a]\ninput = wards.geojson\nwhere = =x\n", b"no condition"),
        ("[layer a]\ninput = wards.geojson\ncolour = red\n", b"colour"),
        ("[layer a]\ninput = wards.geojson\nminzoom = 21\n", b"from -1 to 20"),
    ]
    before = (folder / "out.pmtiles").read_bytes()
    for text, reason in cases:
        done = build(folder, text, check=False)
        tap.check(done.returncode != 0 and reason in done.stderr, f"refused, with the reason: {reason.decode()}",
                  done.stderr.decode()[:200])
    tap.check((folder / "out.pmtiles").read_bytes() == before, "and the archive that was there stays")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="tocsin-layers-") as name:
        folder = pathlib.Path(name)
        town = folder / "town"
        make_town(town)
        test_town(tap, town)
        data = town / "data"
        data.mkdir()
        for file in ("streets.geojson", "wards.geojson", "addresses.csv"):
            shutil.copy(town / file, data / file)
        test_keys(tap, town)
        test_refusals(tap, town)
    return tap.done()


sys.exit(main())
