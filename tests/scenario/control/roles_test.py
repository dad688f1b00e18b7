#!/usr/bin/env python3
"""Who may do what, and where: every route as every role and as nobody, against roles.tsv; every object of another zone;
and what an administrator changes counts within a second."""

import http.client
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD, Rig  # noqa: E402
from edge_rig import uuid7  # noqa: E402
from site_runner import ROOT, ApiError, Tap, wait_for  # noqa: E402

ROLES = ["administrator", "operator", "supervisor", "evidence_officer", "auditor", "viewer"]
NOT_YOURS = "Your role does not permit this."
NORTH, SOUTH = "edge-1", "thief"  # an edge in each zone
TEXTS = [{"language": "en", "text": "Path closed"}]
AREA = "9.90,76.20 9.90,76.30 9.95,76.30"
MAP = {"zone north.area": AREA, "zone south.area": AREA}
MAP |= {f"place {device}.{key}": value for device in (NORTH, SOUTH) for key, value in (("latitude", "9.91"), ("longitude", "76.25"))}


def expectations():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "roles.tsv"), encoding="ascii") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {tuple(route.split(" ")): answers for route, answers in lines[1:]}


def routes_of(rig):
    printed = subprocess.run([os.path.join(rig.build, "tocsin-control"), "--routes"], capture_output=True, check=True, timeout=10)
    return [tuple(line.split(" ")) for line in printed.stdout.decode().splitlines()]


def documented():
    with open(os.path.join(ROOT, "web", "openapi.json"), encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    methods = ("get", "put", "post", "delete", "patch")
    return {(method.upper(), path) for path, item in paths.items() for method in item if method in methods}


# What every answer must say to a browser, also the refusals; pages have a policy and a cache time of their own.
HEADERS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
API_HEADERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"}


def bare(method, pattern, answer):
    """Headers that an answer should have and has not."""
    own = pattern.startswith(("/api/", "/auth/"))
    wanted = {**HEADERS, **(API_HEADERS if own and pattern != "/api/openapi.json" else {})}
    missing = [f"{name}: {answer.headers[name]}" for name, value in wanted.items() if answer.headers[name] != value]
    policy = answer.headers["Content-Security-Policy"] or ""
    if "default-src 'none'" not in policy or "unsafe" in policy or not answer.headers["Permissions-Policy"]:
        missing.append(f"policies: {policy}, {answer.headers['Permissions-Policy']}")
    if answer.headers["Server"] or answer.headers["X-Powered-By"]:
        missing.append(f"tells its make: {answer.headers['Server']}")
    return [f"{method} {pattern} {answer.status} {what}" for what in missing]


def check_headers(tap, rig):
    """Of every route, and of what never gets to one."""
    wrong = []
    for method, pattern in routes_of(rig):
        if pattern == "/api/live":
            continue  # a WebSocket
        path = re.sub(r"\{[^}]*\}", "none", pattern)
        for headers in ({}, {"Authorization": f"Bearer {rig.token}"}):
            wrong += bare(method, pattern, rig.ask(method, path, None if method == "GET" else {}, headers, as_nobody=True))
            if (method, pattern) == ("POST", "/auth/logout") and headers:
                rig.token = rig.sign_in().json["access_token"]
    for method, path, body, status in (
        ("GET", "/api/none", None, 404), ("DELETE", "/api/alerts", None, 405), ("PROPFIND", "/api/alerts", None, 405),
        ("POST", "/auth/login", "{", 400), ("POST", "/auth/login", "x" * (300 * 1024), 413),
    ):  # fmt: skip
        answer = rig.ask(method, path, body, as_nobody=True)
        wrong += bare(method, path, answer)
        if answer.status != status:
            wrong.append(f"{method} {path}: {answer.status}, not {status}")
    tap.check(not wrong, "every answer of every route, and every refusal, has the security headers", str(wrong[:8]))


def past_the_door(rig, route, headers):
    """Whether the request reached the route's handler: what it names does not exist, and its body says nothing."""
    method, pattern = route
    path = pattern.replace("{id}", uuid7()).replace("{name}", "nobody.here").replace("{operation}", "clip")
    path = path.replace("{file}", "none.js").replace("{page...}", "alerts").replace("{index}", "999999").replace("{path...}", "entries/999")
    answer = rig.ask(method, path, None if method == "GET" else {}, headers, as_nobody=True)
    detail = answer.json.get("detail", "") if answer.status in (401, 403) else ""
    return not (answer.status == 401 or detail == NOT_YOURS), f"{answer.status} {detail}"


def check_walk(tap, rig):
    expected, routes = expectations(), routes_of(rig)
    tap.check(set(expected) == set(routes), "roles.tsv has exactly the routes of the program", str(set(expected) ^ set(routes)))
    written = {(method, pattern.replace("...}", "}")) for method, pattern in routes}  # OpenAPI knows no rest of a path
    tap.check(documented() == written, "and so has web/openapi.json", str(documented() ^ written))
    people = [None] + [rig.invite(f"walk.{role.replace('_', '.')}", role) for role in ROLES]
    wrong, asked = [], 0
    for route in routes:
        for i, headers in enumerate(people):
            got, what = past_the_door(rig, route, headers)
            asked += 1
            if got != (expected.get(route, "")[i : i + 1] == "y"):
                wrong.append((route, ["nobody", *ROLES][i], what))
            if route == ("POST", "/auth/logout") and headers:
                token = rig.sign_in(PASSWORD, f"walk.{ROLES[i - 1].replace('_', '.')}").json["access_token"]
                headers["Authorization"] = f"Bearer {token}"
    tap.check(not wrong, f"{asked} requests of nobody and six roles are answered as roles.tsv says", str(wrong))


# -- zones --


class Zones:
    """Two zones with a device, an event, an alert each; an operator of north, and what was tried as them."""

    def __init__(self, rig):
        self.rig, self.tried = rig, set()
        live = rig.live()
        for device, zone in ((NORTH, "north"), (SOUTH, "south")):
            rig.publish_status(device=device, zone=zone)
            live.wait(lambda m, d=device: m["kind"] == "device" and m["data"]["name"] == d, 10, device)
        self.operator = rig.invite("north.operator", "operator", ["north"])
        self.live = rig.live(self.operator["Authorization"].split()[1])
        self.live.wait(lambda m: m["kind"] == "hello", 5, "hello")
        self.events, self.alerts = {}, {}
        for device, zone in ((NORTH, "north"), (SOUTH, "south")):
            self.events[zone] = rig.publish_event(device=device, zone=zone)
            live.wait(lambda m, z=zone: m["kind"] == "event" and m["data"]["id"] == self.events[z], 10, "the event")
            self.alerts[zone] = self.send({"zones": [zone]})
        self.alerts["both"] = self.send({"zones": ["north", "south"]})
        self.alerts["all"] = self.send({"broadcast": True})
        self.alerts["device"] = self.send({"devices": [SOUTH]})

    def send(self, targets):
        return self.rig.ask("POST", "/api/alerts", {"tier": "advisory", "texts": TEXTS, "targets": targets, "duration_s": 600}).json["id"]

    def ask(self, method, pattern, name=None, body=None, query=""):
        """As the operator of north; `name` stands for {id} or {name}."""
        self.tried.add((method, pattern))
        path = pattern.replace("{id}", name or "").replace("{name}", name or "").replace("{operation}", "clip")
        return self.rig.ask(method, path + query, body, self.operator, as_nobody=True)


CHANGE = {"texts": TEXTS}


def check_objects(tap, zones):
    events, alerts = zones.events, zones.alerts
    for method, pattern, body, mine, theirs in (
        ("GET", "/api/events/{id}", None, events["north"], events["south"]),
        ("POST", "/api/events/{id}/stream", {"operation": "clip"}, events["north"], events["south"]),
        ("GET", "/api/devices/{name}", None, NORTH, SOUTH),
        ("GET", "/api/alerts/{id}", None, alerts["north"], alerts["south"]),
        ("PUT", "/api/alerts/{id}", CHANGE, alerts["north"], alerts["south"]),
        ("POST", "/api/alerts/{id}/cancel", {}, alerts["north"], alerts["south"]),
    ):
        got = zones.ask(method, pattern, mine, body)
        tap.check(got.status < 300, f"{method} {pattern} of one's own zone", f"{got.status} {got.body[:200]}")
        there, never = zones.ask(method, pattern, theirs, body), zones.ask(method, pattern, "nothing", body)
        tap.check(there.status == 404, f"{method} {pattern} of another zone: 404", str(there.status))
        same = there.json["detail"].replace(theirs, "X") == never.json["detail"].replace("nothing", "X")
        tap.check(same, "in the words of an object that is not there", there.json["detail"])
    for name, status in ((SOUTH, 404), ("nothing", 404), (NORTH, 409)):
        got = zones.ask("POST", "/api/devices/{name}/clear", name, {})
        tap.check(got.status == status, f"clearing {name}: {status}", str(got.status))
    tap.check(zones.ask("GET", "/api/devices/{name}/sign/frames", SOUTH).status == 404, "no sign of another zone is watched")
    tap.check(zones.ask("GET", "/api/alerts/{id}", alerts["device"]).status == 404, "an alert to a device of another zone is not seen")
    grant = zones.rig.ask("POST", f"/api/events/{events['south']}/stream", {"operation": "clip"}).json["token"]
    headers = {**zones.operator, "Tocsin-Stream-Token": grant}
    stolen = zones.rig.ask("GET", f"/stream/{events['south']}/clip", headers=headers, as_nobody=True)
    zones.tried.add(("GET", "/stream/{id}/{operation}"))
    tap.check(stolen.status == 403, "nor is a clip, with another's token", str(stolen.status))


def check_lists(tap, zones):
    alerts = zones.alerts
    for pattern, key, field in (("/api/events", "events", "zone"), ("/api/devices", "devices", "zone"), ("/api/cameras", "cameras", "zone"), ("/api/zones", "zones", "name")):
        found = {item[field] for item in zones.ask("GET", pattern).json[key]}
        tap.check(found == {"north"}, f"{pattern} has one's own zone only", str(found))
    for pattern, key, query in (("/api/events", "events", "?zone=south"), ("/api/events", "events", f"?device={SOUTH}"), ("/api/cameras", "cameras", f"?device={SOUTH}")):
        tap.check(zones.ask("GET", pattern, query=query).json[key] == [], f"{pattern}{query} finds nothing")
    listed = {alert["id"] for alert in zones.ask("GET", "/api/alerts", query="?limit=200").json["alerts"]}
    tap.check(listed == {alerts["north"], alerts["both"], alerts["all"]}, "alerts that reach north are listed, no others", str(listed))
    counts = {item["name"]: item["count"] for item in zones.ask("GET", "/api/resources").json["resources"]}
    tap.check(counts == {"events": 1, "alerts": 3, "devices": 1, "cameras": 1, "zones": 1}, "and counted alike", str(counts))


def check_shared(tap, zones):
    """An alert that is for other zones too is seen, not changed; of its deliveries one's own are."""
    for name in ("both", "all"):
        alert = zones.ask("GET", "/api/alerts/{id}", zones.alerts[name]).json
        tap.check({d["zone"] for d in alert["deliveries"]} == {"north"}, f"{name}: the deliveries of one's own zone")
        for method, pattern, body in (("PUT", "/api/alerts/{id}", CHANGE), ("POST", "/api/alerts/{id}/cancel", {})):
            got = zones.ask(method, pattern, zones.alerts[name], body)
            tap.check(got.status == 403, f"{name}: {method} {pattern} is refused", str(got.status))
    for targets in ({"zones": ["south"]}, {"zones": ["north", "south"]}, {"devices": [SOUTH]}, {"broadcast": True}, {"devices": ["unknown.device"]}):
        body = {"tier": "advisory", "texts": TEXTS, "targets": targets, "duration_s": 600}
        got = zones.ask("POST", "/api/alerts", body=body)
        tap.check(got.status == 403, f"no alert to {targets}", f"{got.status} {got.body[:100]}")
    for targets in ({"zones": ["north"]}, {"devices": [NORTH]}):
        body = {"tier": "advisory", "texts": TEXTS, "targets": targets, "duration_s": 600}
        got = zones.ask("POST", "/api/alerts", body=body)
        tap.check(got.status == 202 and got.json["zones"] == ["north"], f"an alert to {targets} is theirs to send", f"{got.status} {got.body[:200]}")


def check_live(tap, zones):
    south = zones.rig.publish_event(device=SOUTH, zone="south", picture_zones=["north"])  # of its picture, not of the site
    north = zones.rig.publish_event()
    zones.live.wait(lambda m: m["kind"] == "event" and m["data"]["id"] == north, 10, "the event of north")
    zones.tried.add(("GET", "/api/live"))
    text = str(zones.live.messages)
    tap.check(south not in text and SOUTH not in text and zones.alerts["south"] not in text, "the live link tells nothing of another zone")
    tap.check(zones.alerts["both"] in text and zones.alerts["all"] in text, "but what concerns north too")


SITE_WIDE = ("/api/map/pass", "/api/users", "/api/invitations", "/api/audit")


def check_site_wide(tap, zones):
    """Who has one zone sees nothing that is of the whole site, whatever the role."""
    auditor = zones.rig.invite("north.auditor", "auditor", ["north"])
    for method, pattern in routes_of(zones.rig):
        if not pattern.startswith(SITE_WIDE):
            continue
        path = pattern.replace("{name}", "admin").replace("{id}", "x").replace("{index}", "0")
        got = zones.rig.ask(method, path, None if method == "GET" else {}, auditor, as_nobody=True)
        tap.check(got.status == 403, f"{method} {pattern} is not for one zone", str(got.status))


def check_map(tap, zones):
    found = zones.ask("GET", "/api/map").json
    tap.check([zone["name"] for zone in found["zones"]] == ["north"], "the map has one's own zone", str(found["zones"]))
    tap.check([device["name"] for device in found["devices"]] == [NORTH], "and its devices", str(found["devices"]))
    both = zones.rig.ask("GET", "/api/map").json
    tap.check(len(both["zones"]) == 2 and len(both["devices"]) == 2, "of the two that there are")


def check_drafts(tap, zones):
    """Emergencies that wait: those of one's own zones are there, the others are unknown, and what is for more is not theirs to approve."""
    new = {"tier": "emergency", "texts": TEXTS, "duration_s": 600}
    drafts = {}
    for name, targets in (("north", {"zones": ["north"]}), ("south", {"zones": ["south"]}), ("both", {"zones": ["north", "south"]}), ("all", {"broadcast": True})):
        drafts[name] = zones.rig.ask("POST", "/api/drafts", {**new, "targets": targets}).json["id"]
    listed = {draft["id"] for draft in zones.ask("GET", "/api/drafts").json["drafts"]}
    tap.check(listed == {drafts["north"], drafts["both"], drafts["all"]}, "drafts that reach north are listed, no others", str(listed))
    for targets in ({"zones": ["south"]}, {"zones": ["north", "south"]}, {"broadcast": True}):
        got = zones.ask("POST", "/api/drafts", body={**new, "targets": targets})
        tap.check(got.status == 403, f"no draft to {targets}", str(got.status))
    for method, pattern in (("GET", "/api/drafts/{id}"), ("POST", "/api/drafts/{id}/challenge"), ("POST", "/api/drafts/{id}/approve"), ("POST", "/api/drafts/{id}/withdraw")):
        body = None if method == "GET" else {"code": "000000", "approval": {}}
        statuses = [zones.ask(method, pattern, drafts[name], body).status for name in ("south", "both", "all")]
        tap.check(statuses == ([404, 200, 200] if method == "GET" else [404, 403, 403]), f"{method} {pattern} of other zones", str(statuses))
    change = {"tier": "emergency", "texts": TEXTS, "alert_id": zones.alerts["south"], "action": "show", "duration_s": 600}
    tap.check(zones.ask("POST", "/api/drafts", body=change).status == 404, "an alert of another zone cannot be drafted upon")
    watching = zones.rig.live(zones.rig.invite("vera", "viewer", ["north"])["Authorization"].split()[1])
    watching.wait(lambda m: m["kind"] == "hello", 5, "hello")
    for name in drafts:
        zones.rig.ask("POST", f"/api/drafts/{drafts[name]}/withdraw", {})
    event = zones.rig.publish_event()
    watching.wait(lambda m: m["kind"] == "event" and m["data"]["id"] == event, 10, "the event behind the drafts")
    zones.live.wait(lambda m: m["kind"] == "draft" and m["data"]["id"] == drafts["north"], 10, "the draft of north")
    tap.check(not any(m["kind"] == "draft" for m in watching.messages), "who may not send alerts is not shown what is being drafted")
    tap.check(drafts["south"] not in str(zones.live.messages), "nor is anybody of other zones")


def check_tried(tap, zones):
    """A route that a later hand adds is tried here too, or this fails."""
    about = {r for r in routes_of(zones.rig) if r[1].startswith(("/api/", "/stream/")) and not r[1].startswith((*SITE_WIDE, "/api/openapi", "/api/alerts/preview"))}
    tap.check(about <= zones.tried, "every route about the site's objects was tried from another zone", str(about - zones.tried))


# -- changes --


def check_changes(tap, zones):
    rig, event = zones.rig, f"/api/events/{zones.events['south']}"
    signed_in = rig.sign_in(PASSWORD, "north.operator")
    browser = {"Cookie": signed_in.headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": signed_in.json["csrf_token"]}

    def ask(method, path, body=None, headers=browser):
        return rig.ask(method, path, body, headers, as_nobody=True).status

    def change(body):
        rig.ask("PUT", "/api/users/north.operator", body)
        return time.monotonic()

    begin = change({"zones": ["south"]})
    tap.attempt("a change of zones closes the live link", lambda: wait_for(lambda: zones.live.closed, 1, "the live link to close"))
    tap.check(ask("GET", event) == 200 and time.monotonic() - begin < 1, "and counts within a second")
    tap.check(ask("GET", event, headers=zones.operator) == 401, "an access token of earlier rights is worth nothing")
    tap.check("reason=token_outdated" in rig.log(), "which is audited by name")
    begin = change({"role": "viewer", "zones": None})
    order = {"tier": "advisory", "texts": TEXTS, "targets": {"zones": ["south"]}, "duration_s": 600}
    tap.check(ask("POST", "/api/alerts", order) == 403 and time.monotonic() - begin < 1, "so does another role")
    begin = change({"disabled": True})
    tap.check(ask("GET", event) == 401 and time.monotonic() - begin < 1, "whoever is disabled is out within a second")
    tap.check(rig.sign_in(PASSWORD, "north.operator").status == 401, "and does not come in again")
    change({"disabled": False})
    tap.check(rig.sign_in(PASSWORD, "north.operator").status == 200, "until enabled")
    for word in ("audit.user_changed", "audit.user_invited", "audit.user_added"):
        tap.check(word in rig.log(), f"{word} is audited")


def main():
    tap = Tap()
    with Rig() as rig:
        try:
            rig.stop()
            rig.start(**MAP)
            rig.begin()
            check_headers(tap, rig)
            check_walk(tap, rig)
            zones = Zones(rig)
            for check in (check_objects, check_lists, check_shared, check_live, check_map, check_site_wide, check_drafts, check_tried, check_changes):
                check(tap, zones)
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, ApiError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in rig.log().splitlines()[-30:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
