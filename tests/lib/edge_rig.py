"""One edge and one broker for a test: real Mosquitto over mutual TLS, real tocsin-edge, real signatures.

Python 3.11 standard library only. Every wait has a deadline and a condition.
"""

import base64
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from site_runner import ROOT, wait_for  # noqa: E402

DEVICE = "north-1"
ZONE = "north"


def uuid7():
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def rfc3339(seconds_from_now=0.0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds_from_now)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def alert(action="show", revision=1, alert_id=None, text="Path closed", tier="advisory", lasts_s=600, **more):
    content = {
        "type": "alert", "alert_id": alert_id or uuid7(), "revision": revision, "action": action, "tier": tier,
        "targets": {"broadcast": False, "zones": [ZONE], "devices": []}, "texts": [{"language": "en", "text": text}],
        "begin": rfc3339(-1), "expire": rfc3339(lasts_s), "repeat_s": 0,
    }
    return {**content, **more}


class Rig:
    """Use as a context: makes CA, identities, broker; `edge_start` and `edge_kill` as the test likes."""

    def __init__(self):
        self.build = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", os.environ.get("PRESET", "release"))
        self.folder = tempfile.mkdtemp(prefix="tocsin-edge-")
        self.media = os.path.join(self.folder, "media")
        self.broker = self.edge = self.listener = None
        self.messages = []  # (topic, payload) of everything below devices/
        self.database_key = os.urandom(32).hex()
        self.broker_port = free_port()

    def __enter__(self):
        os.makedirs(self.media)
        self.tocsin("ca", "init", "--site", "park", "--dir", self.path("ca"))
        identities = [("control", "main"), ("ops", "chief"), ("operator", "anna"), ("operator", "ben"), ("exercise", "drill"), ("gateway", "gate"), ("edge", DEVICE), ("edge", "thief"), ("broker", "zone")]
        for role, name in identities:
            self.tocsin("ca", "issue", role, name, "--dir", self.path("ca"), "--out", self.folder, "--host", "127.0.0.1")
        self.broker_start()
        return self

    def __exit__(self, *_):
        self.edge_stop()
        self.broker_stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def tocsin(self, *words, data=None):
        done = subprocess.run([os.path.join(self.build, "tocsin"), *words], input=data, capture_output=True, timeout=30)
        if done.returncode != 0:
            raise RuntimeError(f"tocsin {words[0]}: {done.stderr.decode()}")
        return done.stdout

    # -- the broker --

    def broker_start(self):
        with open(self.path("broker.conf"), "w", encoding="ascii") as file:
            file.write(
                f"listener {self.broker_port} 127.0.0.1\ncafile {self.path('ca/ca.crt')}\ncertfile {self.path('zone.crt')}\n"
                f"keyfile {self.path('zone.key')}\nrequire_certificate true\nallow_anonymous true\nuser {user_name()}\n"
                "max_queued_messages 10000\n"
            )
        with open(self.path("broker.log"), "ab") as log:
            self.broker = subprocess.Popen(["mosquitto", "-c", self.path("broker.conf")], stdout=log, stderr=log)
        wait_for(lambda: port_open(self.broker_port), 10, "the broker")
        self._listen()

    def broker_stop(self):
        for process in (self.listener, self.broker):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def client(self, name):
        tls = ["--cafile", self.path("ca/ca.crt"), "--cert", self.path(f"{name}.crt"), "--key", self.path(f"{name}.key")]
        return ["-V", "5", "-h", "127.0.0.1", "-p", str(self.broker_port), "-q", "1", *tls]

    def _listen(self):
        command = ["mosquitto_sub", *self.client("main"), "-t", "tocsin/devices/#", "-F", "%t %p"]
        self.listener = subprocess.Popen(command, stdout=subprocess.PIPE)
        threading.Thread(target=self._read, args=(self.listener,), daemon=True).start()

    def _read(self, listener):
        for line in listener.stdout:
            topic, payload = line.decode().split(" ", 1)
            try:
                self.messages.append((topic, json.loads(payload)))
            except ValueError:
                self.messages.append((topic, None))

    def contents(self, kind, **match):
        """The contents seen so far of one type, with these members."""
        found = [m["content"] for _, m in list(self.messages) if m and m["content"]["type"] == kind]
        return [c for c in found if all(c.get(key) == value for key, value in match.items())]

    def wait(self, kind, deadline_s=10, **match):
        return wait_for(lambda: self.contents(kind, **match), deadline_s, f"{kind} {match}", every_s=0.01)[-1]

    def sign(self, content, name="main", tier=None, at=None):
        command = ["sign", "--key", self.path(f"{name}.key"), "--chain", self.path(f"{name}.crt"), "--tier", tier or content.get("tier", "informational")]
        return self.tocsin(*command, *(["--at", at] if at else []), data=json.dumps(content).encode()).strip()

    def publish(self, payload, topic=f"tocsin/alerts/zone/{ZONE}", retain=False):
        command = ["mosquitto_pub", *self.client("main"), "-t", topic, "-s" if payload else "-n", *(["-r"] if retain else [])]
        subprocess.run(command, input=payload, check=True, timeout=20, capture_output=True)

    def send(self, content, **how):
        retain = how.pop("retain", False)
        self.publish(self.sign(content, **how), topic=f"tocsin/alerts/zone/{ZONE}/{content['alert_id']}", retain=retain)
        return content

    # -- the edge --

    def approve(self, content, *names):
        """The content with the approvals of these operators."""
        for name in names:
            command = ["operator", "approve", "--key", self.path(f"{name}.key"), "--chain", self.path(f"{name}.crt")]
            content = json.loads(self.tocsin(*command, data=json.dumps(content).encode()))
        return content

    def edge_start(self, disk_kb=0, settings="", **environment):
        """`settings`: more lines of its configuration. `disk_kb`: the state folder is a disk of its own, so large, in a mount namespace of the edge's."""
        config = (
            f"[site]\nname = park\nca = {self.path('ca/ca.crt')}\n[identity]\ncertificate = {self.path(DEVICE + '.crt')}\n"
            f"key = {self.path(DEVICE + '.key')}\n[broker]\nhost = 127.0.0.1\nport = {self.broker_port}\n[zone]\nname = {ZONE}\n"
            f"[state]\nfolder = {self.path('state')}\n[media]\nfolder = {self.media}\n[watch]\nsocket = {self.path('edge.sock')}\n"
            f"[http]\naddress = 127.0.0.1\nport = 0\n[metrics]\nport = 0\n{settings}"
        )
        with open(self.path("edge.ini"), "w", encoding="ascii") as file:
            file.write(config)
        begin = os.path.getsize(self.path("edge.log")) if os.path.exists(self.path("edge.log")) else 0
        with open(self.path("edge.log"), "ab") as log:
            command = [os.path.join(self.build, "tocsin-edge"), "--config", self.path("edge.ini")]
            if disk_kb:
                os.makedirs(self.path("state"), exist_ok=True)
                mount = f"mount -t tmpfs -o mode=700,size={disk_kb}k tmpfs '{self.path('state')}' && exec \"$0\" \"$@\""
                command = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", mount, *command]
            secrets = {"TOCSIN_DATABASE_KEY": self.database_key, **environment}
            self.edge = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **secrets})
        ready = wait_for(lambda: self._ready(begin), 20, "the edge to be ready")
        self.media_port, self.metrics_port = (int(port) for port in ready.groups())

    def log(self, begin=0):
        with open(self.path("edge.log"), encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            return file.read()

    def _ready(self, begin):
        if self.edge.poll() is not None:
            raise RuntimeError("the edge ended:\n" + self.log(begin))
        return re.search(r"edge\.ready .*media_port=(\d+) metrics_port=(\d+)", self.log(begin))

    def edge_stop(self):
        """SIGTERM; returns seconds and exit status."""
        if not self.edge or self.edge.poll() is not None:
            return 0, None
        begin = time.monotonic()
        self.edge.send_signal(signal.SIGTERM)
        try:
            status = self.edge.wait(20)
        except subprocess.TimeoutExpired:
            self.edge.kill()
            status = self.edge.wait()
        return time.monotonic() - begin, status

    def edge_kill(self):
        self.edge.kill()
        self.edge.wait()

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=5)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line and line[0] != "#"}

    def refused(self, reason):
        return self.metrics().get(f'tocsin_messages_refused_total{{reason="{reason}"}}', 0)

    def rss_bytes(self):
        with open(f"/proc/{self.edge.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    def small_disk(self, name):
        """A file on the disk of edge_start's `disk_kb`."""
        return f"/proc/{self.edge.pid}/root{self.path('state')}/{name}"

    # -- media --

    def https(self, name="main"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.path("ca/ca.crt"))
        if name:
            context.load_cert_chain(self.path(f"{name}.crt"), self.path(f"{name}.key"))
        return http.client.HTTPSConnection("127.0.0.1", self.media_port, timeout=10, context=context)

    def get(self, path, name="main", headers=None):
        connection = self.https(name)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def sign_rgb(self):
        """What is lit now: the first frame of the endless stream."""
        connection = self.https()
        try:
            connection.request("GET", "/sign/frames")
            response = connection.getresponse()
            head = response.read(20)
            if head[:4] != b"TSGN":
                raise ValueError(f"a frame that begins with {head!r}")
            width, height = struct.unpack(">HH", head[16:20])
            return response.read(width * height * 3)
        finally:
            connection.close()

    def is_lit(self):
        return any(self.sign_rgb())

    def token(self, event_id, name="main", operation="clip", device=DEVICE, lasts_s=60, at=None):
        content = {
            "type": "stream_token", "token_id": uuid7(), "event_id": event_id, "operation": operation, "device": device,
            "subject": "admin", "not_after": rfc3339(lasts_s),
        }
        return base64.urlsafe_b64encode(self.sign(content, name=name, tier="informational", at=at)).rstrip(b"=").decode()

    def media_answer(self, event_id, token, name="main", operation="clip"):
        """Status, and the named reason of a refusal or the bytes."""
        status, body = self.get(f"/media/{event_id}/{operation}", name, {"Tocsin-Stream-Token": token} if token else {})
        return status, json.loads(body).get("reason") if status == 403 else body


class Watch:
    """Speaks docs/protocols/watch.md on the edge's socket."""

    def __init__(self, rig):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(rig.path("edge.sock"))

    def send(self, message):
        body = json.dumps(message).encode()
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def hello(self, run):
        self.send({"type": "hello", "version": 1, "run": run, "model": "test", "media": "/nowhere"})

    def receive(self):
        size = struct.unpack(">I", self._take(4))[0]
        return json.loads(self._take(size))

    def _take(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the edge closed the socket")
            data += more
        return data

    def close(self):
        self.socket.close()


def event(event_id, sequence=1, state="begin", **more):
    content = {
        "type": "event", "event_id": event_id, "sequence": sequence, "state": state, "camera": "gate", "label": "person",
        "score": 0.9, "count": 1, "started_at": rfc3339(-2), "updated_at": rfc3339(-1),
        "ended_at": rfc3339(-1) if state == "end" else None, "boxes": [[0.0, 0.4, 0.3, 0.1, 0.2]], "clip": None, "snapshot": False,
        "model": "test", "zones": ["door"], "clip_path": None, "snapshot_path": None,
    }
    return {**content, **more}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_open(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def user_name():
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


if __name__ == "__main__":
    sys.exit("edge_rig.py is a library for tests")
