#!/usr/bin/env python3
"""An attack on the finished public archive, by somebody who has the raw incidents to check the guesses against.

Every tile of every zoom is decoded by a reader of our own; every point is linked back to the incidents behind it. The same attack
must find what is wrong with archives that were made wrongly on purpose: a test that cannot fail would say nothing.
"""

import collections
import csv
import json
import math
import os
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from map_rig import EXTENT, Archive, make_town, read_tile, tocsin_map  # noqa: E402
from site_runner import Tap  # noqa: E402

PREMISES = STEP = 5
FINEST, COARSEST = 17, 13
NOW = "2026-11-25T00:00:00Z"
ALLOWED = {"incidents": {"category", "period", "count", "zoom"}, "wards": {"name", "ward"}, "streets": {"name", "class"},
           "areas": {"name", "kind"}, "places": {"name", "kind"}}
LEAKS = re.compile(rb"ZQ[INP]\d+|\d{4}-\d\d-\d\dT\d\d:\d\d|caller|phone|protected|premise\b")
SECRET_WORDS = re.compile(rb"domestic|sexual|child|suicide", re.IGNORECASE)

Cell = collections.namedtuple("Cell", "category period count zoom x y")


class Raw:
    """The incidents, as whoever knows everything has them."""

    def __init__(self, folder, extra=()):
        self.town = json.loads((folder / "town.json").read_text())
        with open(folder / "incidents.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file)) + list(extra)
        public = set(self.town["public_categories"])
        self.by_cell = collections.defaultdict(list)
        for row in rows:
            if row["category"] not in public or row["protected"]:
                continue
            x, y = world(float(row["longitude"]), float(row["latitude"]))
            month = row["time"][:7]
            quarter = f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
            for zoom in range(COARSEST, FINEST + 1):
                place = (zoom, int(x * 2 ** zoom), int(y * 2 ** zoom))
                self.by_cell["all", month, *place].append(row)
                self.by_cell[row["category"], quarter, *place].append(row)

    def behind(self, cell):
        return self.by_cell.get((cell.category, cell.period, cell.zoom, cell.x, cell.y), [])


def world(longitude, latitude):
    """Web Mercator, 0 to 1."""
    sine = math.sin(math.radians(latitude))
    return longitude / 360 + 0.5, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def premises_of(rows):
    premises = {row["premise"] or (row["longitude"], row["latitude"]) for row in rows}
    return min(len(premises), len({(row["longitude"], row["latitude"]) for row in rows}))


class Attack:
    """Everything that is wrong with an archive, as sentences; and the cells that it shows."""

    def __init__(self, path, raw):
        self.raw, self.found, self.cells, self.fewest = raw, collections.Counter(), set(), None
        self.archive = Archive(path)
        self.points = []  # (tile zoom, global x, global y, category, period, count, zoom)
        self.hunt(self.archive.data, "the file")
        self.hunt(self.archive.metadata_text, "the metadata")
        for zoom, x, y, data in self.archive.tiles():
            self.hunt(data, f"a tile of zoom {zoom}")
            for name, features in read_tile(data).items():
                for feature in features:
                    self.look(name, feature, (zoom, x, y))
        self.locate()
        self.link()
        self.compare()

    def say(self, sentence):
        self.found[sentence] += 1

    def hunt(self, data, where):
        for pattern in (LEAKS, SECRET_WORDS):
            for marker in {match.group(0)[:3].decode() for match in pattern.finditer(data)}:
                self.say(f"marker {marker} in {where}")

    def look(self, name, feature, tile):
        if name not in ALLOWED or set(feature["properties"]) - ALLOWED[name]:
            self.say(f"attribute beyond the list in layer {name}")
        if feature["id"] is not None:
            self.say(f"id in layer {name}")
        if name != "incidents":
            return
        about = feature["properties"]
        if feature["kind"] != 1 or len(feature["vertices"]) != 1 or set(about) != ALLOWED[name]:
            self.say("a feature that is no cell")
            return
        if about["count"] % STEP or about["count"] < PREMISES:
            self.say("count not rounded")
        (x, y), (zoom, column, row) = feature["vertices"][0], tile
        self.points.append((zoom, column * EXTENT + x, row * EXTENT + y, about["category"], about["period"], about["count"],
                            about["zoom"]))

    def locate(self):
        """At the last zoom a cell's middle is a whole step; at lower ones it is the rounded middle of such a cell."""
        last = self.archive.max_zoom
        shown = collections.defaultdict(set)
        for zoom, x, y, category, period, count, cell_zoom in (point for point in self.points if point[0] == last):
            half = 2 ** (last + 12 - cell_zoom - 1)
            if cell_zoom not in range(COARSEST, FINEST + 1) or x % (2 * half) != half or y % (2 * half) != half:
                self.say("a point that is no middle of a cell")
                continue
            self.cells.add(Cell(category, period, count, cell_zoom, x // (2 * half), y // (2 * half)))
            for lower in range(last + 1):
                steps = [2.0 ** (lower - last) * value for value in (x, y)]
                for rounded in {(round_(steps[0], a), round_(steps[1], b)) for a in (0, 1) for b in (0, 1)}:
                    shown[lower].add((*rounded, category, period, count, cell_zoom))
        for zoom, *point in self.points:
            if zoom != last and tuple(point) not in shown[zoom]:
                self.say("a point at a lower zoom that is none of the last zoom's cells")

    def link(self):
        for cell in self.cells:
            rows = self.raw.behind(cell)
            premises = premises_of(rows)
            self.fewest = premises if self.fewest is None else min(self.fewest, premises)
            if premises < PREMISES:
                self.say("a cell with too few premises")
            house = self.raw.town["house"]["premise"]
            if rows and all(row["premise"] == house for row in rows):
                self.say("the house of fifty calls, alone")
            if rows and abs(len(rows) - cell.count) > STEP / 2:
                self.say("a count that is not the rounded one")

    def compare(self):
        """No cell lies within another of the same category and period."""
        taken = {(cell.category, cell.period, cell.zoom, cell.x, cell.y) for cell in self.cells}
        if len(taken) != len(self.cells):
            self.say("a cell twice")
        for category, period, zoom, x, y in taken:
            for up in range(1, zoom - COARSEST + 1):
                if (category, period, zoom - up, x >> up, y >> up) in taken:
                    self.say("a cell within a cell")


def round_(value, up):
    """Both neighbours where the value is half-way, else the nearest."""
    down = math.floor(value)
    return down + (up if value - down == 0.5 else value - down > 0.5)


class Rig:
    def __init__(self, folder):
        self.folder = folder
        make_town(folder)

    def release(self, name, *words, incidents="incidents.csv", now=NOW):
        out = self.folder / name
        tocsin_map("anonymise", "-o", out, "--rules", self.folder / "anonymise.ini", "--addresses", self.folder / "addresses.csv",
                   "--now", now, *words, self.folder / incidents)
        return out

    def archive(self, cells):
        out = self.folder / "town.pmtiles"
        tocsin_map("build", "--quiet", "--keep-all", "-o", out, f"incidents:{cells}",
                   *(f"{layer}:{self.folder / layer}.geojson" for layer in ("wards", "streets", "areas", "places")))
        tocsin_map("verify", out)
        return out


OVERRIDE = ("--set", "override.reason=made wrongly on purpose, for a test", "--set", "override.by=the test")


def test_public(tap, rig, raw):
    attack = Attack(rig.archive(rig.release("cells.geojson")), raw)
    tap.check(not attack.found, "the public archive tells nothing", dict(attack.found))
    tap.check(len(attack.cells) > 1000 and attack.archive.min_zoom == 0 and attack.archive.max_zoom == 14,
              f"{len(attack.cells)} cells, in {len(attack.points)} points of all zooms, were linked to raw incidents")
    tap.check(attack.fewest >= PREMISES, f"the fewest premises behind a cell: {attack.fewest}")
    zooms = collections.Counter(cell.zoom for cell in attack.cells)
    tap.check(zooms[17] > 100 and zooms[13] > 10, f"cells by zoom: {dict(sorted(zooms.items()))}")
    about = attack.archive.metadata["anonymised"]["incidents"]
    tap.check(about["rule"]["premises"] == PREMISES and "override" not in about["rule"] and len(about["periods"]) == 11, "the archive says by which rule",
              str(about)[:300])
    release = (rig.folder / "cells.geojson").read_bytes()
    tap.check(not LEAKS.search(release), "nor does the release itself contain a marker")


def forged(rig, cells):
    """The release with one more cell: the house of fifty calls, by itself."""
    house = json.loads((rig.folder / "town.json").read_text())["house"]
    x, y = (int(value * 2 ** 17) for value in world(float(house["longitude"]), float(house["latitude"])))
    longitude = (x + 0.5) / 2 ** 17 * 360 - 180
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + 0.5) / 2 ** 17))))
    line = {"type": "Feature", "properties": {"category": "noise", "period": "2026-Q2", "count": 10, "zoom": 17},
            "geometry": {"type": "Point", "coordinates": [longitude, latitude]}}
    out = rig.folder / "forged.geojson"
    out.write_text(cells.read_text().replace("\n]}", ",\n" + json.dumps(line) + "\n]}"))
    return out


def test_that_it_can_fail(tap, rig, raw):
    """Archives that are wrong in one way each: the attack names it."""
    with_ids = rig.folder / "ids.geojson"
    number = iter(range(1, 1 << 30))
    text = (rig.folder / "cells.geojson").read_text()
    with_ids.write_text(re.sub(r'"Feature",', lambda _: f'"Feature","id":{next(number)},', text))
    moved = rig.folder / "moved.geojson"
    moved.write_text(re.sub(r'"coordinates":\[(\d+\.\d)', r'"coordinates":[\g<1>7', text))
    cases = [
        ("raw incidents", rig.folder / "incidents.csv",
         ["marker ZQN in a tile", "marker ZQI in a tile", "attribute beyond the list", "a feature that is no cell"]),
        ("cells of two premises", rig.release("two.geojson", "--set", "rule.premises=2", *OVERRIDE), ["too few premises"]),
        ("counts that are not rounded", rig.release("exact.geojson", "--set", "rule.round=1", *OVERRIDE), ["count not rounded"]),
        ("cells too small", rig.release("small.geojson", "--set", "rule.finest=19", *OVERRIDE), ["no middle of a cell"]),
        ("the house of fifty calls", forged(rig, rig.folder / "cells.geojson"), ["the house of fifty calls, alone"]),
        ("ids", with_ids, ["id in layer incidents"]),
        ("points beside the middle", moved, ["no middle of a cell"]),
    ]
    for what, cells, expected in cases:
        found = Attack(rig.archive(cells), raw).found
        missing = [part for part in expected if not any(part in sentence for sentence in found)]
        tap.check(not missing, f"the attack finds: {what}", f"not found: {missing} in {dict(found)}")


def late(rig):
    """The incidents, with some that became known after the release."""
    rows = (rig.folder / "incidents.csv").read_text(encoding="utf-8")
    extra = "".join(f'ZQI9{i:06d},2026-0{3 + i % 6}-15T12:00:00Z,theft,ZQP9{i % 300:04d},76.28{i % 300:03d},9.97{i % 250:03d},2,,"ZQN9 late"\n'
                    for i in range(1800))
    (rig.folder / "late.csv").write_text(rows + extra, encoding="utf-8")
    return "late.csv"


def cells_of(path):
    lines = [json.loads(line.rstrip(",")) for line in path.read_text().splitlines()[1:-1]]
    return {json.dumps(line, sort_keys=True) for line in lines}, {line["properties"]["period"] for line in lines}


def test_two_releases(tap, rig):
    first = rig.release("first.geojson", now="2026-09-03T00:00:00Z")
    before, periods = cells_of(first)
    shutil.copy(first, rig.folder / "second.geojson")
    after, later = cells_of(rig.release("second.geojson", incidents=late(rig)))
    common = {cell for cell in after if json.loads(cell)["properties"]["period"] in periods}
    tap.check(before == common, "two releases differ in no cell of a period that both contain", f"{len(before ^ common)} cells differ")
    tap.check(later - periods == {"2026-09", "2026-10", "2026-Q3"}, "and the second adds what is over since", str(later - periods))
    fresh, _ = cells_of(rig.release("second.geojson", "--fresh", incidents="late.csv"))
    tap.check(before - fresh, "made anew, they would differ", "the late incidents change nothing: a test that cannot fail")


def test_refusals(tap, rig):
    """A weaker rule, a sensitive category: only with a written reason, which the file then says."""
    def refused(*words):
        done = tocsin_map("anonymise", "-o", rig.folder / "no.geojson", "--rules", rig.folder / "anonymise.ini", *words,
                          rig.folder / "incidents.csv", check=False)
        return done.returncode == 1 and b"override" in done.stderr and not (rig.folder / "no.geojson").exists()

    for setting in ("rule.premises=4", "rule.round=1", "rule.finest=18", "rule.delay_hours=0", "rule.addresses=0",
                    "rule.categories=theft, domestic_violence"):
        tap.check(refused("--set", setting), f"{setting} is refused without a reason")
    out = rig.release("weak.geojson", "--set", "rule.premises=3", *OVERRIDE)
    head = json.loads(out.read_text().splitlines()[0] + "]}")
    tap.check(head["anonymised"]["rule"]["override"]["by"] == "the test", "with one, the release says so")
    said = Archive(rig.archive(out)).metadata["anonymised"]["incidents"]["rule"]["override"]
    tap.check(said["by"] == "the test" and "on purpose" in said["reason"], "and so does the archive that is built from it")
    one, other = rig.release("one.geojson"), rig.release("other.geojson")
    tap.check(one.read_bytes() == other.read_bytes(), "the same incidents and rule give the same bytes")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="tocsin-attack-") as name:
        rig = Rig(pathlib.Path(name))
        raw = Raw(rig.folder)
        test_public(tap, rig, raw)
        test_that_it_can_fail(tap, rig, raw)
        test_two_releases(tap, rig)
        test_refusals(tap, rig)
    return tap.done()


sys.exit(main())
