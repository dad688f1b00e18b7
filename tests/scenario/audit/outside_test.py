#!/usr/bin/env python3
"""A witness outside the site joins by C2SP tlog-witness: litewitness (filippo.io/torchwood), a program of others, cosigns the log
of a real control; a monitor of others reads the log over HTTP; and a witness that lies, lags or says nothing changes nothing."""

import hashlib
import http.client
import http.server
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_test import HERE, Audited  # noqa: E402
from edge_rig import free_port, port_open  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

LITEWITNESS = "filippo.io/torchwood/cmd/litewitness@v0.6.1"
NAME = "witness.example/w1"


class Litewitness:
    """litewitness with a key in an ssh-agent of its own; knows the log once `trust` has told it."""

    def __init__(self, rig, program):
        self.rig, self.program, self.port = rig, program, free_port()
        self.key, self.agent, self.process = rig.path("witness-key"), None, None
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True, timeout=20)
        self.socket = rig.path("agent.sock")
        self.agent = subprocess.Popen(["ssh-agent", "-D", "-a", self.socket], stdout=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(self.socket), 10, "ssh-agent")
        subprocess.run(["ssh-add", "-q", self.key], env={**os.environ, "SSH_AUTH_SOCK": self.socket}, check=True, capture_output=True, timeout=20)
        shown = subprocess.run(["ssh-keygen", "-l", "-f", self.key], capture_output=True, text=True, check=True, timeout=20).stdout
        self.fingerprint = shown.split()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        words = [self.program, "-name", NAME, "-db", self.rig.path("witness.db"), "-ssh-agent", self.socket, "-listen", f"127.0.0.1:{self.port}", "-key", self.fingerprint]
        with open(self.rig.path("witness.log"), "ab") as log:
            self.process = subprocess.Popen(words, stderr=log, stdout=log)
        wait_for(lambda: port_open(self.port), 10, "litewitness")
        with open(self.rig.path("witness.log"), encoding="utf-8") as file:
            self.vkey = re.search(r'vkey=(\S+)', file.read()).group(1).strip('"')

    def trust(self, origin, vkey):
        """What its operator does by `witnessctl add-log`."""
        database = sqlite3.connect(self.rig.path("witness.db"))
        with database:
            database.execute("INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')", (origin,))
            database.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (origin, vkey))
        database.close()

    def known_size(self):
        database = sqlite3.connect(self.rig.path("witness.db"))
        size = database.execute("SELECT tree_size FROM log").fetchone()[0]
        database.close()
        return size

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def close(self):
        self.stop()
        self.agent.kill()
        self.agent.wait()


class Liar:
    """Answers what `say` holds: (status, body), or nothing at all for None."""

    def __init__(self):
        self.say, self.asked = None, []
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                liar.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                if liar.say is None:
                    time.sleep(12)
                    return
                status, body = liar.say
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/some/prefix"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def install(rig):
    go = shutil.which("go")
    if not go or not all(shutil.which(name) for name in ("ssh-agent", "ssh-add", "ssh-keygen")):
        return None
    built = subprocess.run([go, "install", LITEWITNESS], env={**os.environ, "GOBIN": rig.folder}, capture_output=True, text=True, timeout=600)
    if built.returncode != 0:
        print("# " + built.stderr.strip().replace("\n", " ")[:200])
        return None
    return rig.path("litewitness")


def options(name, url, vkey):
    return {f"witness {name}.url": url, f"witness {name}.key": vkey}


def check_join(tap, rig, witness):
    witness.start()
    witness.trust("test/audit", rig.audit("?limit=1")["vkey"])
    rig.stop()
    rig.start(**options("pier", witness.url, witness.vkey))
    rig.send_alert()

    def cosigned():
        page = rig.audit("?limit=1")
        return page["entries"][0]["index"] < page["size"] and f"— {NAME} " in page["checkpoint"] and "test/gateway/north" in page["checkpoint"]

    tap.attempt("litewitness cosigns the newest checkpoint, beside the gateway", lambda: wait_for(cosigned, 40, "its line", 0.2))
    joined = [e for e in rig.entries("&action=witness_joined") if e["resource"] == "outside:pier"]
    tap.check(len(joined) == 1 and joined[0]["details"]["vkey"] == witness.vkey, "its coming has an entry, with its key", str(joined))
    for _ in range(5):
        rig.send_alert()
        wait_for(cosigned, 40, "its line", 0.1)
    tap.check(witness.known_size() == rig.size(), "checkpoint after checkpoint, each with a proof that it extends the one before")
    folder = rig.export("cosigned")
    with open(rig.path("policy"), encoding="utf-8") as file:
        rules = file.read()
    tap.check(f"witness outside:pier {witness.vkey}\n" in rules, "a copy's policy names it", rules)
    with open(rig.path("policy"), "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^group .*\nquorum .*$", "quorum outside:pier", rules))
    status, words = rig.verify(folder, "--age", "60")
    tap.check(status == 0, "and whoever trusts it alone accepts the copy", words)
    return cosigned


def check_away(tap, rig, witness, cosigned):
    witness.stop()
    before = rig.size()
    for _ in range(5):
        rig.send_alert()
    wait_for(lambda: rig.size() >= before + 5, 20, "entries that are signed without it", 0.1)
    tap.check(True, "while it is away the log goes on")
    witness.start()
    tap.attempt("when it is back it catches up", lambda: wait_for(cosigned, 60, "its line", 0.2))
    rig.stop()
    rig.sql("UPDATE audit_witnesses SET size = 1 WHERE name = 'outside:pier'")
    rig.start(**options("pier", witness.url, witness.vkey))
    rig.send_alert()
    tap.attempt("when we do not know what it knows, its 409 tells", lambda: wait_for(cosigned, 40, "its line", 0.2))


def check_monitor(tap, rig, witness):
    """The log over HTTP: for those who may see it; for all when the site says so."""
    width = rig.size()
    paths = ("/api/audit/log/checkpoint", f"/api/audit/log/tile/0/000.p/{width}", f"/api/audit/log/tile/entries/000.p/{width}")
    tap.check({rig.ask("GET", path, as_nobody=True).status for path in paths} == {401}, "strangers do not read the log")
    answers = [rig.ask("GET", path) for path in paths]
    tap.check({a.status for a in answers} == {200}, "those who may see it do", str([a.status for a in answers]))
    tap.check(len(answers[1].body) == width * 32, f"a tile of {width} hashes has {width}")
    first = answers[2].body[2 : 2 + int.from_bytes(answers[2].body[:2], "big")]
    tap.check(hashlib.sha256(b"\0" + first).digest() == answers[1].body[:32], "the first entry is the one of the first hash")
    for path in ("tile/0/999", "tile/0/000.p/256", "tile/9/000", "tile/entries/../checkpoint", "tile/0/x000/000", "tile/", "tile/0/000.p/0"):
        status = rig.ask("GET", "/api/audit/log/" + path).status
        tap.check(status in (400, 404), f"{path}: there is none", str(status))
    rig.stop()
    rig.start(**options("pier", witness.url, witness.vkey), **{"audit.public": "true"})
    rig.ask("POST", "/api/invitations", {"username": "guest", "role": "viewer"}, {"User-Agent": "a-marked-agent"})
    rig.settled()
    bundle = rig.ask("GET", f"/api/audit/log/tile/entries/000.p/{rig.size()}", as_nobody=True)
    tap.check(bundle.status == 200 and b"user_invited" in bundle.body and b"a-marked-agent" not in bundle.body, "when the log is public anybody reads it, and nothing sealed is in it")
    program = rig.path("verifier")
    built = subprocess.run([shutil.which("go"), "build", "-o", program, "."], cwd=os.path.join(HERE, "verifier"), capture_output=True, text=True, timeout=300)
    if built.returncode != 0:
        print("# skipped: golang.org/x/mod cannot be had")
        return
    vkey = rig.audit("?limit=1")["vkey"]
    done = subprocess.run([program, f"http://127.0.0.1:{rig.port}/api/audit/log", vkey], capture_output=True, text=True, timeout=60)
    tap.check(done.returncode == 0, "golang.org/x/mod/sumdb reads all of it over HTTP, and it holds", done.stdout + done.stderr)
    print(f"# sumdb: {done.stdout.strip()}")


def check_liars(tap, rig, witness):
    liar = Liar()
    rig.stop()
    rig.start(**options("pier", witness.url, witness.vkey), **options("liar", liar.url, witness.vkey))
    body = f"— {NAME} " + "AAAA" * 20 + "\n"
    lies = [(200, body.encode()), (200, b"not a note"), (200, b""), (200, b"x" * 100000), (409, b"99999999\n"), (409, b"0\n"), (409, b"none"), (404, b""), (422, b"no"),
            (500, b"\xff\xfe"), (302, b"")]  # fmt: skip
    for lie in lies:
        liar.say = lie
        before = len(liar.asked)
        rig.send_alert()
        wait_for(lambda b=before: len(liar.asked) > b, 50, "a question to the liar", 0.1)
    liar.say = None
    rig.send_alert()

    def goes_on():
        page = rig.audit("?limit=1")
        return page["entries"][0]["index"] < page["size"] and "test/gateway/north" in page["checkpoint"] and page["halted"] is None

    tap.attempt("a witness that lies or says nothing stops nobody", lambda: wait_for(goes_on, 60, "a checkpoint", 0.2))
    tap.check(not [e for e in rig.entries("&action=witness_joined") if e["resource"] == "outside:liar"], "and is no witness")
    tap.check("audit.witness_refused" in rig.log(), "which is in the log")
    path, request = liar.asked[0]
    tap.check(path == "/some/prefix/add-checkpoint" and request.startswith("old 0\n\ntest/audit\n"), "it was asked in C2SP's form", request[:60])


def check_options(tap, rig, witness):
    def refused(**more):
        done = subprocess.run([*rig.config(**more), "--check"], capture_output=True, text=True, timeout=10, env={**os.environ, **rig.secrets})
        return done.returncode != 0, done.stderr

    for url, key in (("http://witness.example", witness.vkey), ("ftp://x", witness.vkey), ("https://x/", witness.vkey), (witness.url, "nonsense"), (witness.url, rig.audit("?limit=1")["vkey"])):
        no, words = refused(**options("pier", url, key))
        tap.check(no and "[witness pier]" in words, f"{url}, {key[:20]}: refused at start", words[-200:])


def main():
    tap = Tap()
    with Outside() as rig:
        program = install(rig)
        if not program:
            print("1..0 # SKIP litewitness cannot be had here")
            return 77
        rig.gateway_start()
        rig.begin()
        rig.settled()
        witness = Litewitness(rig, program)
        try:
            cosigned = check_join(tap, rig, witness)
            check_away(tap, rig, witness, cosigned)
            check_monitor(tap, rig, witness)
            check_liars(tap, rig, witness)
            check_options(tap, rig, witness)
        finally:
            witness.close()
    return tap.done()


class Outside(Audited):
    def sql(self, text):
        words = [os.path.join(self.build, "tests", "sql"), self.path("state", "control.db"), text]
        subprocess.run(words, env={**os.environ, "TOCSIN_DATABASE_KEY": self.secrets["TOCSIN_DATABASE_KEY"]}, check=True, capture_output=True, timeout=30)


if __name__ == "__main__":
    if not shutil.which("mosquitto"):
        print("1..0 # SKIP no mosquitto here")
        sys.exit(77)
    try:
        sys.exit(main())
    except (OSError, http.client.HTTPException) as error:
        print(f"Bail out! {error}")
        sys.exit(1)
