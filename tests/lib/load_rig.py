"""A tocsin-control with rows, for what measures it: tests/bench/control_bench.py and tests/load/control_load.py.

Python 3.11 standard library only; wrk and nginx are looked for where they are used.
"""

import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from control_rig import PASSWORD, Rig  # noqa: E402
from edge_rig import free_port, port_open  # noqa: E402
import postgres_rig  # noqa: E402
from site_runner import wait_for  # noqa: E402

EVENTS = int(os.environ.get("CONTROL_EVENTS", "100000"))
DEVICES, ZONES = 200, 5
TICK = os.sysconf("SC_CLK_TCK")
FREE = {"http.rate_account": 1000000, "http.rate_stranger": 1000000}

# In the words that SQLite and PostgreSQL share.
ROWS = f"""
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {DEVICES - 1})
INSERT INTO devices (name, kind, zone, online, version, media_url, sign_width, sign_height, started_us, status_us, contact_us,
                     words, identity, certificate_expires_us, telemetry)
SELECT 'load-' || i, 0, 'zone-' || (i % {ZONES}), 1, '0.1.0', '', 64, 32, 1, 1, 1, '', 'x', 1, '' FROM n;
INSERT INTO cameras (device, name, state, reason, since_us, seen_us)
SELECT name, 'gate', 1, '', 1, 1 FROM devices WHERE name LIKE 'load-%' UNION ALL
SELECT name, 'yard', 1, '', 1, 1 FROM devices WHERE name LIKE 'load-%';
WITH RECURSIVE n(i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS - 1})
INSERT INTO events (event_id, device, sequence, state, camera, zone, label, score, count, started_us, updated_us, ended_us, boxes,
                    snapshot, model, received_us, picture_zones)
SELECT '00000000-0000-7000-8000-' || (100000000000 + i), 'load-' || (i % {DEVICES}), 1, 2, 'gate', 'zone-' || (i % {ZONES}),
       'person', 0.9, 1, 1700000000000000 + i * 1000000, 1, 1, '[]', 0, 'm', 1, '[]' FROM n;
DELETE FROM tallies WHERE zone <> '*';
INSERT INTO tallies (zone, devices, cameras, events)
SELECT zone, count(*), 2 * count(*), (SELECT count(*) FROM events WHERE events.zone = devices.zone) FROM devices GROUP BY zone;
"""
TALLIES = "SELECT zone, devices, cameras, events, alerts FROM tallies ORDER BY zone"


def say(name, value, unit):
    print(f"{name}\t{value:.3f}\t{unit}", flush=True)


def note(text):
    print(f"# {text} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)


def cpu_seconds(pid):
    """Of the process and of its children that have not ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    total = (int(fields[11]) + int(fields[12])) / TICK
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return total + sum(cpu_seconds(int(child)) for child in file.read().split())


def memory(pid, key="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+) kB", file.read()).group(1)) * 1024


class LoadRig(Rig):
    """`token` is an administrator's access token; nothing is limited but what is measured."""

    def begin_load(self, **more):
        """Under `postgres_rig.py COMMAND` control's database is that PostgreSQL, else the sealed file."""
        self.begin()
        self.seed(ROWS)
        self.more = {**FREE, "http.connections": 10000, **more}
        self.stop()
        self.start(**self.more)
        self.renew()

    @property
    def on_postgres(self):
        """The database's address as the server's own superuser, or None: SQLite."""
        used = getattr(self, "database", {}).get("database.address")
        return used and re.sub(r"user=\S+", "user=postgres", used)

    def database_pid(self):
        """PostgreSQL's first process, or None: SQLite works within control."""
        if not self.on_postgres:
            return None
        with open(postgres_rig.ask(self.on_postgres, "SHOW data_directory") + "/postmaster.pid", encoding="ascii") as file:
            return int(file.readline())

    def renew(self):
        self.token = self.sign_in().json["access_token"]

    def seed(self, sql, *words):
        """Runs SQL on the database; with "rows" the columns of its rows, with tabs between."""
        if self.on_postgres:
            return postgres_rig.ask(self.on_postgres, sql).replace("|", "\t")
        done = subprocess.run([os.path.join(self.build, "tests", "seed"), self.path("state", "control.db"), *words], input=sql.encode(), capture_output=True, env={**os.environ, **self.secrets}, check=False)
        if done.returncode != 0:
            raise RuntimeError("seed: " + done.stderr.decode())
        return done.stdout.decode()

    def pace(self, *words, port=None, token=None):
        """tests/load/pace.c; its figures by name."""
        command = [os.path.join(self.build, "tests", "pace"), "--port", str(port or self.port), *map(str, words)]
        if self.tls and not port:
            command += ["--ca", self.path("ca", "web-ca.crt")]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PACE_TOKEN": token or self.token}, check=False)
        return {line.split("\t")[0]: float(line.split("\t")[1]) for line in done.stdout.splitlines()}


def wrk(port, token, seconds=3, connections=32, path="/api/resources"):
    """Requests a second, how many in all, and how many were not answered with success."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-H", f"Authorization: Bearer {token}", f"http://127.0.0.1:{port}{path}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), int(re.search(r"(\d+) requests in", out).group(1)), int(bad.group(1)) if bad else 0


class Nginx:
    """In front of `port`, as deploy/ has it but for TLS: keep-alive on both sides."""

    def __init__(self, rig, port):
        self.port, self.folder = free_port(), rig.path("nginx")
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(f"""daemon off; user root; pid {self.folder}/pid; error_log {self.folder}/error.log; worker_processes 2; worker_rlimit_nofile 20000;
events {{ worker_connections 12000; }}
http {{ access_log off; keepalive_timeout 600; keepalive_requests 100000; client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  upstream control {{ server 127.0.0.1:{port}; keepalive 64; }}
  server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ proxy_pass http://control; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; }} }} }}""")
        self.process = subprocess.Popen(["nginx", "-c", os.path.join(self.folder, "nginx.conf"), "-e", os.path.join(self.folder, "start.log")], stderr=subprocess.DEVNULL)
        wait_for(lambda: port_open(self.port), 10, "nginx")

    def close(self):
        self.process.terminate()
        self.process.wait(20)


def median(values):
    return statistics.median(values)


__all__ = ["EVENTS", "FREE", "LoadRig", "Nginx", "PASSWORD", "TALLIES", "cpu_seconds", "free_port", "median", "memory", "note", "say", "time", "wait_for", "wrk"]
