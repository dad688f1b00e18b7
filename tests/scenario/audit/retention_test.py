#!/usr/bin/env python3
"""Entries leave the audit log of a real control at the end of their keeping, with an entry that says so; what is left is
proved as before, by ourselves and by others; and details that the law wants erased are."""

import base64
import glob
import http.client
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_test import HERE, Audited  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

YEARS_US = 8 * 366 * 86400 * 1000000


class Kept(Audited):
    def sql(self, text, *more):
        words = [os.path.join(self.build, "tests", "sql"), self.path("state", "control.db"), text, *more]
        env = {**os.environ, "TOCSIN_DATABASE_KEY": self.secrets["TOCSIN_DATABASE_KEY"]}
        return subprocess.run(words, env=env, check=True, capture_output=True, text=True, timeout=30).stdout.split("\n")[:-1]

    def age(self):
        """Eight years pass: control is stopped, and what is in its log grows old."""
        self.stop()
        self.sql(f"UPDATE audit SET at_us = at_us - {YEARS_US}")
        self.start()

    def erase(self, index, *more):
        env = {**os.environ, "TOCSIN_DATABASE_KEY": self.secrets["TOCSIN_DATABASE_KEY"]}
        return subprocess.run([os.path.join(self.build, "tocsin"), "audit", "erase", str(index), "--state", self.path("state"), *more],
                              env=env, capture_output=True, text=True, timeout=30)  # fmt: skip


def check_pruned(tap, rig):
    while rig.size() < 400:
        for i in range(100):
            rig.ask("POST", "/api/invitations", {"username": f"guest-{rig.size()}-{i}", "role": "viewer"})
        rig.settled()
    old = rig.export("before")
    rig.age()
    wait_for(lambda: os.path.isdir(rig.path("state/audit/epoch")), 30, "an epoch that is closed", 0.2)
    tap.check("audit.pruned" not in rig.log() and rig.ask("GET", "/api/audit/0").status == 200, "a closed epoch keeps its entries until its end")
    rig.settled()
    rig.age()
    tap.attempt("when its last entry is old enough its entries go", lambda: wait_for(lambda: "audit.pruned" in rig.log(), 30, "audit.pruned", 0.2))
    rig.settled()
    pruned = rig.entries("&action=log_pruned")
    tap.check(len(pruned) == 1 and pruned[0]["details"]["first"] == 0, "and an entry says which", str(pruned))
    end = pruned[0]["details"]["end"]
    tap.check(end >= 256 and end % 256 == 0 and pruned[0]["user"] is None, "in whole bundles", str(end))
    tap.check(rig.ask("GET", f"/api/audit/{end - 1}").status == 404 and rig.ask("GET", f"/api/audit/{end}").status == 200, "those are gone, and no other")
    tap.check(not os.path.exists(rig.path("state/audit/tile/entries/000")), "from the files too")
    tap.check(rig.sql("SELECT min(number) - 1 FROM audit", "query") == [str(end)], "and from the database")
    return end, old


def check_copy(tap, rig, end, old):
    folder = rig.export("pruned")
    status, words = rig.verify(folder, "--against", old, "--age", "120")
    tap.check(status == 0 and f"entries 0..{end - 1} pruned under the checkpoint of " in words, "a pruned export is good, extends the older copy, and says what has gone", words)
    print("# " + words.replace("\n", "\n# "))
    mine = rig.tocsin("audit", "prove", "3", "--from", folder).decode()
    tap.check(mine.startswith("c2sp.org/tlog-proof@v1\nindex 3\n"), "it still proves where an entry stood that has gone")
    for gone in ("tile/0/000", f"tile/entries/{end // 256:03d}*", "epoch/*"):
        spoiled = rig.path("spoiled")
        shutil.copytree(folder, spoiled)
        for path in glob.glob(os.path.join(spoiled, gone)):
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        status, words = rig.verify(spoiled)
        tap.check(status == 1, f"without {gone} it is not", words)
        shutil.rmtree(spoiled)
    return folder


def check_go(tap, rig, folder, end):
    go = shutil.which("go")
    program = rig.path("verifier")
    built = go and subprocess.run([go, "build", "-o", program, "."], cwd=os.path.join(HERE, "verifier"), capture_output=True, text=True, timeout=300)
    if not built or built.returncode != 0:
        print("# skipped: no go here, or golang.org/x/mod cannot be had")
        return
    entry = rig.ask("GET", f"/api/audit/{end}").json
    proof, raw = rig.path("p"), rig.path("e")
    with open(proof, "w", encoding="utf-8") as file:
        file.write(entry["proof"])
    with open(raw, "wb") as file:
        file.write(base64.b64decode(entry["bytes"]))
    with open(rig.path("policy"), encoding="utf-8") as file:
        vkey = file.readline().split()[1]
    done = subprocess.run([program, folder, vkey, proof, raw, str(end)], capture_output=True, text=True, timeout=60)
    tap.check(done.returncode == 0, "golang.org/x/mod/sumdb accepts what is left, and a proof", done.stdout + done.stderr)


def check_witness(tap, rig):
    """A gateway that was away since before: its checkpoint is of entries that have gone."""
    rig.gateway_stop()
    shutil.rmtree(rig.path("gateway"))
    shutil.copytree(rig.path("gateway-before"), rig.path("gateway"))
    rig.gateway_start()
    rig.send_alert()
    tap.attempt("a witness that knows only what has gone follows all the same", rig.settled)


def check_erased(tap, rig):
    sealed = next(e for e in rig.entries() if e["sealed"] and e["address"])
    index = sealed["index"]
    done = rig.erase(index, "--reason", "article 17")
    tap.check(done.returncode == 0, "the details of an entry are erased", done.stdout + done.stderr)
    tap.check(rig.erase(index).returncode != 0, "once")
    rig.send_alert()
    rig.settled()
    entry = rig.ask("GET", f"/api/audit/{index}").json
    tap.check(entry["address"] is None and entry["opened"] is None and entry["sealed"] == sealed["sealed"], "they are gone, and the commitment stays")
    told = rig.entries("&action=details_erased")
    tap.check(len(told) == 1 and told[0]["resource"] == str(index) and told[0]["details"] == {"reason": "article 17"}, "which is entered, with the reason", str(told))
    folder = rig.export("erased")
    status, words = rig.verify(folder)
    tap.check(status == 0 and "1 erased" in words, "the copy is good, and says that details were erased", words)
    lines = rig.path("erased/details.jsonl")
    with open(lines, encoding="utf-8") as file:
        text = file.read().split("\n")
    at = next(i for i, line in enumerate(text) if '"opened":null' not in line)
    hidden = text[at].split(",")[0]
    text[at] = hidden + ',"opened":null,"salt":null}'
    with open(lines, "w", encoding="utf-8") as file:
        file.write("\n".join(text))
    status, words = rig.verify(folder)
    tap.check(status == 1 and "no entry says that they were erased" in words, "whoever hides details in a copy cannot call it that", words)


def main():
    tap = Tap()
    with Kept() as rig:
        rig.gateway_start()
        rig.begin()
        rig.settled()
        rig.gateway_stop()
        shutil.copytree(rig.path("gateway"), rig.path("gateway-before"))
        rig.gateway_start()
        end, old = check_pruned(tap, rig)
        folder = check_copy(tap, rig, end, old)
        check_go(tap, rig, folder, end)
        check_witness(tap, rig)
        check_erased(tap, rig)
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
