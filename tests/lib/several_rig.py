"""Several tocsin-control on one database, one broker and one Redis, behind a real nginx with the configuration that we deploy.

Python 3.11 standard library only. Every wait has a deadline and a condition.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from control_rig import DEVICE, Answer, FakeEdge, Rig  # noqa: E402
from edge_rig import free_port, port_open, user_name  # noqa: E402
from postgres_rig import Postgres, new_database, programs  # noqa: E402
from site_runner import ROOT, Live, wait_for  # noqa: E402

REDIS_PASSWORD = "only for this test"
NAMES = ("a", "b", "c")
SIGN = "sign-1"  # a real tocsin-edge; DEVICE is played by the test


class Server:
    """One control: its port, folder and process."""

    def __init__(self, name, folder):
        self.name, self.port = name, free_port()
        self.state, self.log_path = os.path.join(folder, "state-" + name), os.path.join(folder, f"control-{name}.log")
        self.process = None

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        self.process.kill()
        self.process.wait()


def end(process):
    """In order first: nginx's workers outlive a master that is killed, and hold the test's output open."""
    if not process or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class SeveralRig(Rig):
    """`ask` goes through nginx; `ask_at(name, ...)` to one server; with PostgreSQL when there is one, else servers share a file."""

    def __init__(self, postgres=True):
        super().__init__()
        self.servers = {name: Server(name, self.folder) for name in NAMES}
        self.redis = self.nginx = self.edge_program = self.listener = None
        self.redis_port, self.public_port = free_port(), free_port()
        self.secrets["TOCSIN_REDIS_PASSWORD"] = REDIS_PASSWORD
        self.postgres = Postgres() if postgres and programs() else None

    def __enter__(self):
        try:
            return self._begin()
        except BaseException:
            self.__exit__()  # what was started before the fault
            raise

    def _begin(self):
        self.edge = None
        self.tocsin("ca", "init", "--site", "test", "--dir", self.path("ca"))
        identities = [("control", name) for name in NAMES] + [("edge", DEVICE), ("edge", SIGN), ("edge", "ear"), ("broker", "site"), ("exercise", "drill")]
        for role, name in identities:
            self.tocsin("ca", "issue", role, name, "--dir", self.path("ca"), "--out", self.folder, "--host", "127.0.0.1")
        self.tocsin("ca", "issue", "control", "web", "--web", "--host", "127.0.0.1", "--dir", self.path("ca"), "--out", self.folder)
        self.make_web()
        self.edge = FakeEdge(self, DEVICE)
        self.broker_start()
        self.redis_start()
        if self.postgres:
            self.postgres.__enter__()
        self.prepare_database()
        self.server_start("a")
        key = os.path.join(self.servers["a"].state, "audit.key")
        wait_for(lambda: os.path.exists(key), 20, "the key of the audit log")
        for name in NAMES[1:]:
            os.makedirs(self.servers[name].state, mode=0o700, exist_ok=True)
            shutil.copy(key, os.path.join(self.servers[name].state, "audit.key"))
            self.server_start(name)
        self.nginx_start()
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            if server.alive():
                server.process.send_signal(signal.SIGTERM)
        for server in self.servers.values():
            if server.process:
                try:
                    server.process.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
        for process in (self.nginx, self.listener, self.edge_program, self.redis, self.broker):
            end(process)
        if self.edge:
            self.edge.close()
        if self.postgres:
            self.postgres.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_web(self):
        os.makedirs(self.path("web", "assets"))
        with open(self.path("web", "index.html"), "w", encoding="ascii") as file:
            file.write("<!doctype html><meta name='csp-nonce' content='__CSP_NONCE__'><title>page</title>")

    # -- the database --

    def prepare_database(self):
        """The settings of every server in `self.database`."""
        if self.postgres:
            self.database = new_database(self.postgres.address())
            return
        self.database = {}
        for name in NAMES[1:]:  # several processes on one file of one machine
            os.makedirs(self.servers[name].state, mode=0o700)
            os.symlink(os.path.join(self.servers["a"].state, "control.db"), os.path.join(self.servers[name].state, "control.db"))

    # -- the servers --

    def server_start(self, name, wait=True):
        server = self.servers[name]
        keys = {
            "identity.certificate": self.path(name + ".crt"), "identity.key": self.path(name + ".key"), "state.folder": server.state,
            "http.port": server.port, "state.several": "true", "redis.address": f"127.0.0.1:{self.redis_port}", "http.behind_proxy": "true", "redis.wait_ms": 500,
            **self.database,
        }  # fmt: skip
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(self.config(**keys), stderr=log, env={**os.environ, **self.secrets})
        if wait:
            wait_for(lambda: self.healthy(name), 20, f"server {name} to be healthy", 0.02)

    def healthy(self, name):
        server = self.servers[name]
        if server.process.poll() is not None:
            raise RuntimeError(f"server {name} ended:\n" + server.log()[-3000:])
        try:
            return self.ask_at(name, "GET", "/health", as_nobody=True).status == 200
        except OSError:
            return False

    def metric(self, name, line):
        """The value of a line of /metrics, which only this machine is told."""
        connection = http.client.HTTPConnection("127.0.0.1", self.servers[name].port, timeout=10)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0.0

    def leaders(self):
        """Who says that it leads, of those that live."""
        found = []
        for name, server in self.servers.items():
            try:
                if server.alive() and self.metric(name, "tocsin_leading") == 1:
                    found.append(name)
            except OSError:
                pass
        return found

    def wait_leader(self, deadline_s=10):
        return wait_for(lambda: len(self.leaders()) == 1 and self.leaders(), deadline_s, "one leader", 0.02)[0]

    # -- HTTP --

    def ask_at(self, name, method, path, body=None, headers=None, as_nobody=False, token=None, timeout=15):
        bearer = token or (None if as_nobody else self.token)
        send = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if body is not None:
            send["Content-Type"] = "application/json"
        send.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.servers[name].port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, send)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.public_port, timeout=15, context=self.public_tls())

    def public_tls(self):
        context = ssl.create_default_context(cafile=self.path("ca/web-ca.crt"))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context

    def live_at(self, name, token=None):
        return Live("127.0.0.1", self.servers[name].port, token or self.token)

    # -- nginx --

    def nginx_config(self):
        """Ours, with this test's ports, paths and certificate in place of the example's."""
        with open(os.path.join(ROOT, "deploy", "nginx", "tocsin-control.conf"), encoding="ascii") as file:
            text = file.read()
        for number, name in enumerate(NAMES):
            text, count = re.subn(rf"127\.0\.0\.1:{8080 + number}\b", f"127.0.0.1:{self.servers[name].port}", text)
            assert count == 1
        for what, with_what in (
            ("listen 443 ssl", f"listen 127.0.0.1:{self.public_port} ssl"), ("/etc/tocsin/web.crt", self.path("web.crt")),
            ("/etc/tocsin/web.key", self.path("web.key")), ("server_name tocsin.town.example", "server_name 127.0.0.1"),
        ):  # fmt: skip
            assert what in text, what
            text = text.replace(what, with_what)
        temporary = "".join(f"{kind}_temp_path {self.path('nginx', kind)};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        who = f"user {user_name()};\n" if os.getuid() == 0 else ""
        return (
            f"{who}worker_processes 1;\ndaemon off;\npid {self.path('nginx.pid')};\nerror_log {self.path('nginx.log')};\nevents {{ worker_connections 1024; }}\n"
            f"http {{\n{temporary}log_format upstream '$status $request_method $upstream_addr';\naccess_log {self.path('access.log')} upstream;\n{text}\n}}\n"
        )

    def nginx_start(self):
        os.makedirs(self.path("nginx"), exist_ok=True)
        with open(self.path("nginx.conf"), "w", encoding="ascii") as file:
            file.write(self.nginx_config())
        self.nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", self.path("nginx.conf")], stderr=subprocess.DEVNULL)
        wait_for(lambda: port_open(self.public_port), 10, "nginx")

    def served(self):
        """How many requests nginx had answered by each server."""
        with open(self.path("access.log"), encoding="ascii") as file:
            text = file.read()
        return {name: len(re.findall(rf"127\.0\.0\.1:{server.port}$", text, re.M)) for name, server in self.servers.items()}

    # -- Redis --

    def redis_start(self):
        words = ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder, "--requirepass", REDIS_PASSWORD]
        with open(self.path("redis.log"), "ab") as log:
            self.redis = subprocess.Popen(words, stdout=log, stderr=log)
        wait_for(self.redis_there, 10, "Redis")

    def redis_there(self):
        try:
            with socket.create_connection(("127.0.0.1", self.redis_port), timeout=1) as link:
                link.sendall(b"AUTH " + b'"' + REDIS_PASSWORD.encode() + b'"\r\nPING\r\n')
                said = b""
                while b"+PONG" not in said:
                    said += link.recv(100)  # an error is refused by its end, or its silence
                return True
        except OSError:
            return False

    # -- the bus --

    def listen(self):
        """What an edge is told: every message below alerts/."""
        tls = ["--cafile", self.path("ca/ca.crt"), "--cert", self.path("ear.crt"), "--key", self.path("ear.key")]
        command = ["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(self.broker_port), "-q", "1", *tls, "-t", "tocsin/alerts/#", "-F", "%r %t %p"]
        self.listener = subprocess.Popen(command, stdout=open(self.path("heard.log"), "wb"))

    def heard(self, alert_id):
        """An alert's signed words, each time that its zone was told."""
        with open(self.path("heard.log"), encoding="utf-8", errors="replace") as file:
            words = [line.split(" ", 2) for line in file if f"/{alert_id} " in line]
        return [payload for retained, topic, payload in words if retained == "0" and "/zone/" in topic and payload.strip()]

    def edge_start(self):
        """A real sign of the zone."""
        config = (
            f"[site]\nname = test\nca = {self.path('ca/ca.crt')}\n[identity]\ncertificate = {self.path(SIGN + '.crt')}\nkey = {self.path(SIGN + '.key')}\n"
            f"[broker]\nhost = 127.0.0.1\nport = {self.broker_port}\n[zone]\nname = north\n[state]\nfolder = {self.path('state-edge')}\n"
            f"[media]\nfolder = {self.path('media')}\n[watch]\nsocket = {self.path('edge.sock')}\n[http]\naddress = 127.0.0.1\nport = 0\n[metrics]\nport = 0\n"
        )
        os.makedirs(self.path("media"), exist_ok=True)
        with open(self.path("edge.ini"), "w", encoding="ascii") as file:
            file.write(config)
        with open(self.path("edge.log"), "ab") as log:
            self.edge_program = subprocess.Popen(
                [os.path.join(self.build, "tocsin-edge"), "--config", self.path("edge.ini")], stdout=log, stderr=log,
                env={**os.environ, "TOCSIN_DATABASE_KEY": os.urandom(32).hex()},
            )  # fmt: skip
        self.edge_log = self.path("edge.log")
        wait_for(lambda: "edge.ready" in open(self.edge_log, encoding="utf-8", errors="replace").read(), 20, "the edge")


def now():
    return time.monotonic()


if __name__ == "__main__":
    sys.exit("several_rig.py is a library for tests")
