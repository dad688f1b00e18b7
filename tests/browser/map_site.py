#!/usr/bin/env python3
"""The map page in a real Chromium, with a made-up town: anonymised, built and served by tocsin-map, shown by control.

Starts all of it, plays three edges, and runs map.mjs, which asks for what a browser cannot do (stop a server, start it
again) with lines that begin with "!" and waits for "done".
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from control_rig import ONE_TIME, PASSWORD, Rig  # noqa: E402
from edge_rig import free_port, port_open  # noqa: E402
from map_rig import BUILD, ROOT, make_town, tocsin_map  # noqa: E402
from site_runner import wait_for  # noqa: E402

TOKEN = "the token of a field archive that is nobody's"

# Within the made-up town: its market, its harbour, its station.
ZONES = {
    "market": ("Great Market", "9.9640,76.2745 9.9645,76.2862 9.9738,76.2855 9.9741,76.2757"),
    "harbour": ("Harbour front", "9.9480,76.2412 9.9482,76.2535 9.9790,76.2530 9.9792,76.2408"),
    "lake": ("Quarry Lake", "9.9385,76.3015 9.9385,76.3110 9.9475,76.3110 9.9475,76.3015"),
}
EDGES = {
    "edge-market-1": ("market", 9.9692, 76.2795, (("arcade", "online"), ("fountain", "online"))),
    "edge-market-2": ("market", 9.9722, 76.2838, ()),
    "edge-harbour-1": ("harbour", 9.9635, 76.2478, (("quay", "stalled"),)),
    "edge-lake-1": ("lake", None, None, ()),
}


def build_town(folder):
    """The public archive of the made-up town."""
    town = folder / "town"
    make_town(town, "--incidents", "20000")
    tocsin_map("anonymise", "-o", town / "incidents.geojson", "--rules", town / "anonymise.ini", "--addresses", town / "addresses.csv",
               "--now", "2026-11-20T00:00:00Z", "--quiet", town / "incidents.csv")  # fmt: skip
    layers = [f"{name}:{town / name}.geojson" for name in ("wards", "areas", "streets", "places", "incidents")]
    tocsin_map("build", "-o", folder / "town.pmtiles", "--quiet", *layers)
    return folder / "town.pmtiles"


def build_field(folder):
    """The exact archive of the field units: never public."""
    tocsin_map("build", "-o", folder / "field.pmtiles", "--quiet", "--layers", folder / "town" / "private.ini")


class Map:
    """tocsin-map serve, on a port that stays the same."""

    def __init__(self, folder):
        self.folder, self.port, self.process, self.page = folder, free_port(), None, "*"

    def start(self):
        keys = {"archive town.file": self.folder / "town.pmtiles", "archive field.file": self.folder / "field.pmtiles", "archive field.private": "yes",
                "http.port": self.port, "http.private_origin": self.page, "metrics.port": 0, "log.level": "warning"}  # fmt: skip
        words = [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]
        self.process = subprocess.Popen([str(BUILD / "tocsin-map"), "serve", *words], env={**os.environ, "TOCSIN_MAP_TOKEN": TOKEN})
        wait_for(lambda: port_open(self.port), 10, "tocsin-map serve")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)


def options(server):
    keys = {"web.folder": ROOT / "web" / "dist", "map.url": f"http://127.0.0.1:{server.port}/", "map.exact_url": f"http://127.0.0.1:{server.port}/field.pmtiles"}
    for zone, (title, area) in ZONES.items():
        keys |= {f"zone {zone}.title": title, f"zone {zone}.area": area}
    for name, (_, latitude, longitude, _) in EDGES.items():
        if latitude:
            keys |= {f"place {name}.latitude": latitude, f"place {name}.longitude": longitude}
    return keys


def prepare(rig, server):
    """A site where people work: a password, four devices, one alert."""
    rig.token = rig.sign_in(ONE_TIME).json["access_token"]
    rig.ask("POST", "/auth/password", {"current": ONE_TIME, "new": PASSWORD})
    rig.invite("vera", "viewer")
    for name, (zone, _, _, cameras) in EDGES.items():
        rig.tocsin("ca", "issue", "edge", name, "--dir", rig.path("ca"), "--out", rig.folder, "--host", "127.0.0.1")
        rig.publish_status(device=name, zone=zone, cameras=cameras)
    wait_for(lambda: len(rig.ask("GET", "/api/devices").json["devices"]) == len(EDGES), 20, "the devices")
    alert = {"tier": "warning", "texts": [{"language": "en", "text": "Market closed, use Anchor Road"}], "duration_s": 300,
             "targets": {"zones": ["market"], "devices": [], "broadcast": False}}  # fmt: skip
    if rig.ask("POST", "/api/alerts", alert).status != 202:
        raise RuntimeError("the alert was refused")


def obey(order, rig, server):
    restart = {"map.url": ""} if order == "start control without a map" else {}
    if order == "stop map":
        server.stop()
    elif order == "start map":
        server.start()
    elif order == "stop control":
        rig.stop()
    elif order.startswith("start control"):
        rig.start(**{**options(server), **restart})
    else:
        raise ValueError(order)


def drive(rig, server, script):
    environment = {**os.environ, "BASE_URL": f"http://127.0.0.1:{rig.port}/", "MAP_URL": f"http://127.0.0.1:{server.port}/",
                   "ADMIN_PASSWORD": PASSWORD, "TOWN": json.dumps({"zones": list(ZONES), "devices": list(EDGES)})}  # fmt: skip
    node = subprocess.Popen(["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    for line in node.stdout:
        if line.startswith("!"):
            obey(line[1:].strip(), rig, server)
            node.stdin.write("done\n")
            node.stdin.flush()
        else:
            print(line, end="", flush=True)
    return node.wait()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-map-page-"))
    server = Map(folder)
    try:
        build_town(folder)
        build_field(folder)
        with Rig() as rig:
            server.page = f"http://127.0.0.1:{rig.port}"
            server.start()
            rig.stop()
            rig.secrets["TOCSIN_MAP_TOKEN"] = TOKEN
            rig.start(**options(server))
            prepare(rig, server)
            status = drive(rig, server, pathlib.Path(__file__).with_name("map.mjs"))
            if status != 0:
                print("# control:\n# " + "\n# ".join(rig.log().splitlines()[-20:]))
            return status
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
