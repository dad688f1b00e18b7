"""Archives and a `tocsin-map serve` for a test. Python 3.11 standard library only."""

import http.client
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from edge_rig import free_port, port_open  # noqa: E402
from map_rig import built_by, read_by_others  # noqa: E402
from site_runner import ROOT, wait_for  # noqa: E402

RELEASE_HEAD = '{"type":"FeatureCollection","anonymised":{"rule":{"premises":5},"periods":["2026-03"]},"features":[\n'
TOKEN = "a-token-that-stands-nowhere-1f8c"


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    def __getitem__(self, name):
        return self.headers.get(name)


class MapRig:
    """Use as a context. `archive(name, seed)` makes different archives of the same tiles' places."""

    def __init__(self):
        self.build = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", os.environ.get("PRESET", "release"))
        self.program = os.path.join(self.build, "tocsin-map")
        self.folder = tempfile.mkdtemp(prefix="tocsin-map-")
        self.server = None
        self.port, self.metrics_port = free_port(), free_port()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def run(self, *words, env=None, timeout=60):
        """One command; standard output and error together."""
        done = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=timeout, env=env, check=False)
        if done.returncode == 0 and built_by(words):
            read_by_others(built_by(words))
        return done

    def points(self, name, seed, count=3000, public=True):
        """A file of points whose attributes depend on `seed`; a public one has the head of a release."""
        lines = []
        for number in range(count):
            x, y = 76237000 + number * 7919 % 104000, 9889000 + number * 104729 % 161000
            lines.append(
                f'{{"type":"Feature","properties":{{"category":"{seed}","count":{number}}},"geometry":{{"type":"Point",'
                f'"coordinates":[{x // 1000000}.{x % 1000000:06d},{y // 1000000}.{y % 1000000:06d}]}}}}')
        return self.write(name, RELEASE_HEAD + ",\n".join(lines) + "\n]}\n" if public else "\n".join(lines) + "\n")

    def archive(self, name, seed, count=3000, words=(), public=True):
        source = self.points(name + ".geojsonl", seed, count, public)
        done = self.run("build", "--quiet", "--minzoom", "6", "--maxzoom", "12", *words, "-o", self.path(name), f"points:{source}")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return self.path(name)

    def serve(self, archives, *settings, token=TOKEN):
        """`archives`: name -> (path, private)."""
        text = f"[http]\nport = {self.port}\n[metrics]\nport = {self.metrics_port}\n"
        for name, (path, private) in archives.items():
            text += f"[archive {name}]\nfile = {path}\nprivate = {'yes' if private else 'no'}\n"
        words = [self.program, "serve", "--config", self.write("serve.ini", text)]
        for setting in settings:
            words += ["--set", setting]
        env = {"PATH": os.environ["PATH"], **({"TOCSIN_MAP_TOKEN": token} if token else {})}
        with open(self.path("serve.log"), "ab") as log:
            self.server = subprocess.Popen(words, stderr=log, stdout=log, env=env)
        wait_for(lambda: port_open(self.metrics_port) or self.server.poll() is not None, 15, "a map server")
        if self.server.poll() is not None:
            raise RuntimeError(self.read("serve.log").decode())

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(10)
        self.server = None

    def get(self, path, headers=None, method="GET", port=None):
        client = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            client.request(method, path, headers=headers or {})
            return Answer(client.getresponse())
        finally:
            client.close()
