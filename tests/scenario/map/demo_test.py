#!/usr/bin/env python3
"""The demo's map: a town that is made up, anonymised, built, published to a local S3 store, and read from there by range."""

import hashlib
import http.client
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from map_rig import read_by_others  # noqa: E402
from site_runner import Site, Tap, wait_for  # noqa: E402


def get(port, path, headers=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("GET", path, headers=headers or {})
        answer = client.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        client.close()


def current(site):
    status, body = get(site.ports["map"], "/current.json")
    return json.loads(body) if status == 200 else None


def check_map(tap, site):
    told = tap.attempt("the map is published", lambda: wait_for(lambda: current(site), 30, "current.json"))
    address = site.request("GET", "/api/map")
    tap.check(address["url"] == f"http://127.0.0.1:{site.ports['map']}/", "control says where it is", str(address))
    tap.check(len(address["devices"]) == 2 and len(address["zones"]) == 1, "and where the site's devices and zone stand", str(address))
    status, data = get(site.ports["map"], "/" + told["archive"])
    tap.check(status == 200 and hashlib.sha256(data).hexdigest() == told["sha256"], "the archive is there, whole")
    status, part = get(site.ports["map"], "/" + told["archive"], {"Range": "bytes=0-16383"})
    tap.check(status == 206 and part == data[:16384], "and by range")
    path = os.path.join(site.state, "read.pmtiles")
    with open(path, "wb") as file:
        file.write(data)
    done = subprocess.run([os.path.join(site.build, "tocsin-map"), "verify", path], capture_output=True, text=True, check=False)
    tap.check(done.returncode == 0, "it is valid", done.stderr)
    read_by_others(path)
    done = subprocess.run([os.path.join(site.build, "tocsin-map"), "inspect", path], capture_output=True, text=True, check=False)
    layers = sorted(layer["id"] for layer in json.loads(done.stdout)["metadata"]["vector_layers"])
    tap.check(layers == ["areas", "incidents", "places", "streets", "wards"], "with wards, streets, areas, places and incident cells", str(layers))
    return told


def check_change(tap, site, told):
    """Whoever changes the town's files sees the map change."""
    path = os.path.join(site.state, "town", "places.geojson")
    with open(path, encoding="utf-8") as file:
        places = json.load(file)
    places["features"] = places["features"][1:]
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(places, file)
    os.rename(path + ".new", path)
    fresh = tap.attempt("a change of the town is published", lambda: wait_for(lambda: (c := current(site)) and c["archive"] != told["archive"] and c, 30, "another map"))
    tap.check(len(fresh["releases"]) == 2, "the map before is kept")


def check_kill(tap, site):
    for name in ("store", "map"):
        killed = site.kill(name)
        tap.attempt(f"{name} killed: it comes back", lambda n=name, k=killed: wait_for(lambda: site.alive(n) and site.pid(n) != k, 15, f"a new {n}"))
    tap.attempt("and the map is still there", lambda: wait_for(lambda: current(site), 15, "current.json"))


def main():
    tap = Tap()
    site = Site()
    with site:
        site.sign_in()
        told = check_map(tap, site)
        check_change(tap, site, told)
        check_kill(tap, site)
        pids = {name: site.pid(name) for name in site.names()}
        site.stop()
        left = [name for name, pid in pids.items() if os.path.exists(f"/proc/{pid}") and site.alive(name)]
        tap.check(not left, "nothing of it runs on", str(left))
        found = []
        for folder, _, names in os.walk(site.state):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found += [name] if b"FAKE_S3_KEY=" in file.read() else []
        tap.check(not found, "the store's key was written nowhere", str(found))
    return tap.done()


sys.exit(main())
