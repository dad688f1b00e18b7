#!/usr/bin/env python3
"""Three control servers behind nginx, on one PostgreSQL, Redis and broker: they share the load, know of each other within a second,
and killing any of them under load loses no request that was answered and no alert."""

import http.client
import os
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD  # noqa: E402
from edge_rig import uuid7  # noqa: E402
from several_rig import NAMES, SIGN, SeveralRig, now  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

FAULTS = (OSError, ssl.SSLError, http.client.HTTPException)
CLIP = bytes(range(256)) * 40


def order(text="x", zone="north", seconds=600):
    return {"tier": "advisory", "texts": [{"language": "en", "text": text}], "targets": {"zones": [zone]}, "duration_s": seconds}


def in_parallel(count, function):
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---- what every request meets ----


def check_load(tap, rig):
    statuses = []
    before = rig.served()
    in_parallel(6, lambda: [statuses.append(rig.ask("GET", "/api/alerts").status) for _ in range(40)])
    served = {name: count - before[name] for name, count in rig.served().items()}
    print(f"# 240 requests, by server: {served}")
    tap.check(statuses == [200] * 240, "every request is answered", str({s: statuses.count(s) for s in set(statuses)}))
    tap.check(all(count >= 12 for count in served.values()), "each server answers its part", str(served))
    leading = rig.leaders()
    tap.check(len(leading) == 1, "one of them leads", str(leading))
    health = {name: rig.ask_at(name, "GET", "/health").json["checks"]["bus"] for name in NAMES}
    tap.check(sorted(health.values()) == ["of another server", "of another server", "ok"], "and only it has the bus", str(health))


def check_front(tap, rig):
    """What nginx adds and what it leaves alone."""
    answer = rig.ask("GET", "/health", as_nobody=True)
    tap.check("max-age" in answer.headers["Strict-Transport-Security"] and "default-src" in answer.headers["Content-Security-Policy"], "HSTS and CSP come through nginx")
    tap.check("Server" not in answer.headers or "/" not in answer.headers["Server"], "without a version", str(answer.headers.get("Server")))
    tap.check(rig.ask("GET", "/metrics", as_nobody=True).status in (401, 403, 404), "/metrics is for nobody outside")
    tap.check(rig.ask("POST", "/auth/login", "x" * (300 * 1024), as_nobody=True).status == 413, "a body that is too long ends at nginx")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    try:
        connection = http.client.HTTPSConnection("127.0.0.1", rig.public_port, timeout=5, context=old)
        connection.request("GET", "/health")
        tap.check(False, "TLS 1.2 is refused")
    except FAULTS:
        tap.check(True, "TLS 1.2 is refused")


def check_sessions(tap, rig):
    got = rig.ask_at("a", "POST", "/auth/login", {"username": "admin", "password": PASSWORD, "program": True}, as_nobody=True).json
    token = got["access_token"]
    tap.check([rig.ask_at(name, "GET", "/api/alerts", token=token).status for name in NAMES] == [200] * 3, "signed in at a, the token is good at all")
    tap.check(len({rig.ask_at(name, "GET", "/.well-known/jwks.json", as_nobody=True).body for name in NAMES}) == 1, "all publish the same keys")
    refreshed = rig.ask_at("b", "POST", "/auth/refresh", {"refresh_token": got["refresh_token"]}, as_nobody=True)
    tap.check(refreshed.status == 200, "and refreshed at b", str(refreshed.status))
    live = rig.live_at("c", token)
    rig.ask_at("a", "POST", "/auth/logout", {}, token=token)
    begin = now()
    took = tap.attempt("signed out at a: refused everywhere", lambda: wait_for(lambda: all(rig.ask_at(name, "GET", "/api/alerts", token=token).status == 401 for name in NAMES) and now() - begin, 5, "401", 0.02))
    closed = tap.attempt("and its live link at c ends", lambda: wait_for(lambda: live.closed and now() - begin, 5, "the link's end", 0.02))
    if took and closed:
        print(f"# signed out at a: refused at all after {took * 1000:.0f} ms, the live link at c over after {closed * 1000:.0f} ms")
        tap.check(took <= 1 and closed <= 1, "both within a second", f"{took:.2f} {closed:.2f}")


def check_limits(tap, rig):
    """Five wrong passwords of an account from an address, spread over three servers."""
    def wrong(name):
        body = {"username": "admin", "password": "wrong, and long enough"}
        return rig.ask_at(name, "POST", "/auth/login", body, {"X-Forwarded-For": "198.51.100.7"}, as_nobody=True).status

    statuses = [wrong(name) for name in "abcab"]
    tap.check(statuses == [401] * 5, "five tries, wherever", str(statuses))
    statuses = [wrong(name) for name in "cab"]
    tap.check(statuses == [429] * 3, "the sixth waits, wherever", str(statuses))
    tap.check(rig.sign_in().status == 200, "from elsewhere the account is open")


def check_live(tap, rig):
    links = {name: rig.live_at(name) for name in NAMES}
    rig.publish_status(cameras=(("gate", "online"),))
    begin = now()
    event = rig.publish_event()

    def seen(name):
        return any(m["kind"] == "event" and m["data"].get("id") == event for m in list(links[name].messages))

    for name in NAMES:
        tap.attempt(f"an event reaches the browser at {name}", lambda name=name: wait_for(lambda: seen(name), 10, "the event", 0.01))
    print(f"# an event was at all three after {(now() - begin) * 1000:.0f} ms, signing and publishing it included")
    tap.check(all(sum(1 for m in link.messages if m["kind"] == "event") == 1 for link in links.values()), "once at each")
    return event


def check_clip(tap, rig, event):
    def serve(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "video/mp4")
        handler.send_header("Content-Length", str(len(CLIP)))
        handler.end_headers()
        handler.wfile.write(CLIP)

    rig.edge.serve = serve
    grant = rig.ask_at("a", "POST", f"/api/events/{event}/stream", {"operation": "clip"}).json
    answer = rig.ask_at("b", "GET", grant["href"], headers={"Tocsin-Stream-Token": grant["token"]})
    tap.check(answer.status == 200 and answer.body == CLIP, "a stream token of a opens the clip at b", str(answer.status))
    tap.check(rig.ask_at("c", "GET", grant["href"], headers={"Tocsin-Stream-Token": grant["token"]}).status == 403, "once")


# ---- alerts ----


def delivery(rig, name, alert):
    found = rig.ask_at(name, "GET", f"/api/alerts/{alert}").json["deliveries"]
    return next((d["state"] for d in found if d["device"] == SIGN), None)


def send_to_sign(tap, rig, at, read_at, what):
    begin = now()
    answer = rig.ask_at(at, "POST", "/api/alerts", order(what))
    if not tap.check(answer.status == 202, f"{what}: posted at {at}", str(answer.status)):
        return None
    alert = answer.json["id"]
    lit = tap.attempt(f"{what}: lit, as {read_at} tells", lambda: wait_for(lambda: delivery(rig, read_at, alert) == "lit" and now() - begin, 20, "lit", 0.02))
    tap.check(len(set(rig.heard(alert))) == 1, f"{what}: one text was said", str(len(rig.heard(alert))))
    rig.ask_at(read_at, "POST", f"/api/alerts/{alert}/cancel")
    tap.attempt(f"{what}: cancelled at {read_at}, dark", lambda: wait_for(lambda: delivery(rig, at, alert) == "cleared", 20, "cleared", 0.05))
    return lit


def check_alerts(tap, rig):
    rig.edge_start()
    tap.attempt("the sign is known at all", lambda: wait_for(lambda: all(SIGN in [d["name"] for d in rig.ask_at(n, "GET", "/api/devices").json["devices"]] for n in NAMES), 20, "the sign"))
    times = [send_to_sign(tap, rig, at, read_at, f"alert of {at}") for at, read_at in (("a", "b"), ("b", "c"), ("c", "a"))]
    if all(times):
        print("# from the POST to lit, as another server tells: " + ", ".join(f"{t * 1000:.0f} ms" for t in times))


# ---- one after the other dies ----


class Load:
    """A steady stream through nginx. A POST that got no answer is sent again with its key, as a client does."""

    def __init__(self, rig):
        self.rig, self.ends = rig, False
        self.answered, self.unanswered, self.gets = {}, 0, []
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.post, self.post, self.get, self.get)]
        for thread in self.threads:
            thread.start()

    def post(self):
        while not self.ends:
            key = uuid7()
            while not self.ends:
                try:
                    answer = self.rig.ask("POST", "/api/alerts", order("load " + key, "south"), {"Idempotency-Key": key})
                except FAULTS:
                    answer = None
                if answer and answer.status == 202:
                    self.answered[key] = answer.json["id"]
                    break
                self.unanswered += 1
                time.sleep(0.05)
            time.sleep(0.1)

    def get(self):
        while not self.ends:
            try:
                self.gets.append(self.rig.ask("GET", "/api/devices").status)
            except FAULTS as error:
                self.gets.append(type(error).__name__)
            time.sleep(0.05)

    def stop(self):
        self.ends = True
        for thread in self.threads:
            thread.join(30)


def kill_one(tap, rig, name, bounds):
    leads = rig.leaders() == [name]
    rig.servers[name].kill()
    begin = now()
    if leads:
        rig.wait_leader()
        bounds.append(now() - begin)
    time.sleep(0.5)  # the stream goes on without it
    other = next(n for n in NAMES if n != name)
    send_to_sign(tap, rig, other, next(n for n in NAMES if n not in (name, other)), f"alert without {name}")
    before = rig.served()[name]
    rig.server_start(name)
    wait_for(lambda: rig.served()[name] > before, 20, f"nginx to use {name} again")  # one after the other, not two at once


def all_alerts(rig):
    found, before = [], ""
    while True:
        page = rig.ask("GET", "/api/alerts?limit=200" + (f"&before={before}" if before else "")).json
        found += page["alerts"]
        before = page.get("next")
        if not before:
            return found


def check_kills(tap, rig):
    bounds = []
    load = Load(rig)
    wait_for(lambda: len(load.answered) >= 10, 20, "the load to run")
    for name in [*NAMES, rig.wait_leader(), rig.wait_leader()]:
        kill_one(tap, rig, name, bounds)
    wait_for(lambda: len(load.answered) >= 100, 60, "a hundred answered")
    load.stop()
    answered = list(load.answered.values())
    bad = [status for status in load.gets if status != 200]
    print(f"# five kills (kill -9) under load: {len(answered)} POSTs answered, {load.unanswered} unanswered and sent again, {len(load.gets)} GETs, {len(bad)} of them not 200")
    print("# another leads after " + ", ".join(f"{b:.2f} s" for b in bounds))
    tap.check(bounds and max(bounds) <= 2.0, "another leads within two seconds", str(bounds))
    tap.check(not bad, "no GET failed: nginx asked another server", str(bad[:5]))
    texts = [a["texts"][0]["text"] for a in all_alerts(rig) if a["texts"][0]["text"].startswith("load ")]
    tap.check(len(set(answered)) == len(answered), "each answered POST made an alert of its own")
    tap.check(all(texts.count("load " + key) == 1 for key in load.answered), "each stands there exactly once", str([k for k in load.answered if texts.count("load " + k) != 1][:3]))
    tap.check(len(texts) - len(answered) <= 2, "and nothing else does, but the last two that nobody waited for", f"{len(texts)} {len(answered)}")
    tap.attempt("each went out to its zone", lambda: wait_for(lambda: all(rig.heard(alert) for alert in answered), 30, "all to be heard", 0.5))
    heard = [len(rig.heard(alert)) for alert in answered]
    tap.check(all(len(set(rig.heard(alert))) == 1 for alert in answered), "with one text each")
    print(f"# said once: {heard.count(1)}, said again by the next leader, in the same words: {len(heard) - heard.count(1)}")
    tap.check(max(heard) <= 2 and heard.count(1) >= 0.9 * len(heard), "hardly one was said twice", str(sorted(heard)[-5:]))


# ---- what they lean on goes away ----


def check_redis(tap, rig):
    rig.redis.kill()
    rig.redis.wait()
    begin = now()
    statuses = [rig.ask_at(name, "POST", "/auth/login", {"username": "admin", "password": PASSWORD}, {"X-Forwarded-For": "203.0.113.9"}, as_nobody=True).status for name in NAMES]
    took = now() - begin
    tap.check(statuses == [200] * 3, "without Redis people sign in everywhere", str(statuses))
    print(f"# three sign-ins without Redis: {took:.2f} s")
    tap.attempt("each says so once", lambda: wait_for(lambda: all(rig.servers[n].log().count("redis.away") == 1 for n in NAMES), 10, "redis.away"))
    tap.check(all(rig.metric(n, "tocsin_redis_connected") == 0 and rig.metric(n, "tocsin_redis_failed_total") > 0 for n in NAMES), "and counts it")
    tap.check(len(rig.leaders()) == 1, "the lead stays")
    rig.redis_start()

    def back():
        for name in NAMES:
            rig.ask_at(name, "GET", "/api/alerts")
        return all(rig.metric(name, "tocsin_redis_connected") == 1 for name in NAMES)

    tap.attempt("it is back: all count in it again", lambda: wait_for(back, 10, "Redis at all"))
    check_limits(tap, rig)


def check_database(tap, rig):
    if not rig.postgres:
        print("# no PostgreSQL here: its restart is not tried")
        return
    before = rig.wait_leader()
    rig.postgres.stop("immediate")
    begin = now()
    tap.attempt("without PostgreSQL nobody leads", lambda: wait_for(lambda: rig.leaders() == [], 5, "the end of the lead", 0.02))
    away = now() - begin
    rig.postgres.start()
    begin = now()
    tap.attempt("it is back: one leads", lambda: wait_for(lambda: len(rig.leaders()) == 1, 10, "a leader", 0.02))
    tap.attempt("and all are well", lambda: wait_for(lambda: all(rig.healthy(name) for name in NAMES), 20, "health", 0.05))
    print(f"# PostgreSQL killed for {away:.1f} s: all well {now() - begin:.2f} s after it came back; {before} led before, {rig.wait_leader()} after")
    send_to_sign(tap, rig, "b", "a", "alert after PostgreSQL")


def check_stop(tap, rig):
    name = rig.wait_leader()
    server = rig.servers[name]
    begin = now()
    server.process.send_signal(signal.SIGTERM)
    rig.wait_leader()
    wait_for(lambda: rig.leaders() not in ([], [name]), 10, "another leader", 0.01)
    took = now() - begin
    print(f"# the leader ended in order: another led after {took:.2f} s")
    tap.check(took <= 1.5, "another leads at once", f"{took:.2f}")
    tap.check(server.process.wait(20) == 0, "it ends in order")
    rig.server_start(name)


def check_hung(tap, rig):
    """Not dead, but without life: another leads, and when it wakes up it finds that."""
    name = rig.wait_leader()
    process, others = rig.servers[name].process, [n for n in NAMES if n != name]
    process.send_signal(signal.SIGSTOP)
    begin = now()
    try:
        wait_for(lambda: any(rig.metric(n, "tocsin_leading") == 1 for n in others), 10, "another leader", 0.02)
        took = now() - begin
        send_to_sign(tap, rig, others[0], others[1], "alert beside a hung server")
    finally:
        process.send_signal(signal.SIGCONT)
    woken = now()
    tap.attempt("it wakes up and follows", lambda: wait_for(lambda: len(rig.leaders()) == 1 and rig.leaders() != [name], 5, "one leader", 0.01))
    print(f"# the leader was stopped (SIGSTOP): another led after {took:.2f} s; woken up, it followed after {now() - woken:.2f} s")
    tap.check(took <= 2, "another leads within two seconds of its last sign of life", f"{took:.2f}")
    send_to_sign(tap, rig, name, others[0], "alert of who was hung")


def check_record(tap, rig):
    def notes():
        return [rig.ask_at(name, "GET", "/api/audit/checkpoint").body for name in NAMES]

    page = rig.ask("GET", "/api/audit?limit=1").json
    newest, policy = page["entries"][0]["index"], rig.path("policy")
    with open(policy, "w", encoding="ascii") as file:
        file.write(f"log {page['vkey']}\nquorum none\n")

    def proofs():
        got = [rig.ask_at(name, "GET", f"/api/audit/{newest}").json for name in NAMES]
        return all(entry.get("proof") for entry in got)

    tap.attempt("every server proves the newest entry", lambda: wait_for(proofs, 30, "proofs", 0.2))
    tap.attempt("below one checkpoint", lambda: wait_for(lambda: len(set(notes())) == 1, 30, "one checkpoint", 0.2))
    for name in NAMES:
        tap.check("audit.halted" not in rig.servers[name].log(), f"the log at {name} never halted")
        words = ["audit", "verify", os.path.join(rig.servers[name].state, "audit"), "--policy", policy]
        done = subprocess.run([os.path.join(rig.build, "tocsin"), *words], capture_output=True, text=True, timeout=60)
        tap.check(done.returncode == 0 and done.stdout.startswith("good: "), f"an auditor finds the files of {name} good", (done.stdout + done.stderr).strip()[-200:])


def main():
    tap = Tap()
    with SeveralRig() as rig:
        print("# on PostgreSQL" if rig.postgres else "# on one file of SQLite")
        try:
            rig.begin()
            rig.listen()
            check_load(tap, rig)
            check_front(tap, rig)
            check_sessions(tap, rig)
            check_limits(tap, rig)
            check_clip(tap, rig, check_live(tap, rig))
            check_alerts(tap, rig)
            check_kills(tap, rig)
            check_redis(tap, rig)
            check_database(tap, rig)
            check_stop(tap, rig)
            check_hung(tap, rig)
            check_record(tap, rig)
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            for server in rig.servers.values():
                print("\n".join(f"# {server.name}: " + line for line in server.log().splitlines()[-12:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
