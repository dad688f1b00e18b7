#!/usr/bin/env python3
"""control's API against its own document: every route of the program is documented, every documented operation answers
with a documented status and a body of the documented form. And the web page's files."""

import base64
import http.client
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import ONE_TIME, PASSWORD, ZONE, Rig, hours_from_now  # noqa: E402
from edge_rig import rfc3339, uuid7  # noqa: E402
from openapi import Document, Misfit  # noqa: E402
from site_runner import Tap, percentile, wait_for  # noqa: E402

TEXTS = [{"language": "en", "text": "Path closed"}, {"language": "ml", "text": "വഴി അടച്ചു"}]
ORDER = {"tier": "advisory", "texts": TEXTS, "targets": {"zones": [ZONE], "devices": [], "broadcast": False}, "duration_s": 600}

MAP = {
    "map.url": "https://maps.test:8443/town/", f"zone {ZONE}.area": "9.5,76.25 9.75,76.25 9.75,76.5",
    "place edge-1.latitude": "9.625", "place edge-1.longitude": "-76.25",
}  # fmt: skip


class Judge:
    """Asks, and holds every answer against the document."""

    def __init__(self, rig, tap):
        self.rig, self.tap, self.document = rig, tap, Document()
        self.seen = set()

    def ask(self, operation, status, path=None, **how):
        method, pattern = operation
        answer = self.rig.ask(method, path or pattern, **how)
        self.seen.add(operation)
        what = f"{method} {path or pattern} answers {status} as documented"
        try:
            self.document.check_answer(operation, answer.status, answer.type, answer.body)
            self.tap.check(answer.status == status, what, f"{answer.status} {answer.body[:300]!r}")
        except (Misfit, ValueError) as error:
            self.tap.check(False, what, str(error)[:400])
        return answer


def check_routes(tap, rig):
    printed = subprocess.run([os.path.join(rig.build, "tocsin-control"), "--routes"], capture_output=True, check=True, timeout=10)
    routes = {tuple(line.replace("...}", "}").split(" ")) for line in printed.stdout.decode().splitlines()}
    documented = set(Document().operations())
    tap.check(routes == documented, "the program's routes and the documented ones are the same", str(routes ^ documented))


def check_nobody(judge):
    """Whoever has not signed in gets 401 from all that is not public."""
    public = {("POST", "/auth/login"), ("POST", "/auth/refresh"), ("GET", "/.well-known/jwks.json"), ("GET", "/api/openapi.json"), ("GET", "/health"), ("GET", "/metrics")}
    public |= {("GET", "/auth/provider"), ("POST", "/auth/provider/begin"), ("GET", "/auth/provider/callback"), ("POST", "/auth/provider/factor")}
    for operation in sorted(judge.document.operations()):
        method, pattern = operation
        if operation in public or pattern in ("/assets/{file}", "/service-worker.js", "/{page}"):
            continue
        path = pattern.replace("{id}", uuid7()).replace("{name}", "x").replace("{operation}", "clip")
        judge.ask(operation, 401, path, body={} if method != "GET" else None, as_nobody=True)


def check_no_provider(judge):
    """A site without an outside identity provider; provider_test.py has one."""
    judge.ask(("GET", "/auth/provider"), 200, as_nobody=True)
    for method, pattern in (("POST", "/auth/provider/begin"), ("GET", "/auth/provider/callback"), ("POST", "/auth/provider/factor")):
        judge.ask((method, pattern), 404, body={} if method == "POST" else None, as_nobody=True)


def check_sign_in(judge):
    rig, login = judge.rig, ("POST", "/auth/login")
    judge.ask(login, 401, body={"username": "admin", "password": "wrong"})
    judge.ask(login, 400, body={"username": "admin"})
    judge.ask(login, 400, body="[1]")
    judge.ask(login, 415, body="username=admin", headers={"Content-Type": "application/x-www-form-urlencoded"})
    judge.ask(login, 413, body='{"username":"' + "a" * 300000 + '"}')
    answer = judge.ask(login, 200, body={"username": "admin", "password": ONE_TIME})
    rig.token = answer.json["access_token"]
    judge.tap.check(answer.json["password_change_required"] is True, "a one-time password must be changed")
    judge.ask(("GET", "/api/events"), 403)
    judge.ask(("GET", "/auth/session"), 200)
    judge.ask(("POST", "/auth/password"), 400, body={"current": ONE_TIME, "new": "short"})
    judge.ask(("POST", "/auth/password"), 403, body={"current": "not it at all", "new": PASSWORD})
    judge.ask(("POST", "/auth/password"), 204, body={"current": ONE_TIME, "new": PASSWORD})
    judge.ask(("GET", "/api/events"), 200)
    register = ("POST", "/auth/register")
    new = {"username": "asha", "password": "another long password", "role": "administrator"}
    judge.ask(register, 201, body=new)
    judge.ask(register, 409, body=new)
    judge.ask(register, 400, body={**new, "username": "Not A Name"})
    judge.ask(register, 400, body={**new, "username": "ravi", "role": "king"})
    token, rig.token = rig.token, rig.sign_in("another long password", "asha").json["access_token"]
    judge.ask(("POST", "/auth/logout"), 204)
    judge.ask(("GET", "/auth/session"), 401)
    rig.token = token


def check_tokens(judge):
    rig, renew = judge.rig, ("POST", "/auth/refresh")
    program = judge.ask(("POST", "/auth/login"), 200, body={"username": "admin", "password": PASSWORD, "program": True}, as_nobody=True).json
    judge.ask(renew, 200, body={"refresh_token": program["refresh_token"]}, as_nobody=True)
    judge.ask(renew, 401, body={"refresh_token": "nothing"}, as_nobody=True)
    judge.ask(renew, 400, body={}, as_nobody=True)
    judge.ask(("GET", "/.well-known/jwks.json"), 200, as_nobody=True)


def check_factors(judge):
    judge.ask(("GET", "/auth/factors"), 200)
    for path in ("/auth/app", "/auth/app/remove"):
        judge.ask(("POST", path), 403, body={"password": "not the password"})
    judge.ask(("POST", "/auth/app"), 201, body={"password": PASSWORD})
    judge.ask(("POST", "/auth/app/confirm"), 403, body={"code": "no code"})
    judge.ask(("POST", "/auth/app/remove"), 204, body={"password": PASSWORD})
    judge.ask(("POST", "/auth/passkeys/begin"), 200, body={"password": PASSWORD})
    judge.ask(("POST", "/auth/passkeys"), 400, body={"name": "key", "client_data": "e30", "authenticator_data": "!"})
    judge.ask(("POST", "/auth/passkeys"), 403, body={"name": "key", "client_data": "e30", "authenticator_data": "AAAA"})
    judge.ask(("POST", "/auth/passkeys/{id}/remove"), 404, f"/auth/passkeys/{uuid7()}/remove", body={"password": PASSWORD})


def check_people(judge):
    rig, register = judge.rig, ("POST", "/auth/register")
    users, invitations = ("GET", "/api/users"), ("POST", "/api/invitations")
    invited = judge.ask(invitations, 201, body={"username": "leela", "role": "operator", "zones": ["north"]}).json
    judge.ask(invitations, 400, body={"role": "king"})
    judge.ask(invitations, 400, body={"role": "administrator", "zones": ["north"]})
    judge.ask(invitations, 409, body={"username": "asha", "role": "viewer"})
    judge.tap.check(judge.ask(("GET", "/api/invitations"), 200).json["invitations"][0]["id"] == invited["id"], "the invitation is listed")
    guest = {"invitation": invited["token"], "password": PASSWORD}
    judge.ask(register, 400, body={**guest, "password": "password1234"}, as_nobody=True)
    judge.ask(register, 201, body=guest, as_nobody=True)
    judge.ask(register, 404, body=guest, as_nobody=True)
    judge.ask(register, 401, body={"username": "x", "password": PASSWORD, "role": "administrator"}, as_nobody=True)
    bcrypt = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    judge.ask(register, 201, body={"username": "old.hand", "password_hash": bcrypt, "role": "viewer"})
    judge.ask(register, 400, body={"username": "old.hand2", "password_hash": "$1$salt$qJH7.N4xYta3aEG/dfqo/0", "role": "viewer"})
    judge.tap.check(rig.sign_in("U*U", "old.hand").status == 200, "a bcrypt hash of another system signs in")
    leela = {"Authorization": "Bearer " + rig.sign_in(PASSWORD, "leela").json["access_token"]}
    judge.tap.check({u["username"] for u in judge.ask(users, 200).json["users"]} == {"admin", "asha", "leela", "old.hand"}, "all users are listed")
    judge.ask(("GET", "/api/users/{name}"), 200, "/api/users/leela")
    judge.ask(("GET", "/api/users/{name}"), 404, "/api/users/nobody")
    judge.ask(("GET", "/api/users/{name}/sessions"), 200, "/api/users/leela/sessions")
    mine = judge.ask(("GET", "/auth/sessions"), 200, headers=leela).json["sessions"]
    judge.tap.check(len(mine) == 1 and mine[0]["current"] is True, "her own session is listed")
    judge.ask(("DELETE", "/auth/sessions/{id}"), 404, f"/auth/sessions/{mine[0]['id']}")
    judge.ask(("DELETE", "/auth/sessions/{id}"), 204, f"/auth/sessions/{mine[0]['id']}", headers=leela)
    judge.ask(("GET", "/auth/session"), 401, headers=leela)
    change = ("PUT", "/api/users/{name}")
    judge.tap.check(judge.ask(change, 200, "/api/users/leela", body={"role": "supervisor", "zones": None}).json["zones"] is None, "zones are taken off")
    judge.ask(change, 400, "/api/users/leela", body={"disabled": "yes"})
    judge.ask(change, 404, "/api/users/nobody", body={"disabled": True})
    judge.ask(change, 200, "/api/users/asha", body={"role": "viewer"})
    judge.ask(change, 409, "/api/users/admin", body={"role": "viewer"})
    judge.ask(("DELETE", "/api/users/{name}/sessions"), 204, "/api/users/leela/sessions")
    link = judge.ask(("POST", "/api/users/{name}/reset"), 201, "/api/users/leela/reset").json
    judge.tap.check(rig.sign_in(PASSWORD, "leela").status == 401, "after the reset the old password is nothing")
    judge.ask(register, 201, body={"invitation": link["token"], "password": PASSWORD + "!"}, as_nobody=True)
    judge.tap.check(rig.sign_in(PASSWORD + "!", "leela").status == 200, "the link chose a new one")
    withdrawn = judge.ask(invitations, 201, body={"role": "viewer"}).json
    judge.ask(("DELETE", "/api/invitations/{id}"), 204, f"/api/invitations/{withdrawn['id']}")
    judge.ask(("DELETE", "/api/invitations/{id}"), 404, f"/api/invitations/{withdrawn['id']}")
    judge.ask(register, 404, body={"invitation": withdrawn["token"], "username": "late", "password": PASSWORD}, as_nobody=True)


def check_suspension(judge, live):
    """A device whose housing was opened is not believed until an operator clears it."""
    rig, clear = judge.rig, ("POST", "/api/devices/{name}/clear")
    judge.ask(clear, 409, "/api/devices/edge-1/clear")
    judge.ask(clear, 404, "/api/devices/nobody/clear")
    opened = {"tamper": {"open": True, "since": rfc3339()}, "position": None, "secure_boot": "on"}
    rig.publish_telemetry(physical=opened)
    live.wait(lambda m: m["kind"] == "device" and m["data"]["suspended_since"], 10, "the suspension, live")
    unseen = rig.publish_event()
    rig.publish_telemetry(physical=opened)
    wait_for(lambda: "reason=suspended" in rig.log(), 10, "the event to be refused")
    judge.ask(("GET", "/api/events/{id}"), 404, f"/api/events/{unseen}")
    answer = judge.ask(clear, 200, "/api/devices/edge-1/clear")
    judge.tap.check(answer.json["suspended_since"] is None, "a cleared device is suspended no longer")
    seen = rig.publish_event()
    live.wait(lambda m: m["kind"] == "event" and m["data"]["id"] == seen, 10, "the next event, live")


def check_fleet(judge):
    rig = judge.rig
    for path in ("resources", "zones", "devices", "cameras", "events", "alerts"):
        judge.ask(("GET", f"/api/{path}"), 200)
    live = rig.live()
    rig.publish_status()
    live.wait(lambda m: m["kind"] == "device", 10, "the device, live")
    rig.publish_telemetry()
    event_id = rig.publish_event()
    live.wait(lambda m: m["kind"] == "event" and m["data"]["id"] == event_id, 10, "the event, live")
    wait_for(lambda: rig.ask("GET", "/api/devices/edge-1").json["telemetry"], 10, "telemetry")
    answer = judge.ask(("GET", "/api/events"), 200, f"/api/events?camera=gate&label=person&zone={ZONE}&from={hours_from_now(-1)}&to={hours_from_now(1)}&limit=200")
    judge.tap.check([e["id"] for e in answer.json["events"]] == [event_id], "the event is found by all filters")
    judge.tap.check(answer.json["events"][0]["zones"] == ["door"], "and says in which zone of the picture it was")
    judge.tap.check(judge.ask(("GET", "/api/events"), 200, "/api/events?label=dog").json["events"] == [], "and not by another label")
    for query in ("limit=0", "limit=201", "limit=x", "from=yesterday", "before=!!!"):
        judge.ask(("GET", "/api/events"), 400, f"/api/events?{query}")
    judge.ask(("GET", "/api/events/{id}"), 200, f"/api/events/{event_id}")
    judge.ask(("GET", "/api/events/{id}"), 404, f"/api/events/{uuid7()}")
    for path in ("devices", "cameras", "zones", "resources"):
        judge.ask(("GET", f"/api/{path}"), 200)
    judge.ask(("GET", "/api/devices/{name}"), 200, "/api/devices/edge-1")
    judge.ask(("GET", "/api/devices/{name}"), 404, "/api/devices/nobody")
    check_suspension(judge, live)
    judge.ask(("POST", "/api/events/{id}/stream"), 201, f"/api/events/{event_id}/stream", body={"operation": "clip"})
    judge.ask(("POST", "/api/events/{id}/stream"), 400, f"/api/events/{event_id}/stream", body={"operation": "delete"})
    judge.ask(("POST", "/api/events/{id}/stream"), 404, f"/api/events/{uuid7()}/stream", body={"operation": "clip"})
    judge.ask(("GET", "/stream/{id}/{operation}"), 403, f"/stream/{event_id}/clip")
    judge.ask(("GET", "/stream/{id}/{operation}"), 404, f"/stream/{event_id}/delete")
    judge.ask(("GET", "/api/devices/{name}/sign/frames"), 404, "/api/devices/nobody/sign/frames")
    return live


def check_alerts(judge, live):
    rig = judge.rig
    create = ("POST", "/api/alerts")
    key = {"Idempotency-Key": "once"}
    alert = judge.ask(create, 202, body=ORDER, headers=key).json["id"]
    judge.tap.check(judge.ask(create, 202, body=ORDER, headers=key).json["id"] == alert, "the same key sends nothing twice")
    judge.ask(create, 409, body={**ORDER, "duration_s": 700}, headers=key)
    for wrong in ({"tier": "loud"}, {"texts": []}, {"targets": {}}, {"duration_s": -1}, {"colour": "red"}):
        judge.ask(create, 400, body={**ORDER, **wrong})
    judge.ask(create, 403, body={**ORDER, "tier": "emergency"})
    judge.ask(create, 413, body={**ORDER, "texts": [{"language": f"x-{i}", "text": "a"} for i in range(17)]})
    one = ("GET", "/api/alerts/{id}")
    for state in ("received", "lit"):
        rig.publish_receipt(alert, state)
        live.wait(lambda m, state=state: m["kind"] == "delivery" and m["data"]["state"] == state, 10, f"{state}, live")
    deliveries = judge.ask(one, 200, f"/api/alerts/{alert}").json["deliveries"]
    judge.tap.check([d["state"] for d in deliveries] == ["lit"], "the delivery is lit")
    judge.ask(one, 404, f"/api/alerts/{uuid7()}")
    change = {"texts": TEXTS[:1], "expire": hours_from_now(2)}
    judge.tap.check(judge.ask(("PUT", "/api/alerts/{id}"), 202, f"/api/alerts/{alert}", body=change).json["revision"] == 2, "revision 2")
    judge.ask(("PUT", "/api/alerts/{id}"), 404, f"/api/alerts/{uuid7()}", body=change)
    cancel = ("POST", "/api/alerts/{id}/cancel")
    judge.tap.check(judge.ask(cancel, 202, f"/api/alerts/{alert}/cancel").json["state"] == "cancelled", "cancelled")
    judge.ask(cancel, 404, f"/api/alerts/{uuid7()}/cancel")
    judge.ask(("PUT", "/api/alerts/{id}"), 409, f"/api/alerts/{alert}", body=change)
    for query, status in (("state=active", 200), ("state=ended&limit=1", 200), ("state=old", 400)):
        judge.ask(("GET", "/api/alerts"), status, f"/api/alerts?{query}")


def check_preview(judge):
    """A draft as frames: of the size that was asked for, bounded in number and in rate, stored nowhere."""
    preview, rig = ("POST", "/api/alerts/preview"), judge.rig
    before = rig.ask("GET", "/api/resources").json
    film = judge.ask(preview, 200, body={"tier": "warning", "texts": TEXTS, "sign": {"width": 128, "height": 32}}).json
    frames = len(base64.b64decode(film["bits"])) / (film["width"] / 8 * film["height"])
    judge.tap.check(frames == len(film["at_ms"]) and film["at_ms"][0] == 0, "as many frames as times", str(frames))
    judge.tap.check(film["whole"] and film["at_ms"][-1] < film["cycle_ms"] and film["unknown_letters"] == 0, "the whole cycle")
    draft = {"tier": "advisory", "texts": TEXTS[:1]}
    for wrong in ({"tier": "loud"}, {"texts": []}, {"sign": {"width": 4096, "height": 32}}, {"texts": [{"language": "en", "text": "a" * 513}]}):
        judge.ask(preview, 400, body={**draft, **wrong})
    judge.ask(preview, 415, body="tier=advisory", headers={"Content-Type": "application/x-www-form-urlencoded"})
    statuses = [rig.ask(*preview, draft).status for _ in range(120)]
    judge.tap.check(set(statuses) == {200, 429}, "too many at once are refused", str(set(statuses)))
    judge.tap.check(rig.ask("GET", "/api/resources").json == before, "nothing was stored")
    print(f"# after the previews: RSS {rig.rss_bytes() / 1e6:.1f} MB")
    judge.tap.check(rig.rss_bytes() <= 60e6, "control keeps within 60 MB")



def check_map(judge):
    """Where things stand is what the configuration says."""
    answer = judge.ask(("GET", "/api/map"), 200).json
    judge.tap.check(answer == {
        "url": "https://maps.test:8443/town/", "exact": False,
        "zones": [{"name": ZONE, "area": [[76.25, 9.5], [76.25, 9.75], [76.5, 9.75], [76.25, 9.5]]}],
        "devices": [{"name": "edge-1", "latitude": 9.625, "longitude": -76.25}],
    }, "the map as configured", str(answer))  # fmt: skip
    for key, value, named in (
        ("map.url", "http://maps.test/", "map.url"), ("map.url", "https://maps.test", "map.url"), ("map.url", "https:///", "map.url"),
        ("map.url", "https://maps.test/; script-src *", "map.url"), ("map.url", "//maps.test/", "map.url"),
        (f"zone {ZONE}.area", "9.5,76.25 9.75", "north: area"), ("place edge-1.latitude", "91", "latitude"),
    ):  # fmt: skip
        done = subprocess.run(judge.rig.config(**{**MAP, key: value}) + ["--check"], capture_output=True, timeout=10)
        judge.tap.check(done.returncode == 1 and named in done.stderr.decode(), f"{key}={value} is refused", done.stderr.decode())
    for url in ("", "/tiles/", "http://127.0.0.1:9450/", "https://[2001:db8::1]/a/"):
        done = subprocess.run(judge.rig.config(**{"map.url": url}) + ["--check"], capture_output=True, timeout=10)
        judge.tap.check(done.returncode == 0, f"map.url={url} is taken", done.stderr.decode())


def check_live(judge, live):
    """Every live message that came meanwhile is of the documented form."""
    names = {"event": "Event", "alert": "Alert", "device": "Device", "camera": "Camera"}
    tap, kinds = judge.tap, set()
    for message in live.messages:
        kinds.add(message["kind"])
        try:
            judge.document.check({k: v for k, v in message.items() if k != "arrived"}, {"$ref": "#/components/schemas/LiveMessage"})
            if message["kind"] in names:
                judge.document.check(message["data"], {"$ref": f"#/components/schemas/{names[message['kind']]}"}, message["kind"])
        except Misfit as error:
            tap.check(False, f"live {message['kind']} as documented", str(error)[:300])
    tap.check({"hello", "event", "alert", "delivery", "device"} <= kinds, "each kind of live message came", str(kinds))
    tap.check(live.messages[0]["kind"] == "hello", "hello is the first")
    judge.ask(("GET", "/api/live"), 426)


def check_service(judge):
    judge.ask(("GET", "/health"), 200, as_nobody=True)
    document = judge.ask(("GET", "/api/openapi.json"), 200, as_nobody=True)
    judge.tap.check(document.json == judge.document.tree, "the server serves this very document")
    metrics = judge.ask(("GET", "/metrics"), 200, as_nobody=True).body.decode()
    judge.tap.check('tocsin_http_request_seconds_count{route="POST /api/alerts"}' in metrics, "requests are counted by route")
    judge.tap.check(judge.rig.ask("DELETE", "/api/alerts").headers["Allow"] == "GET, POST", "405 names what is allowed")
    judge.tap.check(judge.rig.ask("GET", "/api/none").status == 404, "an unknown API address: 404")
    judge.tap.check(judge.rig.ask("POST", "/api/none", {}).status == 404, "also for POST")


def check_page(judge):
    tap, rig = judge.tap, judge.rig
    first = judge.ask(("GET", "/{page}"), 200, "/", as_nobody=True)
    second = judge.ask(("GET", "/{page}"), 200, "/alerts/new", as_nobody=True)
    nonces = [page.body.decode().split("content='")[1].split("'")[0] for page in (first, second)]
    policy = first.headers["Content-Security-Policy"]
    tap.check(nonces[0] != nonces[1] and len(nonces[0]) >= 22 and "__" not in nonces[0], "each page has a fresh nonce", str(nonces))
    tap.check(f"style-src 'self' 'nonce-{nonces[0]}'" in policy and "script-src 'self';" in policy, "which the policy names", policy)
    tap.check("unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, "a strict policy", policy)
    asset = judge.ask(("GET", "/assets/{file}"), 200, "/assets/app-0a1B2c3d.js", as_nobody=True)
    tap.check(asset.headers["Cache-Control"] == "public, max-age=31536000, immutable", "a hashed asset is immutable")
    tap.check(asset.type.startswith("text/javascript"), "and has its type", asset.type)
    tap.check(rig.ask("GET", "/assets/icon.svg").headers["Cache-Control"] == "public, max-age=3600", "an asset without a hash is not")
    judge.ask(("GET", "/assets/{file}"), 304, "/assets/icon.svg", headers={"If-None-Match": rig.ask("GET", "/assets/icon.svg").headers["ETag"]})
    judge.ask(("GET", "/assets/{file}"), 206, "/assets/icon.svg", headers={"Range": "bytes=0-1"})
    judge.ask(("GET", "/assets/{file}"), 404, "/assets/none.js")
    judge.ask(("GET", "/{page}"), 404, "/robots.txt")
    worker = judge.ask(("GET", "/service-worker.js"), 200, as_nobody=True)
    tap.check(worker.type.startswith("text/javascript") and worker.headers["Cache-Control"] == "no-cache", "the service worker is asked for anew")
    tap.check(worker.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'", "and reads its own server only")
    tap.check("connect-src 'self' https://maps.test:8443; worker-src 'self';" in policy, "a page may read the map's origin", policy)
    os.symlink("/etc/passwd", rig.path("web", "assets", "out.svg"))
    for path in ("/assets/out.svg", "/assets/..%2findex.html", "/assets/%2e%2e/index.html", "/assets/../index.html", "/assets/.hidden"):
        tap.check(rig.ask("GET", path).status in (400, 404), f"{path} leads nowhere")
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "X-Frame-Options"):
        tap.check(first.headers[name] and asset.headers[name], f"{name} is on every answer")


def check_speed(tap, rig):
    connection, times = rig.connect(), []
    for _ in range(100):
        begin = time.monotonic()
        body = '{"tier":"informational","texts":[{"language":"en","text":"x"}],"targets":{"zones":["north"]},"duration_s":60}'
        connection.request("POST", "/api/alerts", body, {"Authorization": f"Bearer {rig.token}", "Content-Type": "application/json"})
        status = connection.getresponse()
        status.read()
        times.append(time.monotonic() - begin)
        if status.status != 202:
            tap.check(False, "POST /api/alerts", str(status.status))
            return
    median, p99 = percentile(times, 0.5) * 1000, percentile(times, 0.99) * 1000
    print(f"# POST /api/alerts: median {median:.1f} ms, p99 {p99:.1f} ms; RSS {rig.rss_bytes() / 1e6:.1f} MB")
    tap.check(p99 < 150, "POST /api/alerts answers within 150 ms (p99)")
    tap.check(rig.rss_bytes() <= 60e6, "control keeps within 60 MB")


def main():
    tap = Tap()
    with Rig() as rig:
        judge = Judge(rig, tap)
        try:
            check_routes(tap, rig)
            rig.stop()
            rig.start(**MAP)
            check_nobody(judge)
            check_no_provider(judge)
            check_sign_in(judge)
            check_tokens(judge)
            check_factors(judge)
            check_people(judge)
            live = check_fleet(judge)
            check_alerts(judge, live)
            check_preview(judge)
            check_map(judge)
            check_live(judge, live)
            check_service(judge)
            check_page(judge)
            check_speed(tap, rig)
            missing = set(judge.document.operations()) - judge.seen
            tap.check(not missing, "every documented operation was asked", str(missing))
            seconds, status = rig.stop()
            tap.check(status == 0 and seconds < 5, "it ends in order", f"{status} after {seconds:.1f} s")
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in rig.log().splitlines()[-30:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
