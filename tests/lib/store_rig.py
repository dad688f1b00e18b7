"""The fake S3 store (tests/fake/s3.py) and `tocsin-map publish` against it. Python 3.11 standard library only."""

import http.client
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_rig import RELEASE_HEAD, MapRig  # noqa: E402
from site_runner import ROOT  # noqa: E402

KEY_ID = "AKIDTOCSINTEST7"
KEY = "wJalrXUtnFEMI/K7MDENG+b/secret/that/stands/nowhere"
CDN_TOKEN = "cdn-token-that-stands-nowhere-77"
ORIGIN = "https://control.town.example"
CURRENT_URL = "https://maps.town.example/maps/current.json"


class StoreRig(MapRig):
    def __init__(self):
        super().__init__()
        self.store = None
        self.state = self.path("state")

    def __exit__(self, *_):
        self.store_stop()
        super().__exit__()

    def large(self, name, seed):
        """An archive of some 12 MB that no packer makes smaller."""
        source = self.path(name + ".geojson")
        with open(source, "w", encoding="ascii") as file:
            file.write(RELEASE_HEAD)
            state = seed
            for number in range(230000):
                state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
                place = f"76.{237000 + state % 104000:06},9.{889000 + (state >> 20) % 110000:06}"
                file.write(f'{{"type":"Feature","properties":{{"category":"{state:016x}{number:x}"}},"geometry":{{"type":"Point","coordinates":[{place}]}}}},\n')
            file.write('{"type":"Feature","properties":{},"geometry":null}]}\n')
        done = self.run("build", "--quiet", "--keep-all", "--minzoom", "10", "--maxzoom", "12", "-o", self.path(name), f"points:{source}", timeout=300)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return self.path(name)

    # -- the store --

    def store_start(self, *words):
        env = {"PATH": os.environ["PATH"], "FAKE_S3_KEY_ID": KEY_ID, "FAKE_S3_KEY": KEY, "FAKE_CDN_TOKEN": CDN_TOKEN, "PYTHONDONTWRITEBYTECODE": "1"}
        self.store = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "tests", "fake", "s3.py"), "--root", self.path("store"), *words], env=env, stdout=subprocess.PIPE, text=True)
        line = self.store.stdout.readline().split()
        if line[:1] != ["ready"]:
            raise RuntimeError("the fake store does not start")
        self.s3_port, self.public_port = int(line[1]), int(line[2])

    def store_stop(self):
        if self.store:
            self.store.kill()
            self.store.wait()
            self.store.stdout.close()
        self.store = None

    def tell(self, what, value=None):
        client = http.client.HTTPConnection("127.0.0.1", self.s3_port, timeout=10)
        try:
            client.request("POST", f"/_fake/{what}", json.dumps(value))
            return json.loads(client.getresponse().read())
        finally:
            client.close()

    def ask(self, what):
        client = http.client.HTTPConnection("127.0.0.1", self.s3_port, timeout=10)
        try:
            client.request("GET", f"/_fake/{what}")
            return json.loads(client.getresponse().read())
        finally:
            client.close()

    def fault(self, match, do, times=1, **more):
        self.tell("faults", [{"match": match, "do": do, "times": times, **more}])

    def requests(self, pattern):
        return [one for one in self.ask("log") if re.search(pattern, f"{one['method']} {one['path']}")]

    def current(self):
        got = self.get("/maps/current.json", port=self.public_port)
        return json.loads(got.body) if got.status == 200 else None

    # -- the publisher --

    def config(self, extra="", **changes):
        known = {
            "archive.name": "tactical", "s3.endpoint": f"http://127.0.0.1:{self.s3_port}", "s3.bucket": "maps", "s3.prefix": "maps/",
            "s3.part_mb": "5", "s3.idle_ms": "2000", "state.folder": self.state, "release.keep": "3",
            "cdn.api": f"http://127.0.0.1:{self.s3_port}", "cdn.zone": "zone1", "cdn.url": CURRENT_URL, "cdn.origins": ORIGIN}
        known.update({name.replace("__", "."): value for name, value in changes.items()})
        sections = {}
        for name, value in known.items():
            sections.setdefault(name.split(".")[0], []).append(f"{name.split('.')[1]} = {value}")
        text = "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items())
        return self.write("publish.ini", text + extra)

    def credentials(self, **changes):
        env = {"PATH": os.environ["PATH"], "TOCSIN_S3_KEY_ID": KEY_ID, "TOCSIN_S3_KEY": KEY, "TOCSIN_CDN_TOKEN": CDN_TOKEN}
        env.update(changes)
        return {name: value for name, value in env.items() if value}

    def command(self, *words, env=None, **more):
        """Runs publish or rollback; standard error goes to a log that is searched for secrets."""
        done = subprocess.run([self.program, *words, "--config", self.path("publish.ini")], capture_output=True, text=True, timeout=120,
                              env=env or self.credentials(), check=False, **more)
        with open(self.path("publish.log"), "a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        done.report = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return done

    def publish(self, archive, **more):
        return self.command("publish", archive, **more)

    def publish_begin(self, archive):
        log = open(self.path("publish.log"), "a", encoding="utf-8")
        return subprocess.Popen([self.program, "publish", archive, "--config", self.path("publish.ini")], stdout=log, stderr=log, env=self.credentials())

    def secrets_found(self):
        """Files of this test below which a credential stands; the fake store's own process knows them, its files do not."""
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if not os.path.isfile(os.path.join(folder, name)):
                    continue  # a pipe
                data = self.read(os.path.join(folder, name))
                found += [os.path.join(folder, name) for secret in (KEY, CDN_TOKEN) if secret.encode() in data]
        return found
