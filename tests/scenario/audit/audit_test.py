#!/usr/bin/env python3
"""The audit log of a real control with a real gateway as its witness: what is done is in it, with a proof; kill -9 neither
loses nor doubles an entry; an old backup is noticed; the copy that `tocsin audit export` makes is checked offline, by
ourselves and by the Go checksum database's own code."""

import base64
import glob
import hashlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))
from control_rig import PASSWORD, Rig, hours_from_now  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

KILLS = 12


class Audited(Rig):
    """A control as other tests have it, and a gateway at the same broker."""

    def __init__(self):
        super().__init__()
        self.gateway = None

    def gateway_start(self):
        if not os.path.exists(self.path("north.crt")):
            self.tocsin("ca", "issue", "gateway", "north", "--dir", self.path("ca"), "--out", self.folder)
        keys = {
            "site.name": "test", "site.ca": self.path("ca/ca.crt"), "identity.certificate": self.path("north.crt"),
            "identity.key": self.path("north.key"), "broker.port": self.broker_port, "zone.name": "north",
            "state.folder": self.path("gateway"), "http.port": 0,
        }  # fmt: skip
        words = [os.path.join(self.build, "tocsin-gateway")]
        for key, value in keys.items():
            words += ["--set", f"{key}={value}"]
        with open(self.path("gateway.log"), "ab") as log:
            self.gateway = subprocess.Popen(words, stderr=log, env={**os.environ, "TOCSIN_DATABASE_KEY": "77" * 32})

    def gateway_stop(self):
        if self.gateway and self.gateway.poll() is None:
            self.gateway.terminate()
            self.gateway.wait(10)

    def __exit__(self, *words):
        self.gateway_stop()
        super().__exit__(*words)

    def audit(self, query=""):
        return self.ask("GET", "/api/audit" + query).json

    def entries(self, query=""):
        page, found = self.audit("?limit=200" + query), []
        while True:
            found += page["entries"]
            if page["next"] is None:
                return found
            page = self.audit(f"?limit=200{query}&before={page['next']}")

    def checkpoint(self):
        return self.ask("GET", "/api/audit/checkpoint").body.decode()

    def send_alert(self):
        body = {"tier": "advisory", "texts": [{"language": "en", "text": "Path closed"}], "targets": {"zones": ["north"]},
                "expire": hours_from_now(1)}  # fmt: skip
        return self.ask("POST", "/api/alerts", body)

    def size(self):
        return int(self.checkpoint().split("\n")[1])

    def settled(self):
        """Until every entry is below a checkpoint that the gateway has cosigned."""

        def all_in():
            page = self.audit("?limit=1")
            return page["entries"][0]["index"] < page["size"] and "test/gateway/north" in page["checkpoint"]

        wait_for(all_in, 30, "a cosigned checkpoint over all entries", 0.1)

    def verify(self, folder, *words):
        policy = self.path("policy")
        done = subprocess.run(
            [os.path.join(self.build, "tocsin"), "audit", "verify", folder, "--policy", policy, *words],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).strip()

    def export(self, name):
        env = {**os.environ, "TOCSIN_DATABASE_KEY": self.secrets["TOCSIN_DATABASE_KEY"]}
        folder = self.path(name)
        subprocess.run([os.path.join(self.build, "tocsin"), "audit", "export", folder, "--state", self.path("state"), *self.database_words()],
                       env=env, check=True, capture_output=True, timeout=60)  # fmt: skip
        shutil.copy(os.path.join(folder, "policy"), self.path("policy"))
        return folder


def root_from_proof(proof, leaf):
    """RFC 9162 section 2.1.3.2, written here once more: the root that a .tlog-proof leads to, and the checkpoint's."""
    head, checkpoint = proof.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    at, size = int(lines[1].removeprefix("index ")), int(checkpoint.split("\n")[1])
    last, digest = size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for line in lines[2:]:
        other = base64.b64decode(line)
        if at & 1 or at == last:
            digest = hashlib.sha256(b"\1" + other + digest).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\1" + digest + other).digest()
        at, last = at >> 1, last >> 1
    return digest, base64.b64decode(checkpoint.split("\n")[2])


def check_entries(tap, rig):
    viewer = rig.invite("vera", "viewer")
    auditor = rig.invite("ulla", "auditor")
    alert = rig.send_alert()
    rig.ask("POST", "/api/alerts", {"tier": "advisory"}, viewer)
    rig.ask("POST", "/api/alerts", {"tier": "nonsense"})
    rig.sign_in("wrong password")
    rig.ask("POST", f"/api/alerts/{alert.json['id']}/cancel")
    rig.publish_status()
    rig.settled()
    entries = rig.entries()
    actions = {entry["action"] for entry in entries}
    wanted = {"control_started", "one_time_password_set", "signed_in", "sign_in_refused", "password_changed", "alert_sent",
              "alert_cancelled", "alert_refused", "refused", "witness_joined", "device_seen"}  # fmt: skip
    tap.check(wanted <= actions, "every kind of action has its entry", f"missing: {wanted - actions}")
    tap.check([e["index"] for e in entries] == list(range(len(entries) - 1, -1, -1)), "indexes are without gaps")
    sent = next(e for e in entries if e["action"] == "alert_sent")
    tap.check(sent["user"] == "admin" and sent["resource"] == alert.json["id"], "an alert's entry says who and which")
    tap.check(sent["address"] == "127.0.0.1" and sent["authorisation"] == "bearer", "where from, and by which right")
    refused = next(e for e in entries if e["action"] == "refused")
    tap.check(refused["user"] == "vera", "a refused permission says whose")
    seen = rig.entries("&action=device_seen")
    tap.check(len(seen) >= 1 and all(e["action"] == "device_seen" for e in seen), "they can be filtered")
    tap.check(rig.ask("GET", "/api/audit", headers=viewer).status == 403, "a viewer may not read the log")
    tap.check(rig.ask("GET", "/api/audit", headers=auditor).status == 200, "an auditor may")
    tap.check(rig.ask("GET", "/api/audit?limit=x").status == 400, "a wrong limit is refused")
    tap.check(rig.ask("GET", "/api/audit/999999").status == 404, "there is no entry beyond the last")
    everything = str(entries)
    tap.check(PASSWORD not in everything and "wrong password" not in everything, "no password stands in the log")
    return sent


def check_proof(tap, rig, sent):
    entry = rig.ask("GET", f"/api/audit/{sent['index']}").json
    data = base64.b64decode(entry["bytes"])
    found, expected = root_from_proof(entry["proof"], data)
    tap.check(found == expected, "an entry's proof leads to the checkpoint's root")
    changed, expected = root_from_proof(entry["proof"], data.replace(b"admin", b"andin"))
    tap.check(changed != expected, "and a changed entry's does not")
    sealed = hashlib.sha256(base64.b64decode(entry["salt"]) + entry["opened"].encode()).digest()
    tap.check(base64.b64encode(sealed).decode() == entry["sealed"], "what is sealed fits its commitment")
    tap.check("127.0.0.1" not in data.decode(), "the address is not in the tree")
    proof, raw = rig.path("entry.tlog-proof"), rig.path("entry.json")
    with open(proof, "w", encoding="utf-8") as file:
        file.write(entry["proof"])
    with open(raw, "wb") as file:
        file.write(data)
    return proof, raw


def check_kills(tap, rig):
    """Alerts while control is killed: whoever got an answer has one entry, nobody has two."""
    accepted = []
    for number in range(KILLS):
        deadline = time.monotonic() + 0.05 + 0.03 * number
        while time.monotonic() < deadline:
            answer = rig.send_alert()
            if answer.status == 202:
                accepted.append(answer.json["id"])
        rig.control.send_signal(signal.SIGKILL)
        rig.control.wait()
        rig.start()
    rig.settled()
    sent = [e["resource"] for e in rig.entries("&action=alert_sent")]
    alerts, page = [], rig.ask("GET", "/api/alerts?limit=200").json
    while page:
        alerts += [alert["id"] for alert in page["alerts"]]
        page = rig.ask("GET", f"/api/alerts?limit=200&before={page['next']}").json if page["next"] else None
    tap.check(len(accepted) > KILLS, "alerts went out between the kills", f"only {len(accepted)}")
    tap.check(set(accepted) <= set(sent), "no accepted alert is without an entry", f"{len(set(accepted) - set(sent))} are")
    tap.check(len(sent) == len(set(sent)), "none has two")
    tap.check(set(sent) == set(alerts), "no entry tells of an alert that is not there", f"{len(sent)} {len(alerts)}")
    print(f"# {len(accepted)} alerts over {KILLS} kills")


def check_export(tap, rig, proof, raw):
    folder = rig.export("export")
    status, words = rig.verify(folder, "--age", "120")
    tap.check(status == 0 and words.startswith("good: "), "an export is good", words)
    print(f"# {words}")
    policy = rig.path("policy")
    for entry, expected in ((raw, 0), (policy, 1)):
        done = subprocess.run([os.path.join(rig.build, "tocsin"), "audit", "check", proof, "--entry", entry, "--policy", policy])
        tap.check(done.returncode == expected, "a proof alone " + ("is good" if expected == 0 else "does not do for another entry"))
    mine = rig.tocsin("audit", "prove", "3", "--from", folder).decode()
    tap.check(mine.startswith("c2sp.org/tlog-proof@v1\nindex 3\n"), "an export gives proofs")
    check_go(tap, rig, folder, proof, raw)
    bundle = sorted(glob.glob(os.path.join(folder, "tile/entries/000*")) + glob.glob(os.path.join(folder, "tile/entries/000.p/*")))[-1]
    with open(bundle, "r+b") as file:
        data = file.read()
        file.seek(data.index(b'"user":"admin"') + 9)
        file.write(b"x")
    status, words = rig.verify(folder)
    tap.check(status == 1 and re.match(r"bad: entry \d+: ", words), "a changed entry is named", words)
    os.remove(bundle)
    tap.check(rig.verify(folder)[0] == 1, "a missing bundle is noticed")
    with open(policy, encoding="utf-8") as file:
        rules = file.read()
    strict = rig.export("again")
    with open(policy, "w", encoding="utf-8") as file:
        file.write(rules.replace("quorum witnesses", "quorum none"))
    tap.check(rig.verify(strict)[0] == 0, "a policy may do without witnesses, if it says so")
    with open(policy, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^log .*$", "log example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", rules))
    tap.check(rig.verify(strict)[0] == 1, "another log's key does not do")
    with open(policy, "w", encoding="utf-8") as file:
        file.write(rules)
    return strict


def check_go(tap, rig, folder, proof, raw):
    go = shutil.which("go")
    if not go:
        print("# skipped: no go here, so no second opinion by golang.org/x/mod/sumdb")
        return
    program = rig.path("verifier")
    built = subprocess.run([go, "build", "-o", program, "."], cwd=os.path.join(HERE, "verifier"), capture_output=True, text=True, timeout=300)
    if built.returncode != 0:
        print("# skipped: golang.org/x/mod cannot be had: " + built.stderr.strip().replace("\n", " ")[:200])
        return
    with open(rig.path("policy"), encoding="utf-8") as file:
        vkey = re.search(r"^log (\S+)", file.read(), re.M).group(1)
    done = subprocess.run([program, folder, vkey, proof, raw], capture_output=True, text=True, timeout=60)
    tap.check(done.returncode == 0, "golang.org/x/mod/sumdb accepts checkpoint, tiles, entries and a proof", done.stdout + done.stderr)
    print(f"# sumdb: {done.stdout.strip()}")
    done = subprocess.run([program, folder, vkey, proof, rig.path("policy")], capture_output=True, text=True, timeout=60)
    tap.check(done.returncode == 1, "and refuses a proof for another entry")


def check_rotation(tap, rig, older):
    vkey = rig.tocsin("audit", "rotate", "--state", rig.path("state")).decode().strip()
    rig.stop()
    rig.start()
    rig.send_alert()
    rig.settled()
    tap.check(rig.audit("?limit=1")["vkey"] == vkey, "the new key signs after a start")
    with open(rig.path("policy"), encoding="utf-8") as file:
        old_policy = file.read()
    rig.tocsin("audit", "rotate", "--state", rig.path("state"), "--finish")
    rig.stop()
    rig.start()
    rig.send_alert()
    rig.settled()
    folder = rig.export("rotated")
    status, words = rig.verify(folder, "--against", older)
    tap.check(status == 0, "whoever knows the new key accepts the log, and it extends the older copy", words)
    with open(rig.path("policy"), "w", encoding="utf-8") as file:
        file.write(old_policy)
    status, words = rig.verify(folder)
    tap.check(status == 0 and "1 changes of key" in words, "whoever knows only the old key follows the change", words)


def check_old_backup(tap, rig):
    """The whole state from a backup: the log itself cannot know, but the gateway does."""
    rig.stop()
    rig.backup()
    rig.start()
    rig.send_alert()
    rig.settled()
    newest = rig.export("newest")
    rig.stop()
    rig.restore()
    rig.start()
    wait_for(lambda: rig.ask("GET", "/health").json["checks"]["audit"] == "failing", 30, "a log that has halted", 0.2)
    page = rig.audit("?limit=1")
    tap.check("an old copy was restored" in (page["halted"] or ""), "an old backup is noticed through the witness", page["halted"])
    before = rig.size()
    tap.check(rig.send_alert().status == 202, "alerts go on")
    time.sleep(1)
    tap.check(rig.size() == before, "but nothing more is signed")
    status, words = rig.verify(newest)
    tap.check(status == 0, "what was exported before stands", words)
    rig.stop()
    shutil.rmtree(rig.path("state"))


def main():
    tap = Tap()
    with Audited() as rig:
        rig.gateway_start()
        rig.begin()
        sent = check_entries(tap, rig)
        proof, raw = check_proof(tap, rig, sent)
        check_kills(tap, rig)
        older = check_export(tap, rig, proof, raw)
        check_rotation(tap, rig, older)
        check_old_backup(tap, rig)
    return tap.done()


if __name__ == "__main__":
    if not shutil.which("mosquitto"):
        print("1..0 # SKIP no mosquitto here")
        sys.exit(77)
    try:
        sys.exit(main())
    except (OSError, http.client.HTTPException) as error:
        print(f"Bail out! {error}")
        sys.exit(1)
