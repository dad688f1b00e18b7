#!/usr/bin/env python3
"""The site's own events on the map: read out of a running control's encrypted database, placed, built, and anonymised."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import DEVICE, Rig  # noqa: E402
from map_rig import BUILD, Archive, read_tile, tocsin_map  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402


def events(rig, *words, key=None):
    environment = {**os.environ, "TOCSIN_DATABASE_KEY": key or rig.secrets["TOCSIN_DATABASE_KEY"]}
    command = [str(BUILD / "tocsin-map"), "events", "-o", rig.path("events.geojsonl"), "--database", rig.path("state", "control.db"),
               "--places", rig.path("places.csv"), *words]
    return subprocess.run(command, capture_output=True, timeout=60, env=environment)


def lines(rig):
    return [json.loads(line) for line in pathlib.Path(rig.path("events.geojsonl")).read_text().splitlines()]


def run(tap, rig):
    rig.publish_status()
    ids = [rig.publish_event() for _ in range(7)]

    def all_there():
        done = events(rig)
        return done.returncode == 0 and len(lines(rig)) == len(ids) and done

    pathlib.Path(rig.path("places.csv")).write_text(f"name,longitude,latitude\n{DEVICE},76.25,9.95\nother,76.5,9.9\n")
    done = wait_for(all_there, 20, "seven events in control's database", 0.2)
    found = lines(rig)
    tap.check({line["properties"]["event"] for line in found} == set(ids), "a running control's events are read")
    tap.check(b"7 events; 0 left out" in done.stderr, "and counted", done.stderr.decode())
    about = found[0]["properties"]
    tap.check(about["category"] == "person" and about["device"] == DEVICE and about["camera"] == "gate" and about["count"] == 2, "with what they say",
              str(about))
    near = [abs(a - b) < 1e-6 for a, b in zip(found[0]["geometry"]["coordinates"], (76.25, 9.95))]
    tap.check(all(near), "at their device's place")
    tap.check(os.stat(rig.path("events.geojsonl")).st_mode & 0o777 == 0o600, "for nobody else to read")
    with open(rig.path("places.csv"), "a", encoding="ascii") as file:
        file.write(f"{DEVICE}/gate,76.26,9.96\n")
    tap.check(events(rig).returncode == 0 and abs(lines(rig)[0]["geometry"]["coordinates"][0] - 76.26) < 1e-6, "a camera's own place goes before")
    tap.check(events(rig, "--since", "2100-01-01T00:00:00Z").returncode == 0 and not lines(rig), "--since leaves older ones out")
    events(rig)

    archive = rig.path("events.pmtiles")
    tocsin_map("build", "--quiet", "-o", archive, f"events:{rig.path('events.geojsonl')}")
    tocsin_map("verify", archive)
    held = [feature for zoom, *_, data in Archive(archive).tiles() if zoom == 14 for feature in read_tile(data)["events"]]
    tap.check({feature["properties"]["event"] for feature in held} == set(ids), "build shows them")
    cells = rig.path("cells.geojson")
    done = tocsin_map("anonymise", "-o", cells, "--set", "rule.categories=person", "--set", "columns.premise=premise", "--now", "2100-01-01T00:00:00Z",
                      "--report", "-", rig.path("events.geojsonl"))
    report = json.loads(done.stdout)
    tap.check(report["taken"] == 7 and report["cells"] == 0 and report["months"]["suppressed"] == 7, "one camera's events are no cell, however many",
              str(report))

    pathlib.Path(rig.path("places.csv")).write_text("name,longitude,latitude\nother,76.5,9.9\n")
    done = events(rig)
    tap.check(done.returncode == 0 and b"0 events; 7 left out" in done.stderr, "what has no place is counted", done.stderr.decode())
    done = events(rig, key="00" * 32)
    tap.check(done.returncode == 1 and b"TOCSIN" not in done.stdout, "another key opens nothing", done.stderr.decode())
    os.rename(rig.path("places.csv"), rig.path("gone.csv"))
    tap.check(events(rig).returncode == 1, "no places: refused")
    os.rename(rig.path("gone.csv"), rig.path("places.csv"))
    done = events(rig, "--database", rig.path("absent.db"))
    tap.check(done.returncode == 1 and b"absent.db" in done.stderr and not os.path.exists(rig.path("absent.db")), "no database: refused, and none is made")


def main():
    tap = Tap()
    with Rig() as rig:
        run(tap, rig)
    return tap.done()


sys.exit(main())
