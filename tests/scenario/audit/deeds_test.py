#!/usr/bin/env python3
"""What tocsin-enrol does stands in control's audit log: every token, certificate and withdrawal, once, in its order, whoever
is killed or away; and that a device was suspended."""

import http.client
import os
import random
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))
from control_rig import Rig  # noqa: E402
from edge_rig import rfc3339  # noqa: E402
from enrol_rig import Office  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

KILLS = 8


class Desk(Office):
    """tocsin-enrol with the CA of a control rig; asked in the name of an ops."""

    def __init__(self, rig):
        super().__init__()
        shutil.rmtree(self.folder)
        self.folder = rig.path("office")
        os.makedirs(self.folder)
        self.ca_key, self.ca_certificate = rig.path("ca/ca.key"), rig.path("ca/ca.crt")
        rig.tocsin("ca", "issue", "ops", "olga", "--dir", rig.path("ca"), "--out", self.path("id"))

    def __enter__(self):
        return self.start()

    def office(self):
        return ["--url", self.url, "--ca", self.ca_certificate, "--identity", self.path("id/olga")]

    def join(self, name):
        token = self.invite(name, "--host", "127.0.0.1")
        where = ["--url", self.url, "--site", "test", "--role", "edge", "--out", self.path(), "--ca", self.path("ca-" + name + ".crt")]
        return self.tocsin("device", "enrol", name, *where, "--fingerprint", self.fingerprint(), env={"TOCSIN_ENROL_TOKEN": token})

    def kill(self):
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()


def entries(rig):
    return rig.ask("GET", "/api/audit?limit=200&user=enrol/enrol").json["entries"][::-1]


def deeds_of(desk):
    """What stands in the register, in order."""
    words = [os.path.join(desk.build, "tests", "sql"), desk.path("state", "enrol.db"), "SELECT action || ' ' || resource FROM deeds ORDER BY number", "query"]
    return subprocess.run(words, env={**os.environ, **desk.secrets}, check=True, capture_output=True, text=True, timeout=30).stdout.split("\n")[:-1]


def told(rig):
    return [f"{e['action']} {e['resource']}" for e in entries(rig)]


def check_kinds(tap, rig, desk):
    desk.join("sign-1")
    status, _, _ = desk.request("POST", "/.well-known/est/simpleenroll", b"AAAA", {"Content-Type": "application/pkcs10", "Authorization": "Basic c2lnbi0xOndyb25n"})
    tap.check(status == 401, "a wrong token enrols nobody")
    tap.check(desk.request("GET", "/members", identity=desk.path("sign-1"))[0] == 403, "an edge is no administrator")
    tap.check(desk.request("GET", "/deeds?after=0", identity=desk.path("sign-1"))[0] == 403, "nor does it read what was done")
    tap.check(desk.request("GET", "/deeds?after=0", identity=desk.path("id/olga"))[0] == 403, "ops neither: control keeps the log")
    tap.check(desk.request("GET", "/deeds?after=-1", identity=rig.path("main"))[0] == 400, "a wrong number is refused")
    desk.tocsin("device", "revoke", "sign-1", *desk.office())
    wanted = {"enrol_started enrol/enrol", "member_invited edge/sign-1", "member_enrolled edge/sign-1", "member_withdrawn edge/sign-1", "member_refused sign-1",
              "enrol_refused spiffe://test/edge/sign-1"}  # fmt: skip
    tap.attempt("each kind of deed has its entry", lambda: wait_for(lambda: wanted <= set(told(rig)), 25, f"{wanted - set(told(rig))}"))
    by = {e["action"]: e for e in entries(rig)}
    tap.check(by["member_invited"]["details"]["by"] == "spiffe://test/ops/olga", "it says in whose name", str(by["member_invited"]))
    tap.check(by["member_enrolled"]["details"]["serial"] and by["member_enrolled"]["address"] == "127.0.0.1", "which certificate, and from where", str(by["member_enrolled"]))
    tap.check(by["member_withdrawn"]["details"]["certificates"] == 1, "and how many were withdrawn")
    everything = str(entries(rig))
    tap.check(not any(token in everything for token in desk.tokens), "no token stands in the log")


def check_kills(tap, rig, desk):
    """Tokens are made while either is killed: each deed has one entry, in order."""
    dice = random.Random(7)
    for number in range(KILLS):
        for i in range(3):
            desk.invite(f"kill-{number}-{i}")
        if number % 2 == 0:
            rig.control.send_signal(signal.SIGKILL)
            rig.control.wait()
        if dice.random() < 0.6:
            desk.kill()
            desk.start()
        if number % 2 == 0:
            rig.start(**{"enrol.url": desk.url})
    wait_for(lambda: len(told(rig)) >= len(deeds_of(desk)), 30, "all deeds", 0.2)
    tap.check(told(rig) == deeds_of(desk), f"{len(deeds_of(desk))} deeds over {KILLS} kills: each has its entry, in order", f"{len(told(rig))}")
    tap.check(rig.ask("GET", "/api/audit?action=deeds_gap").json["entries"] == [], "and there is no gap")


def check_away(tap, rig, desk):
    rig.stop()
    names = [f"away-{i}" for i in range(130)]  # more than one answer holds
    status = [desk.request("POST", "/members", f'{{"role":"edge","name":"{name}","hosts":[]}}', {"Content-Type": "application/json"}, desk.path("id/olga"))[0] for name in names]
    tap.check(set(status) == {201}, "tocsin-enrol works on while control is away")
    rig.start(**{"enrol.url": desk.url})

    def newest():
        return [e["resource"] for e in rig.ask("GET", "/api/audit?limit=130&action=member_invited").json["entries"]][::-1]

    tap.attempt("and control hears all of it when it is back", lambda: wait_for(lambda: newest() == [f"edge/{name}" for name in names], 20, "130 entries", 0.2))


def check_backup(tap, rig, desk):
    """The register from a backup: what it has forgotten is a gap, and nothing is doubled."""
    desk.stop()
    shutil.copytree(desk.path("state"), desk.path("backup"))
    desk.start()
    desk.invite("lost-1")
    wait_for(lambda: told(rig)[-1] == "member_invited edge/lost-1", 20, "the deed")
    desk.stop()
    shutil.rmtree(desk.path("state"))
    shutil.copytree(desk.path("backup"), desk.path("state"))
    desk.start()
    desk.invite("found-1")
    wait_for(lambda: told(rig)[-1] == "member_invited edge/found-1", 20, "the deed")
    gaps = rig.ask("GET", "/api/audit?action=deeds_gap").json["entries"]
    tap.check(len(gaps) == 1 and gaps[0]["details"]["known"] > gaps[0]["details"]["found"], "a register from a backup leaves a gap that is entered", str(gaps))
    tap.check(told(rig).count("member_invited edge/lost-1") == 1, "and nothing is entered twice")


def check_suspension(tap, rig):
    rig.publish_status()
    opened = {"tamper": {"open": True, "since": rfc3339()}, "position": None, "secure_boot": "on"}
    for _ in range(2):
        rig.publish_telemetry(physical=opened)

    def suspended():
        return rig.ask("GET", "/api/audit?action=device_suspended").json["entries"]

    tap.attempt("an opened device is suspended, and that has an entry", lambda: wait_for(suspended, 10, "the entry", 0.2))
    tap.check(rig.ask("POST", "/api/devices/edge-1/clear").status == 200, "it is cleared")
    rig.publish_telemetry(physical={**opened, "tamper": {"open": True, "since": rfc3339(5)}})
    tap.attempt("and suspended again, with a second entry", lambda: wait_for(lambda: len(suspended()) == 2, 10, "the entry", 0.2))
    cleared = rig.ask("GET", "/api/audit?action=device_cleared").json["entries"]
    tap.check(len(cleared) == 1 and cleared[0]["user"] == "admin", "the clearing has its entry too")


def main():
    tap = Tap()
    with Rig() as rig, Desk(rig) as desk:
        rig.begin()
        rig.stop()
        rig.start(**{"enrol.url": desk.url})
        check_kinds(tap, rig, desk)
        check_kills(tap, rig, desk)
        check_away(tap, rig, desk)
        check_backup(tap, rig, desk)
        check_suspension(tap, rig)
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
