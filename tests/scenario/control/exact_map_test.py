#!/usr/bin/env python3
"""The exact map of the field units: control hands a short pass to those who may, the map's server believes it, and nobody else gets a byte."""

import base64
import datetime
import hashlib
import hmac
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import Rig  # noqa: E402
from serve_rig import TOKEN, MapRig  # noqa: E402
from site_runner import Tap  # noqa: E402

ROLES = {"operator": 200, "supervisor": 200, "evidence_officer": 403, "auditor": 403, "viewer": 403}
ORIGIN = "https://control.town.example"


def pass_of(name, end_s, token=TOKEN):
    """As docs/protocols/map.md has it, by another implementation."""
    key = hmac.new(token.encode(), b"tocsin map pass 1", hashlib.sha256).digest()
    words = f"1.{end_s}.{name}."
    return words + base64.urlsafe_b64encode(hmac.new(key, words.encode(), hashlib.sha256).digest()).decode().rstrip("=")


def check_who(tap, rig):
    for role, status in ROLES.items():
        person = rig.invite(f"map.{role.replace('_', '.')}", role)
        got = rig.ask("POST", "/api/map/pass", {}, person, as_nobody=True)
        told = rig.ask("GET", "/api/map", None, person, as_nobody=True).json["exact"]
        tap.check(got.status == status and told == (status == 200), f"{role}: {status}, and is told so", f"{got.status} {told}")
    zone = rig.invite("map.north", "operator", ["north"])
    got = rig.ask("POST", "/api/map/pass", {}, zone, as_nobody=True)
    told = rig.ask("GET", "/api/map", None, zone, as_nobody=True).json["exact"]
    tap.check(got.status == 403 and not told, "an operator of one zone does not see the whole town's incidents", f"{got.status} {told}")
    tap.check(rig.ask("POST", "/api/map/pass", {}, as_nobody=True).status == 401, "nobody: sign in")


def check_pass(tap, rig, maps):
    got = rig.ask("POST", "/api/map/pass", {})
    life = datetime.datetime.fromisoformat(got.json["expires_at"]).timestamp() - time.time()
    tap.check(got.status == 200 and 290 < life <= 300, "a pass of five minutes", str(life))
    tap.check(got.headers["Cache-Control"] == "no-store", "which nobody keeps", str(got.headers["Cache-Control"]))
    bearer = {"Authorization": "Bearer " + got.json["pass"], "Range": "bytes=0-126", "Origin": ORIGIN}
    read = maps.get("/field.pmtiles", bearer)
    tap.check(read.status == 206 and read.body[:7] == b"PMTiles", "opens the archive by range", str(read.status))
    tap.check(read["Cache-Control"] == "private, no-store" and read["Access-Control-Allow-Origin"] == ORIGIN, "for the site's own page, on no disk", str(read["Cache-Control"]))
    tap.check(TOKEN not in got.body.decode(), "without the server's own token in it")
    audit = rig.ask("GET", "/api/audit?action=exact_map").json["entries"]
    tap.check(len(audit) >= 3 and all(entry["resource"] == "field" for entry in audit), "and is on record", str(audit)[:200])


def check_strangers(tap, maps):
    """What is no pass, or not for this archive, or over."""
    now = int(time.time())
    good = pass_of("field", now + 60)
    tap.check(maps.get("/field.pmtiles", {"Authorization": "Bearer " + good}).status == 200, "a pass by the protocol's words is good")
    for what, words in {
        "nothing": None, "no pass": "x", "an ended one": pass_of("field", now - 1), "one for another archive": pass_of("town", now + 60),
        "one for too long": pass_of("field", now + 4000), "by another token": pass_of("field", now + 60, "another"),
        "made longer": good.replace(f"1.{now + 60}.", f"1.{now + 61}."), "cut": good[:-1], "with more": good + "A",
    }.items():  # fmt: skip
        got = maps.get("/field.pmtiles", {"Authorization": "Bearer " + words} if words else {})
        tap.check(got.status == 401 and b"PMTiles" not in got.body, f"{what}: 401", str(got.status))


def check_refusals(tap, rig):
    """A site that could hand out nothing says so when it starts."""
    for change, env, words in (({"map.exact_url": "https://maps.example/field.txt"}, {"TOCSIN_MAP_TOKEN": "x"}, "NAME.pmtiles"),
                               ({"map.exact_url": "http://maps.example/field.pmtiles"}, {"TOCSIN_MAP_TOKEN": "x"}, "map.url"),
                               ({"map.exact_url": "https://maps.example/field.pmtiles"}, {}, "TOCSIN_MAP_TOKEN")):  # fmt: skip
        secrets = {**os.environ, **rig.secrets, **env}
        secrets = {key: value for key, value in secrets.items() if key != "TOCSIN_MAP_TOKEN" or key in env}
        done = subprocess.run(rig.config(**change), capture_output=True, text=True, timeout=20, env=secrets, check=False)
        tap.check(done.returncode == 1 and words in done.stderr, f"refused to start: {words}", done.stderr)


def main():
    tap = Tap()
    with MapRig() as maps, Rig() as rig:
        maps.archive("field.pmtiles", "field", 500, words=("--private",), public=False)
        maps.archive("town.pmtiles", "town", 500)
        maps.serve({"field": (maps.path("field.pmtiles"), True), "town": (maps.path("town.pmtiles"), False)}, f"http.private_origin={ORIGIN}")
        rig.begin()
        tap.check(rig.ask("POST", "/api/map/pass", {}).status == 404 and not rig.ask("GET", "/api/map").json["exact"], "a site without an exact map: 404")
        rig.stop()
        check_refusals(tap, rig)
        rig.secrets["TOCSIN_MAP_TOKEN"] = TOKEN
        rig.start(**{"map.exact_url": f"http://127.0.0.1:{maps.port}/field.pmtiles", "map.url": "https://maps.town.example/"})
        rig.token = rig.sign_in().json["access_token"]
        policy = rig.ask("GET", "/map").headers["Content-Security-Policy"]
        tap.check(f"connect-src 'self' https://maps.town.example http://127.0.0.1:{maps.port};" in policy, "the page may read both maps", policy)
        check_who(tap, rig)
        check_pass(tap, rig, maps)
        check_strangers(tap, maps)
        for name in ("control.log", "serve.log"):
            log = rig.log() if name == "control.log" else maps.read("serve.log").decode()
            tap.check(TOKEN not in log and "1.17" not in log, f"neither token nor pass stands in {name}")
    return tap.done()


sys.exit(main())
