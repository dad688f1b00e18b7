"""A site of three machines for a test: tocsin-enrol, both brokers with their plugin and bridge, a gateway, edges.

All but the brokers enrol by themselves at their first start; the brokers by `tocsin device enrol`.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from edge_rig import free_port, port_open, user_name  # noqa: E402
from enrol_rig import SITE, Office  # noqa: E402
from site_runner import ROOT, wait_for  # noqa: E402


class Street(Office):
    """Use as a context. Programs are in `children` by name; each has a log NAME.log."""

    def __init__(self, **how):
        super().__init__(**how)
        self.children = {}
        self.ports = {"central": free_port(), "zone": free_port()}
        self.keys = {}
        self.messages = []

    def __exit__(self, *_):
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
                child.wait()
        super().__exit__()

    def begin(self):
        """The server, the brokers and control's ear."""
        self.start()
        for name in ("central", "zone"):
            self.join("broker", name)
        self.join("gateway", "bridge")
        self.broker("central")
        self.stop()
        self.start(more=f"[broker]\nhost = 127.0.0.1\nport = {self.ports['central']}")
        self.broker("zone")
        self.listen("central")

    def join(self, role, name):
        """Enrols NAME.crt and .key by the command line, against the pinned CA."""
        token = self.invite(name, "--role", role, "--host", "127.0.0.1")
        where = ["--url", self.url, "--site", SITE, "--role", role, "--out", self.path(), "--ca", self.path("ca-" + name + ".crt")]
        self.tocsin("device", "enrol", name, *where, "--fingerprint", self.fingerprint(), env={"TOCSIN_ENROL_TOKEN": token})

    def spawn(self, name, command, env=None):
        with open(self.path(name + ".log"), "ab") as log:
            self.children[name] = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(env or {})})

    def end(self, name, how=signal.SIGTERM):
        child = self.children[name]
        if child.poll() is None:
            child.send_signal(how)
            child.wait(20)

    def log_of(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def broker(self, name):
        words = {
            "USER": user_name(), "STATE": self.path(name), "PLUGIN": os.path.join(self.build, "tocsin-broker.so"),
            "SITE": SITE, "PREFIX": "tocsin", "ZONE": "north", "PORT": str(self.ports[name]), "ADDRESS": "127.0.0.1",
            "CA": self.path(f"ca-{name}.crt"), "CERTIFICATE": self.path(name + ".crt"), "KEY": self.path(name + ".key"),
            "SITE_ADDRESS": "127.0.0.1", "SITE_PORT": str(self.ports["central"]), "GATEWAY": "bridge",
            "GATEWAY_CERTIFICATE": self.path("bridge.crt"), "GATEWAY_KEY": self.path("bridge.key"),
        }
        os.makedirs(self.path(name), exist_ok=True)
        template = os.path.join(ROOT, "deploy/mosquitto", "zone.conf.in" if name == "zone" else "site.conf.in")
        with open(template, encoding="utf-8") as file:
            config = re.sub("@([A-Z_]+)@", lambda match: words[match.group(1)], file.read())
        with open(self.path(name + ".conf"), "w", encoding="utf-8") as file:
            file.write(config)
        self.spawn(name, ["mosquitto", "-c", self.path(name + ".conf")])
        if wait_for(lambda: port_open(self.ports[name]) or self.children[name].poll() is not None, 10, f"broker {name}") and self.children[name].poll() is not None:
            raise RuntimeError(f"broker {name} ended: {self.log_of(name)[-600:]}")

    def listen(self, broker):
        command = ["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(self.ports[broker]), "-q", "1", "-i", "control-control:ear", *self.tls("id/control")]
        self.children["ear"] = subprocess.Popen([*command, "-t", "tocsin/#", "-F", "%t %p"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self._read, args=(self.children["ear"],), daemon=True).start()

    def _read(self, ear):
        for line in ear.stdout:
            topic, payload = line.decode().split(" ", 1)
            self.messages.append((topic, json.loads(payload) if payload.strip() else None))

    def tls(self, identity):
        return ["--cafile", self.ca_certificate, "--cert", self.path(identity + ".crt"), "--key", self.path(identity + ".key")]

    def publish(self, broker, identity, topic, payload, retain=False, client_id=None):
        """0 when the broker took it."""
        command = ["mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", str(self.ports[broker]), "-q", "1", *self.tls(identity)]
        command += ["-t", topic, "-s", *(["-r"] if retain else []), *(["-i", client_id] if client_id else [])]
        return subprocess.run(command, input=payload, capture_output=True, timeout=20).returncode

    def retained(self, broker, topic):
        command = ["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(self.ports[broker]), "-i", "control-control:look", *self.tls("id/control")]
        done = subprocess.run([*command, "-t", topic, "-C", "1", "--retained-only", "-W", "5"], capture_output=True, timeout=20)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def sign(self, content, identity="id/control", tier=None):
        words = ["sign", "--key", self.path(identity + ".key"), "--chain", self.path(identity + ".crt"), "--tier", tier or content.get("tier", "informational")]
        done = subprocess.run([os.path.join(self.build, "tocsin"), *words], input=json.dumps(content).encode(), capture_output=True, timeout=30)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.strip()

    # -- what stands in the street --

    def member(self, role, name, token=None, token_file=None, look_s=86400, offline=False, more=""):
        """Starts an edge or a gateway; a first start needs a token."""
        port = 1 if offline else self.ports["zone"]
        config = (
            f"[site]\nname = {SITE}\nca = {self.path(name, 'ca.crt')}\n[identity]\ncertificate = {self.path(name, 'own.crt')}\n"
            f"key = {self.path(name, 'own.key')}\n[broker]\nhost = 127.0.0.1\nport = {port}\n[zone]\nname = north\n"
            f"[state]\nfolder = {self.path(name)}\n[http]\naddress = 127.0.0.1\nport = 0\n"
            f"[enrol]\nurl = {self.url}\nfingerprint = {self.pin}\nlook_s = {look_s}\n" + (f"token_file = {token_file}\n" if token_file else "")
        )
        if role == "edge":
            config += f"[media]\nfolder = {self.path(name)}\n[watch]\nsocket = {self.path(name, 'sock')}\n[metrics]\nport = 0\n"
        config += more
        os.makedirs(self.path(name), exist_ok=True)
        with open(self.path(name + ".ini"), "w", encoding="ascii") as file:
            file.write(config)
        env = {"TOCSIN_DATABASE_KEY": self.keys.setdefault(name, os.urandom(32).hex())}
        if token:
            env["TOCSIN_ENROL_TOKEN"] = token
        begin = len(self.log_of(name)) if os.path.exists(self.path(name + ".log")) else 0
        self.spawn(name, [os.path.join(self.build, "tocsin-" + role), "--config", self.path(name + ".ini")], env)
        port = r"edge\.ready .*metrics_port=(\d+)" if role == "edge" else r"gateway\.started .*http_port=(\d+)"
        found = wait_for(lambda: self.children[name].poll() is not None or re.search(port, self.log_of(name)[begin:]), 30, f"{name} to start")
        if found is True:
            raise RuntimeError(f"{name} ended: {self.log_of(name)[begin:]}")
        self.ports[name] = int(found.group(1))
        if not offline:
            wait_for(lambda: self.metric(name, "tocsin_bus_connected") == 1, 20, f"{name} on the bus")

    @property
    def pin(self):
        return self.fingerprint()

    def metric(self, name, metric):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=5)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        found = re.search("^" + re.escape(metric) + r" (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0.0

    def refused(self, name, reason):
        return self.metric(name, f'tocsin_messages_refused_total{{reason="{reason}"}}')

    def contents(self, kind, **match):
        found = [m["content"] for _, m in list(self.messages) if m and m["content"]["type"] == kind]
        return [c for c in found if all(c.get(key) == value for key, value in match.items())]


if __name__ == "__main__":
    sys.exit("street_rig.py is a library for tests")
