#!/usr/bin/env python3
"""Makes up a town for the demo and the tests: the same bytes for the same arguments, on every machine.

usage: tools/make-town.py FOLDER [--incidents N] [--first YYYY-MM] [--months N] [--seed N]
       (defaults: 20000 incidents, 8 months from 2026-03 on, seed 1)

Nothing in it is real; it lies where a city on a coast might. Written into FOLDER (made when missing):
  wards.geojson      12 polygons that share their borders exactly: name, ward
  streets.geojson    460 lines: name, class (primary, secondary, residential, lane)
  areas.geojson      polygons: name, kind (water, park)
  places.geojson     points: name, kind (school, hospital, park, station, market, ...)
  addresses.csv      premises: premise, street, number, longitude, latitude
  incidents.csv      id, time, category, premise, longitude, latitude, severity, protected, note
  town.json          what a test must know: bounds, months, categories, the house of fifty calls
  anonymise.ini      rules for `tocsin-map anonymise`
  public.ini         layers of the public archive, private.ini those of the field units' archive

Each incident's id and note, and each premise, contain a marker (ZQI, ZQN, ZQP) that may never be found in anything public.
Hotspots, premises with repeated calls, one house on the outskirts with fifty calls, sensitive categories, incidents with a
protected victim in ordinary categories, and junctions without a premise are all in there. Whole numbers only.
"""
import argparse
import csv
import datetime
import json
import pathlib

WEST, SOUTH = 76240000, 9930000  # millionths of a degree
BLOCK, BLOCKS = 3300, 24  # about 360 m
PUBLIC = (("theft", 26), ("burglary", 9), ("vandalism", 12), ("noise", 14), ("traffic_accident", 15), ("fire", 4),
          ("disorder", 11), ("vehicle_crime", 9), ("robbery", 4), ("flooding", 3))
SENSITIVE = (("domestic_violence", 4), ("sexual_offence", 1), ("child_protection", 1), ("suicide", 1))
WARDS = ("Harbour", "Old Town", "Mill", "Lighthouse", "Market", "Temple Hill", "Station", "Canal", "Palm Grove", "Fort",
         "Lake", "Quarry")
WORDS = ("Anchor", "Banyan", "Cedar", "Dhow", "Eagle", "Fern", "Garnet", "Heron", "Indigo", "Jasmine", "Kite", "Lotus",
         "Mango", "Neem", "Orchid", "Pepper", "Quartz", "River", "Saffron", "Teak", "Umber", "Velvet", "Willow", "Yarrow",
         "Zephyr")
HOTSPOTS = ((12, 12), (10, 13), (6, 12), (15, 9), (12, 18), (18, 15), (8, 7))
HOUSE_BLOCK = (22, 1)  # the house of fifty calls


class Dice:
    """A linear congruential generator: the same everywhere."""

    def __init__(self, seed):
        self.state = seed & 0xFFFFFFFFFFFFFFFF

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self.state >> 33) % limit

    def pick(self, weighted):
        number = self.below(sum(weight for _, weight in weighted))
        for name, weight in weighted:
            if number < weight:
                return name
            number -= weight
        raise AssertionError


def degrees(millionths):
    return f"{'-' if millionths < 0 else ''}{abs(millionths) // 1000000}.{abs(millionths) % 1000000:06d}"


class Raw(float):
    """A number that JSON writes as it was written here."""

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __repr__(self):
        return self.text


def place(point):
    return [Raw(degrees(point[0])), Raw(degrees(point[1]))]


def feature(kind, coordinates, properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def write_features(path, features):
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[\n')
        out.write(",\n".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in features))
        out.write("\n]}\n")


class Town:
    def __init__(self, seed):
        self.dice = Dice(seed)
        span = range(BLOCKS + 1)
        self.nodes = [[(WEST + i * BLOCK + self.dice.below(1000) - 500, SOUTH + j * BLOCK + self.dice.below(1000) - 500)
                       for j in span] for i in span]
        self.lanes = []
        self.addresses = []  # (premise, street, number, (longitude, latitude), block)
        self.by_block = {}

    @staticmethod
    def street_name(line, north):
        return f"{WORDS[line % len(WORDS)]} {'Road' if north else 'Street'}"

    @staticmethod
    def street_class(line):
        return "primary" if line % 6 == 0 else "secondary" if line % 3 == 0 else "residential"

    def streets(self):
        for north in (True, False):
            for line in range(BLOCKS + 1):
                for begin in range(0, BLOCKS, 4):
                    row = [self.nodes[line][k] if north else self.nodes[k][line] for k in range(begin, begin + 5)]
                    yield feature("LineString", [place(point) for point in row],
                                  {"name": self.street_name(line, north), "class": self.street_class(line)})
        for i, j in ((i, j) for i in range(BLOCKS) for j in range(BLOCKS)):
            if (i * 7 + j * 5) % 18 >= 5:
                continue
            west, east = self.nodes[i][j], self.nodes[i + 1][j]
            half = BLOCK // 3 + self.dice.below(BLOCK // 3)
            start = ((west[0] + east[0]) // 2, (west[1] + east[1]) // 2)
            points = [start, (start[0] + self.dice.below(200) - 100, start[1] + half // 2), (start[0], start[1] + half)]
            yield feature("LineString", [place(point) for point in points],
                          {"name": f"{WORDS[(i + j) % len(WORDS)]} Lane {i * BLOCKS + j + 1}", "class": "lane"})

    def wards(self):
        for number, name in enumerate(WARDS):
            i0, j0 = number % 4 * 6, number // 4 * 8
            i1, j1 = i0 + 6, j0 + 8
            ring = [self.nodes[i][j0] for i in range(i0, i1)] + [self.nodes[i1][j] for j in range(j0, j1)]
            ring += [self.nodes[i][j1] for i in range(i1, i0, -1)] + [self.nodes[i0][j] for j in range(j1, j0, -1)]
            yield feature("Polygon", [[place(point) for point in ring + ring[:1]]], {"name": name, "ward": number + 1})

    def inner(self, i0, j0, i1, j1):
        """A rectangle of blocks, a little within its streets."""
        a, b, c, d = self.nodes[i0][j0], self.nodes[i1][j0], self.nodes[i1][j1], self.nodes[i0][j1]
        ring = [(a[0] + 300, a[1] + 300), (b[0] - 300, b[1] + 300), (c[0] - 300, c[1] - 300), (d[0] + 300, d[1] - 300)]
        return [[place(point) for point in ring + ring[:1]]]

    def areas(self):
        sea = [(WEST - 9000, SOUTH - 4000), (WEST - 1500, SOUTH - 4000)]
        sea += [(WEST - 1500 + self.dice.below(900), SOUTH + j * BLOCK) for j in range(BLOCKS + 1)]
        sea += [(WEST - 9000, SOUTH + BLOCKS * BLOCK)]
        yield feature("Polygon", [[place(point) for point in sea + sea[:1]]], {"name": "The Sea", "kind": "water"})
        yield feature("Polygon", self.inner(19, 3, 21, 5), {"name": "Quarry Lake", "kind": "water"})
        for number, (i, j) in enumerate(self.parks()):
            yield feature("Polygon", self.inner(i, j, i + 1, j + 1), {"name": f"{WORDS[number * 3]} Park", "kind": "park"})

    @staticmethod
    def parks():
        return ((3, 4), (9, 15), (14, 5), (17, 20), (5, 19), (20, 11), (11, 9), (2, 12))

    def places(self):
        spots = [("hospital", "Town Hospital", 13, 14), ("hospital", "Harbour Clinic", 4, 8), ("station", "Central Station", 6, 12),
                 ("market", "Great Market", 12, 12), ("town_hall", "Town Hall", 11, 12), ("police", "Police Station", 12, 10),
                 ("fire_station", "Fire Station", 9, 10), ("port", "Fishing Port", 1, 14)]
        spots += [("school", f"{WORDS[k * 2 % len(WORDS)]} School", 1 + k * 5 % 22, 1 + k * 7 % 22) for k in range(14)]
        spots += [("park", f"{WORDS[number * 3]} Park", i, j) for number, (i, j) in enumerate(self.parks())]
        for kind, name, i, j in spots:
            x, y = self.nodes[i][j]
            yield feature("Point", place((x + BLOCK // 2, y + BLOCK // 2)), {"name": name, "kind": kind})

    def settle(self):
        """Premises along the streets: many in the middle, few at the edge."""
        for i in range(BLOCKS):
            for j in range(BLOCKS):
                far = max(abs(2 * i + 1 - BLOCKS), abs(2 * j + 1 - BLOCKS))  # 1 to 23
                count = 3 if (i, j) == HOUSE_BLOCK else 0 if (i, j) in self.parks() else 2 + (24 - far) * (24 - far) // 9
                for _ in range(count):
                    self.add_address(i, j)

    def add_address(self, i, j):
        north = self.dice.below(2) == 1
        a = self.nodes[i][j]
        b = self.nodes[i][j + 1] if north else self.nodes[i + 1][j]
        t = 1 + self.dice.below(98)
        off = 150 + self.dice.below(250)
        at = (a[0] + (b[0] - a[0]) * t // 100 + (off if north else 0), a[1] + (b[1] - a[1]) * t // 100 + (0 if north else off))
        number = len(self.addresses) + 1
        premise = f"ZQP{number * 7919 % 99991:05d}"
        row = (premise, self.street_name(i if north else j, north), (j if north else i) * 100 + t, at, (i, j))
        self.addresses.append(row)
        self.by_block.setdefault((i, j), []).append(row)


class Log:
    """The incidents of a town."""

    def __init__(self, town, first, months):
        self.town, self.dice = town, town.dice
        self.begin = datetime.datetime(*first, 1, tzinfo=datetime.timezone.utc)
        year, month = first[0] + (first[1] - 1 + months) // 12, (first[1] - 1 + months) % 12 + 1
        self.seconds = int((datetime.datetime(year, month, 1, tzinfo=datetime.timezone.utc) - self.begin).total_seconds())
        self.regulars = [self.anyone() for _ in range(40)]
        self.rows = []  # (second, category, premise, point, severity, protected)

    def anyone(self):
        return self.town.addresses[self.dice.below(len(self.town.addresses))]

    def at_hotspot(self):
        i, j = HOTSPOTS[min(self.dice.below(len(HOTSPOTS)), self.dice.below(len(HOTSPOTS)))]
        block = self.town.by_block[i + self.dice.below(2), j + self.dice.below(2)]
        return block[self.dice.below(len(block))]

    def where(self, category):
        if category == "traffic_accident" or self.dice.below(100) < 5:
            return "", self.town.nodes[1 + self.dice.below(BLOCKS - 1)][1 + self.dice.below(BLOCKS - 1)]
        chance = self.dice.below(100)
        row = self.at_hotspot() if chance < 35 else self.regulars[self.dice.below(40)] if chance < 38 else self.anyone()
        return row[0], row[3]

    def add(self, count):
        for _ in range(count):
            category = self.dice.pick(PUBLIC + SENSITIVE)
            premise, point = self.where(category)
            protected = category in ("theft", "disorder", "robbery") and self.dice.below(40) == 0
            self.rows.append((self.dice.below(self.seconds), category, premise, point, 1 + self.dice.below(5), protected))

    def add_house(self, row):
        for call in range(50):
            self.rows.append((self.dice.below(self.seconds), ("noise", "disorder")[call % 2], row[0], row[3], 2, False))

    def write(self, path):
        self.rows.sort()
        with open(path, "w", encoding="utf-8", newline="") as out:
            table = csv.writer(out, lineterminator="\n")
            table.writerow(("id", "time", "category", "premise", "longitude", "latitude", "severity", "protected", "note"))
            for number, (second, category, premise, point, severity, protected) in enumerate(self.rows, 1):
                time = (self.begin + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
                note = f'ZQN{number * 7 % 1000003:07d} caller "{WORDS[number % 25]}", phone 0{number * 104729 % 10 ** 9:09d}'
                table.writerow((f"ZQI{number:07d}", time, category, premise, degrees(point[0]), degrees(point[1]), severity,
                                "yes" if protected else "", note))


RULES = """# What may leave: see docs/protocols/map.md. An unlisted category never does.
[rule]
categories = {categories}

[columns]
time = time
category = category
premise = premise
protected = protected
"""

PUBLIC_LAYERS = """# The public archive: cells instead of incidents. incidents.geojson is what `tocsin-map anonymise` wrote.
[archive]
name = A made-up town
description = Wards, streets and incident cells; fewer than 5 premises are never shown
attribution = Made up by tools/make-town.py

[layer wards]
input = wards.geojson
attributes = name, ward

[layer areas]
input = areas.geojson
attributes = name, kind

[layer streets]
input = streets.geojson
attributes = name, class
minzoom = 8

[layer places]
input = places.geojson
attributes = name, kind
minzoom = 10

[layer incidents]
input = incidents.geojson
attributes = category, period, count, zoom
keep_all = true
"""

PRIVATE_LAYERS = PUBLIC_LAYERS.replace("public archive: cells instead of incidents", "field units' archive: NEVER PUBLIC").replace(
    "incidents.geojson is what `tocsin-map anonymise` wrote.", "Exact places, some attributes.").replace(
    "incident cells; fewer than 5 premises are never shown", "exact incidents: for field units, never public").replace(
    "incidents.geojson\nattributes = category, period, count, zoom", "incidents.csv\nattributes = time, category, severity").replace(
    "[archive]\n", "[archive]\nprivate = yes\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--incidents", type=int, default=20000)
    parser.add_argument("--first", default="2026-03")
    parser.add_argument("--months", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    wish.folder.mkdir(parents=True, exist_ok=True)
    town = Town(wish.seed)
    for name in ("wards", "streets", "areas", "places"):
        write_features(wish.folder / f"{name}.geojson", getattr(town, name)())
    town.settle()
    with open(wish.folder / "addresses.csv", "w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(("premise", "street", "number", "longitude", "latitude"))
        table.writerows((row[0], row[1], row[2], degrees(row[3][0]), degrees(row[3][1])) for row in town.addresses)
    log = Log(town, tuple(int(part) for part in wish.first.split("-")), wish.months)
    house = town.by_block[HOUSE_BLOCK][0]
    log.add_house(house)
    log.add(max(0, wish.incidents - 50))
    log.write(wish.folder / "incidents.csv")
    facts = {"bounds": [place((WEST - 9000, SOUTH - 4000)), place((WEST + (BLOCKS + 1) * BLOCK, SOUTH + (BLOCKS + 1) * BLOCK))],
             "first_month": wish.first, "months": wish.months, "public_categories": [name for name, _ in PUBLIC],
             "sensitive_categories": [name for name, _ in SENSITIVE], "markers": ["ZQI", "ZQN", "ZQP"],
             "house": {"premise": house[0], "longitude": degrees(house[3][0]), "latitude": degrees(house[3][1]), "calls": 50}}
    (wish.folder / "town.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    rules = RULES.format(categories=", ".join(name for name, _ in PUBLIC))
    for name, text in (("anonymise", rules), ("public", PUBLIC_LAYERS), ("private", PRIVATE_LAYERS)):
        (wish.folder / f"{name}.ini").write_text(text, encoding="utf-8")


main()
