"""A whole site for a test: `tocsin demo` in a temporary folder, its API, its live socket, its processes.

Python 3.11 standard library only. Every wait has a deadline and a condition.
"""

import base64
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NEW_PASSWORD = "correct horse battery staple"


def wait_for(condition, deadline_s, what, every_s=0.05):
    """Calls `condition` until it returns something true, which is returned."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline_s} s for {what}")
        time.sleep(every_s)


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body[:300]!r}")
        self.status = status
        self.body = body


class Live:
    """A WebSocket client (RFC 6455): text messages in, pings answered, on a thread of its own."""

    def __init__(self, host, port, token):
        self.messages = []
        self.closed = False  # the server has said that it ends, or it has
        self.changed = threading.Condition()
        self.sock = socket.create_connection((host, port), timeout=5)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            (
                f"GET /api/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Origin: http://{host}:{port}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                f"Authorization: Bearer {token}\r\n\r\n"
            ).encode()
        )
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self._receive()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ApiError(int(head.split(b" ")[1]), head)
        self.sock.settimeout(None)
        threading.Thread(target=self._run, daemon=True).start()

    def _receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("live socket closed")
        return data

    def _take(self, size):
        while len(self.buffer) < size:
            self.buffer += self._receive()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.sock.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + body)

    def _run(self):
        try:
            while True:
                first, length = self._take(2)
                length &= 0x7F
                if length == 126:
                    length = struct.unpack(">H", self._take(2))[0]
                elif length == 127:
                    length = struct.unpack(">Q", self._take(8))[0]
                payload = self._take(length)
                opcode = first & 0x0F
                if opcode == 9:
                    self._send(10, payload)
                elif opcode == 8:
                    return
                elif opcode == 1:
                    message = json.loads(payload)
                    message["arrived"] = time.time()
                    with self.changed:
                        self.messages.append(message)
                        self.changed.notify_all()
        except (OSError, ConnectionError):
            return
        finally:
            self.closed = True

    def wait(self, match, deadline_s, what):
        """The first message, past or coming, for which `match` is true."""
        end = time.monotonic() + deadline_s
        seen = 0
        with self.changed:
            while True:
                for message in self.messages[seen:]:
                    if match(message):
                        return message
                seen = len(self.messages)
                if not self.changed.wait(max(0, end - time.monotonic())) and time.monotonic() > end:
                    raise TimeoutError(f"waited {deadline_s} s for {what}")

    def close(self):
        self.sock.close()


class Site:
    def __init__(self, preset=None, arguments=()):
        self.build = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", preset or "release")
        self.state = tempfile.mkdtemp(prefix="tocsin-site-")
        self.arguments = list(arguments)
        self.token, self.token_at = None, 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if os.environ.get("KEEP"):
            print(f"# state kept in {self.state}")
        else:
            shutil.rmtree(self.state, ignore_errors=True)

    def start(self):
        command = [os.path.join(self.build, "tocsin"), "demo", "--build", self.build, "--state", self.state, "--port", "0"]
        self.process = subprocess.Popen(command + self.arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
        output = b""
        end = time.monotonic() + 60
        while b"\nready" not in output:
            ready, _, _ = select.select([self.process.stdout], [], [], 1)
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            output += chunk
            if (ready and not chunk) or time.monotonic() > end:
                self.stop()
                raise RuntimeError("the demo did not get ready:\n" + output.decode(errors="replace") + self.log_tails())
        text = output.decode()
        self.address = re.search(r"address: (\S+)", text).group(1)
        self.password = re.search(r"password: (\S+)", text).group(1)
        parts = urllib.parse.urlsplit(self.address)
        self.host, self.port = parts.hostname, parts.port
        threading.Thread(target=self._drain, daemon=True).start()
        with open(os.path.join(self.state, "run", "ports.json"), encoding="utf-8") as file:
            self.ports = json.load(file)

    def _drain(self):
        while self.process.stdout.read(4096):
            pass

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log_tails(self):
        folder, words = os.path.join(self.state, "log"), ""
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), errors="replace", encoding="utf-8") as file:
                words += f"--- {name}\n" + "".join(file.readlines()[-12:])
        return words

    # -- processes --

    def pid(self, name):
        try:
            with open(os.path.join(self.state, "run", name + ".pid"), encoding="ascii") as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None

    def alive(self, name):
        pid = self.pid(name)
        if not pid:
            return False
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except FileNotFoundError:
            return False

    def names(self):
        return sorted(n[:-4] for n in os.listdir(os.path.join(self.state, "run")) if n.endswith(".pid"))

    def kill(self, name):
        """kill -9; returns the pid that died."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def rss_bytes(self, name):
        with open(f"/proc/{self.pid(name)}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    # -- API --

    def request(self, method, path, body=None, headers=None, raw=False):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        token = self.bearer()
        send = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            send["Content-Type"] = "application/json"
        send.update(headers or {})
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, send)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, data)
        return data if raw else (json.loads(data) if data else None)

    def bearer(self):
        """The access token, which lives five minutes: a new one before it ends."""
        if self.token and time.monotonic() - self.token_at > 240:
            token, self.token = self.token, None
            try:
                self.sign_in()
            finally:
                self.token = self.token or token
        return self.token

    def sign_in(self):
        password, self.token_at = self.password, time.monotonic()
        answer = self.request("POST", "/auth/login", {"username": "admin", "password": password})
        self.token = answer["access_token"]
        if answer["password_change_required"]:
            self.request("POST", "/auth/password", {"current": password, "new": NEW_PASSWORD})
            self.token = None
            self.token = self.request("POST", "/auth/login", {"username": "admin", "password": NEW_PASSWORD})["access_token"]
        self.password = NEW_PASSWORD

    def live(self):
        return Live(self.host, self.port, self.bearer())

    def send_alert(self, text="Path closed, use the north gate", tier="advisory", zone="north", duration_s=600):
        body = {
            "tier": tier,
            "texts": [{"language": "en", "text": text}],
            "targets": {"zones": [zone], "devices": [], "broadcast": False},
            "duration_s": duration_s,
        }
        return self.request("POST", "/api/alerts", body)

    def delivery(self, alert_id):
        deliveries = self.request("GET", f"/api/alerts/{alert_id}")["deliveries"]
        return deliveries[0] if deliveries else None

    def wait_delivery(self, alert_id, states, deadline_s=15):
        def reached():
            try:
                delivery = self.delivery(alert_id)
            except (OSError, ApiError, http.client.HTTPException):
                return None
            return delivery if delivery and delivery["state"] in states else None

        return wait_for(reached, deadline_s, f"alert {alert_id} to be {' or '.join(states)}")

    def sign_frame(self, device="edge-north-1"):
        """The RGB bytes of the frame that the sign shows now: the first of the endless stream."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            connection.request("GET", f"/api/devices/{device}/sign/frames", headers={"Authorization": f"Bearer {self.bearer()}"})
            response = connection.getresponse()
            if response.status != 200:
                raise ApiError(response.status, response.read())
            head = response.read(20)
            if head[:4] != b"TSGN":
                raise ValueError(f"frame starts with {head!r}")
            width, height = struct.unpack(">HH", head[16:20])
            return response.read(width * height * 3)
        finally:
            connection.close()

    def sign_lit(self):
        try:
            return any(self.sign_frame())
        except (OSError, ApiError, http.client.HTTPException, ValueError):
            return False

    def metrics(self, name):
        """The metrics of a program, as {name{labels}: value}."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name + "_metrics"], timeout=5)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line and line[0] != "#"}

    def events(self):
        """Every event, newest first, over all pages."""
        found, cursor = [], None
        while True:
            page = self.request("GET", "/api/events?limit=200" + (f"&before={cursor}" if cursor else ""))
            found += page["events"]
            cursor = page["next"]
            if not cursor:
                return found


class Tap:
    """TAP lines on standard output; `done` is the exit status."""

    def __init__(self):
        self.count = self.failures = 0

    def check(self, passed, what, detail=""):
        self.count += 1
        self.failures += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {what}" + (f" # {detail}" if detail and not passed else ""), flush=True)
        return passed

    def attempt(self, what, function):
        """Checks that `function` does not raise; returns its result."""
        try:
            result = function()
        except Exception as error:  # a test reports whatever went wrong
            self.check(False, what, f"{type(error).__name__}: {error}".replace("\n", " ")[:400])
            return None
        self.check(True, what)
        return result

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failures else 0


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


if __name__ == "__main__":
    sys.exit("site_runner.py is a library for tests")
