"""One tocsin-control for a test: its own CA and broker, and an edge that the test plays itself.

Python 3.11 standard library only. Every wait has a deadline and a condition.
"""

import datetime
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from edge_rig import free_port, port_open, rfc3339, user_name, uuid7  # noqa: E402
from postgres_rig import copy_database, new_database  # noqa: E402
from site_runner import ROOT, Live, wait_for  # noqa: E402

DEVICE = "edge-1"
ZONE = "north"
ONE_TIME = "given once only"
PASSWORD = "correct horse battery staple"
PAGE = "<!doctype html><meta name='csp-nonce' content='__CSP_NONCE__'><title>page</title>"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.type = headers.get("Content-Type", "")

    @property
    def json(self):
        return json.loads(self.body)


class FakeEdge:
    """The edge's HTTPS (docs/protocols/media.md): `serve(handler)` answers; what was asked is in `asked`."""

    def __init__(self, rig, name):
        self.asked, self.serve = [], lambda handler: handler.send_error(404)
        edge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                edge.asked.append((self.path, self.headers.get("Tocsin-Stream-Token"), self.connection.getpeercert()))
                edge.serve(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # control hangs up when it does not trust us, or is done
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(rig.path(name + ".crt"), rig.path(name + ".key"))
        context.load_verify_locations(rig.path("ca/ca.crt"))
        context.verify_mode = ssl.CERT_REQUIRED
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Rig:
    def __init__(self):
        self.build = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", os.environ.get("PRESET", "release"))
        self.folder = tempfile.mkdtemp(prefix="tocsin-control-")
        self.broker = self.control = None
        self.broker_port = free_port()
        self.port = free_port()
        self.secrets = {"TOCSIN_DATABASE_KEY": os.urandom(32).hex(), "TOCSIN_ADMIN_PASSWORD": ONE_TIME}
        self.token = None
        server = os.environ.get("TOCSIN_TEST_DATABASE")  # tests/scenario/postgres runs these scenarios a second time
        self.database = new_database(server) if server else {}

    def __enter__(self):
        self.tocsin("ca", "init", "--site", "test", "--dir", self.path("ca"))
        for role, name in (("control", "main"), ("edge", DEVICE), ("edge", "thief"), ("broker", "site"), ("exercise", "drill")):
            self.tocsin("ca", "issue", role, name, "--dir", self.path("ca"), "--out", self.folder, "--host", "127.0.0.1")
        os.makedirs(self.path("web", "assets"))
        for name, text in (("index.html", PAGE), ("assets/app-0a1B2c3d.js", "let page;"), ("assets/icon.svg", "<svg/>"), ("service-worker.js", "let worker;")):
            with open(self.path("web", name), "w", encoding="ascii") as file:
                file.write(text)
        self.edge = FakeEdge(self, DEVICE)
        self.broker_start()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.edge.close()
        self.broker.kill()
        self.broker.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def tocsin(self, *words, data=None):
        done = subprocess.run([os.path.join(self.build, "tocsin"), *words], input=data, capture_output=True, timeout=30)
        if done.returncode != 0:
            raise RuntimeError(f"tocsin {words[0]}: {done.stderr.decode()}")
        return done.stdout

    def database_words(self):
        """For commands that read control's database."""
        return ["--database", self.database["database.address"]] if self.database else []

    # -- the whole of what control keeps, while it is stopped --

    def backup(self):
        shutil.copytree(self.path("state"), self.path("backup"))
        if self.database:
            copy_database(self.database, "", "_backup")

    def restore(self):
        shutil.rmtree(self.path("state"))
        shutil.copytree(self.path("backup"), self.path("state"))
        if self.database:
            copy_database(self.database, "_backup", "")

    # -- broker and control --

    def broker_start(self):
        with open(self.path("broker.conf"), "w", encoding="ascii") as file:
            file.write(
                f"listener {self.broker_port} 127.0.0.1\ncafile {self.path('ca/ca.crt')}\ncertfile {self.path('site.crt')}\n"
                f"keyfile {self.path('site.key')}\nrequire_certificate true\nallow_anonymous true\nuser {user_name()}\n"
            )
        with open(self.path("broker.log"), "ab") as log:
            self.broker = subprocess.Popen(["mosquitto", "-c", self.path("broker.conf")], stdout=log, stderr=log)
        wait_for(lambda: port_open(self.broker_port), 10, "the broker")

    def config(self, **more):
        keys = {
            "site.name": "test", "site.ca": self.path("ca/ca.crt"), "identity.certificate": self.path("main.crt"),
            "identity.key": self.path("main.key"), "exercise.certificate": self.path("drill.crt"), "exercise.key": self.path("drill.key"), "broker.port": self.broker_port, "state.folder": self.path("state"),
            "http.port": self.port, "web.folder": self.path("web"), **self.database,
        }  # fmt: skip
        words = [os.path.join(self.build, "tocsin-control")]
        for key, value in {**keys, **more}.items():
            words += ["--set", f"{key}={value}"]
        return words

    def start(self, **more):
        self.tls = None
        if "http.certificate" in more:
            self.tls = ssl.create_default_context(cafile=self.path("ca/web-ca.crt"))
        with open(self.path("control.log"), "ab") as log:
            self.control = subprocess.Popen(self.config(**more), stderr=log, env={**os.environ, **self.secrets})
        wait_for(self._healthy, 20, "control to be healthy:\n" + self.log())

    def _healthy(self):
        if self.control.poll() is not None:
            raise RuntimeError("control ended:\n" + self.log())
        try:
            return self.ask("GET", "/health", as_nobody=True).status == 200
        except OSError:
            return False

    def stop(self):
        """SIGTERM; returns seconds and exit status."""
        begin = time.monotonic()
        if self.control and self.control.poll() is None:
            self.control.send_signal(signal.SIGTERM)
            try:
                self.control.wait(20)
            except subprocess.TimeoutExpired:
                self.control.kill()
                self.control.wait()
        return time.monotonic() - begin, self.control.returncode if self.control else None

    def log(self):
        try:
            with open(self.path("control.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def rss_bytes(self):
        with open(f"/proc/{self.control.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    # -- HTTP --

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=15, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)

    def ask(self, method, path, body=None, headers=None, as_nobody=False):
        send = {} if as_nobody or not self.token else {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            send["Content-Type"] = "application/json"
        send.update(headers or {})
        data = json.dumps(body) if isinstance(body, (dict, list)) else body
        connection = self.connect()
        try:
            connection.request(method, path, data, send)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def sign_in(self, password=PASSWORD, username="admin"):
        return self.ask("POST", "/auth/login", {"username": username, "password": password}, as_nobody=True)

    def live(self, token=None):
        return Live("127.0.0.1", self.port, token or self.token)

    def begin(self):
        """The administrator's first sign-in and new password; `token` is theirs."""
        bearer = {"Authorization": "Bearer " + self.sign_in(ONE_TIME).json["access_token"]}
        self.ask("POST", "/auth/password", {"current": ONE_TIME, "new": PASSWORD}, bearer)
        self.token = self.sign_in().json["access_token"]

    def invite(self, username, role, zones=None, password=PASSWORD):
        """A new user by invitation; answers with a bearer's headers."""
        link = self.ask("POST", "/api/invitations", {"username": username, "role": role, "zones": zones}).json["token"]
        self.ask("POST", "/auth/register", {"invitation": link, "password": password}, as_nobody=True)
        return {"Authorization": "Bearer " + self.sign_in(password, username).json["access_token"]}

    # -- the edge's voice --

    def publish(self, content, kind, device=DEVICE):
        """As an edge: signed by `tocsin sign`, sent by mosquitto_pub."""
        key = ["--key", self.path(device + ".key"), "--chain", self.path(device + ".crt")]
        payload = self.tocsin("sign", *key, "--tier", "informational", data=json.dumps(content).encode())
        tls = ["--cafile", self.path("ca/ca.crt"), "--cert", self.path(device + ".crt"), "--key", self.path(device + ".key")]
        subprocess.run(
            ["mosquitto_pub", "-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(self.broker_port), *tls, "-t", f"tocsin/devices/{device}/{kind}", "-s"],
            input=payload.strip(), check=True, capture_output=True, timeout=20,
        )  # fmt: skip

    def publish_status(self, media_url=None, device=DEVICE, zone=ZONE, cameras=(("gate", "online"),)):
        now = rfc3339()
        listed = [{"name": name, "state": state, "reason": None, "since": now} for name, state in cameras]
        self.publish({
            "type": "status", "state": "online", "zone": zone, "kind": "edge", "version": "0.1.0", "media_url": media_url or self.edge.url,
            "sign": {"width": 64, "height": 32}, "cameras": listed, "started_at": now, "at": now,
        }, "status", device)  # fmt: skip

    def publish_telemetry(self, **more):
        self.publish({
            "type": "telemetry", "at": rfc3339(), "rss_bytes": 1000, "cpu_s": 1.5, "uptime_s": 3, "disk_free_bytes": 4, "clips": 5,
            "queue_events": 0, "queue_receipts": 0, "fps": {"gate": 10.0}, **more,
        }, "telemetry")  # fmt: skip

    def publish_event(self, event_id=None, clip=True, device=DEVICE, zone=ZONE, picture_zones=("door",)):
        event_id, now = event_id or uuid7(), rfc3339()
        self.publish({
            "type": "event", "event_id": event_id, "sequence": 1, "state": "end", "camera": "gate", "zone": zone, "label": "person",
            "score": 0.87, "count": 2, "started_at": now, "updated_at": now, "ended_at": now, "boxes": [[0.0, 0.4, 0.3, 0.1, 0.2]],
            "clip": {"bytes": 1000, "duration_s": 2.5, "lead_s": 1.0, "codec": "avc1.4d401f"} if clip else None, "snapshot": clip, "model": "test", "zones": list(picture_zones),
        }, "detection", device)  # fmt: skip
        return event_id

    def publish_receipt(self, alert_id, state, revision=1):
        self.publish({"type": "receipt", "alert_id": alert_id, "revision": revision, "state": state, "reason": None, "at": rfc3339()}, "ack")


def hours_from_now(hours):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


if __name__ == "__main__":
    sys.exit("control_rig.py is a library for tests")
