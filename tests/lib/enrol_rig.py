"""A site CA and tocsin-enrol for a test, with its register in a temporary folder.

Python 3.11 standard library only. Every wait has a deadline and a condition.
"""

import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from site_runner import ROOT, wait_for  # noqa: E402

SITE = "riverside"
HSM = "/usr/lib/softhsm/libsofthsm2.so"


class Office:
    """Use as a context. `folder` holds ca/, id/control.{crt,key} and the server's state."""

    def __init__(self, life_s=0, passphrase=None, settings="", hsm=False):
        self.hsm = hsm
        self.build = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", os.environ.get("PRESET", "release"))
        self.folder = tempfile.mkdtemp(prefix="tocsin-enrol-")
        self.life_s = life_s
        self.settings = settings
        self.secrets = {"TOCSIN_DATABASE_KEY": os.urandom(32).hex()}
        self.passphrase = {"TOCSIN_CA_PASSPHRASE": passphrase} if passphrase else {}
        self.server = None
        self.tokens = []  # the secret half of every one
        self.port = 0
        self.ca_key, self.ca_certificate = self.path("ca/ca.key"), self.path("ca/ca.crt")

    def __enter__(self):
        key = []
        if self.hsm:
            self._make_token()
            self.ca_key = f"pkcs11:token=site;object=ca?module-path={HSM}"
            key = ["--key", self.ca_key]
        self.tocsin("ca", "init", "--site", SITE, "--dir", self.path("ca"), *key, env=self.passphrase)
        self.tocsin("ca", "issue", "control", "control", "--dir", self.path("ca"), "--out", self.path("id"), *key, env=self.passphrase)
        return self

    def _make_token(self):
        """A token of SoftHSM with an Ed25519 key that was made in it."""
        os.makedirs(self.path("tokens"))
        with open(self.path("hsm.conf"), "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {self.path('tokens')}\nobjectstore.backend = file\n")
        self.passphrase = {"TOCSIN_CA_PASSPHRASE": "1234", "SOFTHSM2_CONF": self.path("hsm.conf")}
        environment = {**os.environ, **self.passphrase}
        token = ["softhsm2-util", "--init-token", "--free", "--label", "site", "--pin", "1234", "--so-pin", "4321"]
        pair = ["pkcs11-tool", "--module", HSM, "--login", "--pin", "1234", "--keypairgen", "--key-type", "EC:edwards25519", "--label", "ca"]
        for command in (token, pair):
            subprocess.run(command, check=True, capture_output=True, env=environment, timeout=60)

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *words, env=None):
        environment = {**os.environ, **(env or {})}
        return subprocess.run([os.path.join(self.build, "tocsin"), *words], capture_output=True, text=True, timeout=60, env=environment)

    def tocsin(self, *words, env=None):
        done = self.run(*words, env=env)
        if done.returncode != 0:
            raise RuntimeError(f"tocsin {' '.join(words)}: {done.stderr}")
        return done.stdout

    def start(self, **options):
        """`options` such as broker_port=1883 become settings of the INI file."""
        with open(self.path("enrol.ini"), "w", encoding="ascii") as file:
            file.write(
                f"[ca]\nkey = {self.ca_key}\ncertificate = {self.ca_certificate}\n{options.get('ca_also', '')}\n"
                f"[http]\naddress = 127.0.0.1\nport = {self.port}\n[state]\nfolder = {self.path('state')}\n"
                f"[issue]\nlife_s = {self.life_s}\n{options.get('more', '')}\n{self.settings}\n"
            )
        begin = os.path.getsize(self.path("enrol.log")) if os.path.exists(self.path("enrol.log")) else 0
        command = [os.path.join(self.build, "tocsin-enrol"), "--config", self.path("enrol.ini")]
        with open(self.path("enrol.log"), "ab") as log:
            self.server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **self.secrets, **self.passphrase})
        self.port = int(wait_for(lambda: self._ready(begin), 20, "tocsin-enrol to be ready").group(1))
        self.url = f"https://127.0.0.1:{self.port}"
        return self

    def _ready(self, begin):
        if self.server.poll() is not None:
            raise RuntimeError("tocsin-enrol ended:\n" + self.log(begin))
        return re.search(r"enrol\.ready .*port=(\d+)", self.log(begin))

    def log(self, begin=0):
        with open(self.path("enrol.log"), encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            return file.read()

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def office(self):
        return ["--url", self.url, "--ca", self.ca_certificate, "--identity", self.path("id/control")]

    def invite(self, name, *more):
        """The token "NAME:LETTERS"."""
        text = self.tocsin("device", "add", name, "--no-qr", *more, *self.office())
        token = re.search(r"^token +(\S+)$", text, re.M).group(1)
        self.tokens.append(token.split(":")[1])
        return token

    def fingerprint(self):
        return re.sub("[^0-9A-F]", "", self.tocsin("ca", "show", self.ca_certificate).split("SHA-256")[1]).lower()

    def request(self, method, path, body=None, headers=None, identity=None):
        """Status, headers and body; `identity` is the path of .crt and .key."""
        tls = ssl.create_default_context(cafile=self.ca_certificate)
        if identity:
            tls.load_cert_chain(identity + ".crt", identity + ".key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=tls)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def members(self):
        return json.loads(self.request("GET", "/members", identity=self.path("id/control"))[2])["members"]


if __name__ == "__main__":
    sys.exit("enrol_rig.py is a library for tests")
