#!/usr/bin/env python3
"""tocsin-control: GET /api/resources beside the field's stack, its start, its memory.

Prints `name<TAB>value<TAB>unit`. Needs wrk; the peer (tests/bench/peers, FastAPI on PostgreSQL) is installed from PyPI into
build/peer and left out, with the reason, when that or PostgreSQL is missing. Ours and the peer run at once and take turns in
short rounds; figures are medians of the rounds. CPU is user and system time of all of a server's processes by the requests
that they answered, PostgreSQL's apart. Control's database is the sealed file, or PostgreSQL with its row-level security:

    tests/lib/postgres_rig.py python3 tests/bench/control_bench.py
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from load_rig import EVENTS, LoadRig, Nginx, TALLIES, cpu_seconds, free_port, median, memory, note, say, time, wait_for, wrk  # noqa: E402
from postgres_rig import Postgres, programs  # noqa: E402
from site_runner import ROOT  # noqa: E402

ROUNDS = int(os.environ.get("CONTROL_ROUNDS", "3"))
SECONDS = int(os.environ.get("CONTROL_SECONDS", "3"))
STARTS = int(os.environ.get("CONTROL_STARTS", "7"))
REQUESTS = int(os.environ.get("CONTROL_REQUESTS", "1000000"))
IDLE = int(os.environ.get("CONTROL_IDLE", "10000"))
PEER = os.path.join(ROOT, "tests", "bench", "peers")
VENV = os.path.join(ROOT, "build", "peer")
SCHEMA = """
CREATE TABLE tallies (zone text PRIMARY KEY, devices bigint NOT NULL, cameras bigint NOT NULL, events bigint NOT NULL, alerts bigint NOT NULL);
ALTER TABLE tallies ENABLE ROW LEVEL SECURITY;
ALTER TABLE tallies FORCE ROW LEVEL SECURITY;
CREATE POLICY reach ON tallies USING (current_setting('app.zones', true) = '*' OR current_setting('app.zones', true) LIKE '%,' || zone || ',%');
CREATE ROLE peer LOGIN NOSUPERUSER NOBYPASSRLS;
GRANT SELECT ON tallies TO peer;
"""


# ---- the peer ----


def peer_token(secret):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": "peer", "aud": "peer", "sub": "user-1", "zones": "*", "iat": int(time.time()), "exp": int(time.time()) + 3600}
    words = part({"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
    mac = hmac.new(secret.encode(), words.encode(), hashlib.sha256).digest()
    return words + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


class Peer:
    def __init__(self, rows):
        self.postgres = Postgres().__enter__()
        self.postgres.sql(SCHEMA)
        values = ", ".join("('{}', {}, {}, {}, {})".format(*row.split("\t")) for row in rows)
        self.postgres.sql(f"INSERT INTO tallies VALUES {values};")
        self.port, secret = free_port(), os.urandom(32).hex()
        self.token = peer_token(secret)
        env = {**os.environ, "PEER_SECRET": secret, "PEER_DATABASE": f"postgresql+asyncpg://peer@/postgres?host={self.postgres.folder}&port={self.postgres.port}"}
        words = [os.path.join(VENV, "bin", "uvicorn"), "resources:app", "--app-dir", PEER, "--host", "127.0.0.1", "--port", str(self.port)]
        words += ["--workers", str(os.cpu_count()), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        begin = time.monotonic()
        self.process = subprocess.Popen(words, env=env)
        wait_for(lambda: ask(self.port, "/api/resources", self.token) == 200, 60, "the peer", 0.02)
        say("peer_ready", (time.monotonic() - begin) * 1000, "ms")

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.postgres.__exit__()


def install_peer():
    """Why there is none, or None."""
    wanted = os.path.join(PEER, "requirements.txt")
    mark = os.path.join(VENV, "requirements.txt")
    if os.path.exists(mark) and open(mark, encoding="ascii").read() == open(wanted, encoding="ascii").read():
        return None
    for words in (["python3", "-m", "venv", VENV], [os.path.join(VENV, "bin", "pip"), "install", "--quiet", "-r", wanted]):
        done = subprocess.run(words, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            return done.stderr.strip().splitlines()[-1]
    shutil.copy(wanted, mark)
    return None


# ---- what is measured ----


def ask(port, path, token=None):
    """The status of one request on a connection of its own; 0: none."""
    words = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as link:
            link.sendall(words.encode())
            return int(link.recv(4096).split(b" ")[1])
    except (OSError, IndexError, ValueError):
        return 0


def measure(pid, database, port, token):
    """Requests a second, microseconds of the server's CPU and of its database's a request, failures."""
    begin = cpu_seconds(pid), cpu_seconds(database) if database else 0
    rate, count, bad = wrk(port, token, SECONDS)
    return rate, (cpu_seconds(pid) - begin[0]) / count * 1e6, (cpu_seconds(database) - begin[1]) / count * 1e6 if database else 0, bad


def bench_requests(rig):
    why = install_peer() if programs() else "there is no PostgreSQL"
    peer = None
    if why:
        note(f"the peer is left out: {why}")
    else:
        peer = Peer(rig.seed(TALLIES, "rows").splitlines())
    ours, theirs = [], []
    try:
        for _ in range(ROUNDS):
            rig.renew()
            ours.append(measure(rig.control.pid, rig.database_pid(), rig.port, rig.token))
            if peer:
                theirs.append(measure(peer.process.pid, peer.postgres.process.pid, peer.port, peer.token))
            note(f"ours {ours[-1]}, the peer's {theirs[-1:]}")
    finally:
        if peer:
            peer.close()
    if any(row[3] for row in ours + theirs):
        sys.exit(f"control_bench: requests failed: {ours} {theirs}")
    say("resources_rate", median(row[0] for row in ours), "1/s")
    say("resources_cpu", median(row[1] for row in ours), "us")
    say("resources_database_cpu", median(row[2] for row in ours), "us")
    if peer:
        say("resources_peer_rate", median(row[0] for row in theirs), "1/s")
        say("resources_peer_cpu", median(row[1] for row in theirs), "us")
        say("resources_peer_database_cpu", median(row[2] for row in theirs), "us")
        say("resources_times_peer", median(mine[0] / peers[0] for mine, peers in zip(ours, theirs)), "")


def start_once(rig):
    """Milliseconds from exec to the first answer of /health; the administrator has long had a password of their own."""
    env = {**os.environ, **rig.secrets}
    del env["TOCSIN_ADMIN_PASSWORD"]
    with open(rig.path("control.log"), "ab") as log:
        begin = time.monotonic()
        rig.control = subprocess.Popen(rig.config(**rig.more), stderr=log, env=env)
    while ask(rig.port, "/health") == 0:
        if time.monotonic() - begin > 20:
            sys.exit("control_bench: control does not start")
        time.sleep(0.0005)
    return (time.monotonic() - begin) * 1000


def bench_starts(rig):
    times, again = [], []
    for _ in range(STARTS):
        rig.stop()
        times.append(start_once(rig))
        wrk(rig.port, rig.token, 1)
        rig.control.kill()
        rig.control.wait()
        again.append(start_once(rig))
    note(f"starts {times}, after kill -9 {again}")
    say("control_ready", median(times), "ms")
    say("control_back_after_kill", median(again), "ms")


def bench_idle(rig):
    rig.stop()
    start_once(rig)
    time.sleep(1)
    say("control_idle_rss", memory(rig.control.pid) / 1e6, "MB")
    say("control_idle_own", memory(rig.control.pid, "RssAnon") / 1e6, "MB")


def bench_heap(rig):
    """A million requests; the memory after the first tenth and at the end."""
    rig.renew()
    wrk(rig.port, rig.token, 3)
    before, done = memory(rig.control.pid, "RssAnon"), 0
    while done < REQUESTS:
        rig.renew()
        done += wrk(rig.port, rig.token, 20)[1]
    say("control_heap_growth", (memory(rig.control.pid, "RssAnon") - before) / 1e6, "MB")
    note(f"{done} requests")


def bench_keep_alives(rig):
    """Clients of nginx that have each had an answer and stay."""
    nginx, links = Nginx(rig, rig.port), []
    words = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    try:
        for _ in range(IDLE):
            link = socket.create_connection(("127.0.0.1", nginx.port), 10)
            link.sendall(words)
            if b" 200 " not in link.recv(4096)[:20]:
                sys.exit("control_bench: a keep-alive client was not answered")
            links.append(link)
        say("control_keep_alives_rss", memory(rig.control.pid) / 1e6, "MB")
    finally:
        for link in links:
            link.close()
        nginx.close()


def main():
    if not shutil.which("wrk"):
        sys.exit("control_bench: wrk is missing")
    with LoadRig() as rig:
        rig.begin_load()
        note(f"{EVENTS} events")
        bench_idle(rig)
        bench_starts(rig)
        bench_requests(rig)
        bench_heap(rig)
        if shutil.which("nginx"):
            bench_keep_alives(rig)
    return 0


if __name__ == "__main__":
    sys.exit(main())
