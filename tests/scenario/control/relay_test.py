#!/usr/bin/env python3
"""Clips, snapshots and a sign's frames on their way from an edge through control to a browser: who may open what, once,
and what happens when either side is slow, strange or gone."""

import base64
import http.client
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import DEVICE, ONE_TIME, PASSWORD, FakeEdge, Rig  # noqa: E402
from openapi import Document  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

CLIP = os.urandom(3_000_000)
FRAME = b"TSGN" + bytes(4) + bytes(8) + (64).to_bytes(2, "big") + (32).to_bytes(2, "big") + bytes(6144)


def send_clip(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp4")
    handler.send_header("Content-Length", str(len(CLIP)))
    handler.end_headers()
    handler.wfile.write(CLIP)


def send_endless(handler):
    """More than all buffers on the way can hold."""
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp4")
    handler.end_headers()
    handler.close_connection = True
    for _ in range(100):
        handler.wfile.write(CLIP)


def send_half(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp4")
    handler.send_header("Content-Length", str(len(CLIP)))
    handler.end_headers()
    handler.wfile.write(CLIP[:1_000_000])
    handler.wfile.flush()
    handler.connection.close()
    handler.close_connection = True


def send_status(status):
    def serve(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", "application/problem+json")
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"{}")

    return serve


class Frames:
    """An endless stream: one frame at once, then one for each `tick`."""

    def __init__(self):
        self.tick, self.ended = threading.Semaphore(0), threading.Event()

    def __call__(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.end_headers()
        handler.close_connection = True
        try:
            handler.wfile.write(FRAME)
            while True:
                if self.tick.acquire(timeout=0.1):
                    handler.wfile.write(FRAME)
                handler.connection.setblocking(False)
                try:
                    if handler.connection.recv(1) == b"":
                        break
                except (BlockingIOError, OSError) as error:
                    if "read" not in str(error) and not isinstance(error, BlockingIOError):
                        break
                handler.connection.setblocking(True)
        except OSError:
            pass
        self.ended.set()


class Desk:
    def __init__(self, rig, tap):
        self.rig, self.tap, self.document = rig, tap, Document()

    def grant(self, event_id, operation="clip"):
        return self.rig.ask("POST", f"/api/events/{event_id}/stream", {"operation": operation}).json

    def open(self, path, token, **how):
        return self.rig.ask("GET", path, headers={"Tocsin-Stream-Token": token, **how.pop("headers", {})}, **how)

    def check(self, answer, status, what, reason=None):
        good = answer.status == status and (reason is None or answer.json.get("reason") == reason)
        self.tap.check(good, what, f"{answer.status} {answer.body[:200]!r}")
        if status >= 400:
            self.document.check_answer(("GET", "/stream/{id}/{operation}"), answer.status, answer.type, answer.body)


def check_whole(desk, event_id):
    rig, tap = desk.rig, desk.tap
    rig.edge.serve = send_clip
    grant = desk.grant(event_id)
    tap.check(grant["href"] == f"/stream/{event_id}/clip", "where to fetch it", grant["href"])
    envelope = json.loads(base64.urlsafe_b64decode(grant["token"] + "=" * (-len(grant["token"]) % 4)))
    content = envelope["content"]
    told = {key: content[key] for key in ("type", "event_id", "operation", "device", "subject")}
    expected = {"type": "stream_token", "event_id": event_id, "operation": "clip", "device": DEVICE, "subject": "admin"}
    tap.check(told == expected and content["not_after"] == grant["expires_at"], "the token says what it opens", str(content))
    answer = desk.open(grant["href"], grant["token"])
    desk.check(answer, 200, "the clip comes")
    tap.check(answer.body == CLIP and answer.type == "video/mp4", "byte for byte")
    path, token, certificate = rig.edge.asked[-1]
    tap.check((path, token) == (f"/media/{event_id}/clip", grant["token"]), "the edge got the same token")
    names = [name for kind, name in certificate["subjectAltName"] if kind == "URI"]
    tap.check(names == ["spiffe://test/control/main"], "from control, by its certificate", str(names))
    desk.check(desk.open(grant["href"], grant["token"]), 403, "a token opens once", "unknown")


def check_refused(desk, event_id, other_id):
    rig = desk.rig
    before = len(rig.edge.asked)
    grant = desk.grant(event_id)
    desk.check(desk.open(f"/stream/{event_id}/snapshot", grant["token"]), 403, "not the other operation", "other_event")
    desk.check(desk.open(f"/stream/{other_id}/clip", grant["token"]), 403, "not another event", "other_event")
    desk.check(desk.open(grant["href"], grant["token"][:-2] + "AA"), 403, "not a changed token", "unknown")
    desk.check(desk.open(grant["href"], grant["token"], as_nobody=True), 401, "not without a session")
    thief = rig.sign_in().json["access_token"]
    stolen = desk.open(grant["href"], grant["token"], headers={"Authorization": f"Bearer {thief}"})
    desk.check(stolen, 403, "not for whom it was stolen by", "other_session")
    desk.tap.check("reason=other_session" in rig.log() and "audit.stream_refused" in rig.log(), "which is audited")
    desk.tap.check(len(rig.edge.asked) == before, "the edge was never asked")
    desk.tap.check(rig.ask("GET", grant["href"]).status == 403, "nor without a token")


def check_edge_faults(desk, event_id):
    rig, tap = desk.rig, desk.tap

    def ask():
        grant = desk.grant(event_id)
        return desk.open(grant["href"], grant["token"])

    for status, shown in ((404, 404), (403, 403), (500, 502), (302, 502)):
        rig.edge.serve = send_status(status)
        desk.check(ask(), shown, f"the edge's {status} is shown as {shown}")
    rig.edge.serve = send_half
    try:
        answer = ask()
        tap.check(False, "a clip that breaks off does not look whole", f"{answer.status}, {len(answer.body)} bytes")
    except http.client.IncompleteRead as error:
        tap.check(len(error.partial) <= 1_000_000, "a clip that breaks off does not look whole")
    rig.edge.serve = send_clip  # until control has heard of the new address
    impostor = FakeEdge(rig, "thief")
    impostor.serve = send_clip
    rig.publish_status(media_url=impostor.url)
    wait_for(lambda: ask().status == 502, 10, "the impostor to be noticed")
    tap.check(impostor.asked == [], "another device at the edge's address is told nothing")
    impostor.close()
    desk.check(ask(), 502, "an edge that is down: 502")
    rig.publish_status()
    rig.edge.serve = send_clip
    tap.attempt("back at its address it serves again", lambda: wait_for(lambda: ask().status == 200, 10, "the edge"))


def check_frames(desk):
    rig, tap = desk.rig, desk.tap
    frames = rig.edge.serve = Frames()
    connection = rig.connect()
    connection.request("GET", f"/api/devices/{DEVICE}/sign/frames", headers={"Authorization": f"Bearer {rig.token}"})
    response = connection.getresponse()
    tap.check(response.status == 200 and response.headers["Content-Type"] == "application/octet-stream", "the sign's stream opens")
    for i in range(3):
        tap.check(response.read(len(FRAME)) == FRAME, f"frame {i + 1} comes as it is made")
        frames.tick.release()
    connection.close()
    response.close()
    tap.check(frames.ended.wait(10), "when the browser goes, the edge is let go")
    tap.check(rig.ask("GET", f"/api/devices/{DEVICE}/sign/frames", as_nobody=True).status == 401, "not without a session")


def check_sign_out(desk):
    """A stream ends with the session that opened it, within a second or two: also when the sign says nothing."""
    rig, tap = desk.rig, desk.tap
    frames = rig.edge.serve = Frames()
    token = rig.sign_in().json["access_token"]
    connection = rig.connect()
    connection.request("GET", f"/api/devices/{DEVICE}/sign/frames", headers={"Authorization": f"Bearer {token}"})
    response = connection.getresponse()
    tap.check(response.status == 200 and response.read(len(FRAME)) == FRAME, "a sign is watched")
    begin = time.monotonic()
    rig.ask("POST", "/auth/logout", headers={"Authorization": f"Bearer {token}"}, as_nobody=True)
    try:
        whole = response.read() is not None
    except http.client.IncompleteRead:
        whole = False
    tap.check(not whole and time.monotonic() - begin < 3, "sign-out cuts the stream off", f"{time.monotonic() - begin:.1f} s")
    tap.check(frames.ended.wait(10), "and lets the edge go")
    connection.close()


def check_many_views(desk, event_id):
    """People who look at signs leave room for clips."""
    rig, tap = desk.rig, desk.tap
    rig.edge.serve = Frames()
    views = []

    def look():
        connection = rig.connect()
        connection.request("GET", f"/api/devices/{DEVICE}/sign/frames", headers={"Authorization": f"Bearer {rig.token}"})
        views.append((connection, connection.getresponse()))
        return views[-1][1].status

    def leave():
        for connection, response in views:
            connection.close()
            response.close()
        views.clear()

    statuses = [look() for _ in range(18)]
    tap.check(statuses.count(200) == 16 and statuses.count(503) == 2, "16 views of signs at once, 503 for more", str(statuses))
    rig.edge.serve = send_clip
    grant = desk.grant(event_id)
    answer = rig.ask("GET", grant["href"], headers={"Tocsin-Stream-Token": grant["token"]})
    tap.check(answer.status == 200 and answer.body == CLIP, "a clip opens beside them")
    leave()
    rig.edge.serve = Frames()
    tap.attempt("who goes makes room", lambda: wait_for(lambda: look() == 200, 20, "a free view"))
    leave()
    wait_for(lambda: b"tocsin_sign_views_open 0" in rig.ask("GET", "/metrics").body, 20, "all to be let go")


def check_slow(desk, event_id):
    """Forty browsers that do not read: bounded streams, bounded memory, and others are served."""
    rig, tap = desk.rig, desk.tap
    rig.edge.serve = send_endless
    connections, statuses = [], []
    for _ in range(40):
        grant = desk.grant(event_id)
        connection = rig.connect()
        connection.request("GET", grant["href"], headers={"Authorization": f"Bearer {rig.token}", "Tocsin-Stream-Token": grant["token"]})
        statuses.append(connection.getresponse().status)
        connections.append(connection)
    tap.check(statuses.count(200) == 32 and statuses.count(503) == 8, "32 streams at once, 503 for more", str(statuses))
    tap.check(rig.ask("GET", "/api/events").status == 200, "the others are served")
    print(f"# RSS with 32 slow streams: {rig.rss_bytes() / 1e6:.1f} MB")
    tap.check(rig.rss_bytes() <= 60e6, "control keeps within 60 MB")
    for connection in connections:
        connection.sock.close()
    seconds, status = rig.stop()
    tap.check(status == 0 and seconds < 10, "it ends in order with streams open", f"{status} after {seconds:.1f} s")


def main():
    tap = Tap()
    with Rig() as rig:
        try:
            rig.token = rig.sign_in(ONE_TIME).json["access_token"]
            rig.ask("POST", "/auth/password", {"current": ONE_TIME, "new": PASSWORD})
            rig.publish_status()
            event_id, other_id, bare_id = rig.publish_event(), rig.publish_event(), rig.publish_event(clip=False)
            wait_for(lambda: len(rig.ask("GET", "/api/events").json["events"]) == 3, 10, "the events")
            desk = Desk(rig, tap)
            tap.check(rig.ask("POST", f"/api/events/{bare_id}/stream", {"operation": "clip"}).status == 404, "no token for what is not there")
            check_whole(desk, event_id)
            check_refused(desk, event_id, other_id)
            check_edge_faults(desk, event_id)
            check_frames(desk)
            check_sign_out(desk)
            check_many_views(desk, event_id)
            check_slow(desk, event_id)
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in rig.log().splitlines()[-30:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
