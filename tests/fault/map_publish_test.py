#!/usr/bin/env python3
"""Publishing while everything goes wrong: 503s, lost answers, a stalled store, wrong clocks, kill -9 and a full disk.

Whatever happens, current.json names an archive that is there and whole, and the next run goes on where the last one was.
"""

import datetime
import hashlib
import json
import os
import resource
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from site_runner import Tap, wait_for  # noqa: E402
from store_rig import CDN_TOKEN, KEY, KEY_ID, StoreRig  # noqa: E402

OBJECT, PART, POINTER = r"PUT /maps/maps/tactical-[0-9a-f]*\.pmtiles$", "PUT .*partNumber", "PUT /maps/maps/current.json"
BEGIN, END = r"POST .*\?uploads=", "POST .*uploadId"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def signed_at(date):
    return datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def whole(rig):
    """What readers have now: the hash of the archive that current.json names, read and compared; None when it is not so."""
    name = json.loads(rig.get("/maps/current.json", port=rig.public_port).body)["archive"]
    got = rig.get("/maps/" + name, port=rig.public_port)
    return sha256(got.body) if got.status == 200 and sha256(got.body) in name else None


class Turns:
    """Every case publishes another archive than the one before."""

    def __init__(self, rig):
        self.rig, self.turn = rig, 0

    def next(self, large=False):
        self.turn += 1
        name = f"{'large' if large else 'small'}{self.turn}.pmtiles"
        return self.rig.large(name, self.turn) if large else self.rig.archive(name, f"turn {self.turn}", 700 + self.turn)


def check_faults(tap, rig, turns):
    small = [("503 twice", OBJECT, "503", 2), ("the connection drops", OBJECT, "drop", 2), ("the answer is lost", OBJECT, "lose", 1),
             ("503 for current.json", POINTER, "503", 2), ("its connection drops", POINTER, "drop", 1), ("its answer is lost", POINTER, "lose", 1),
             ("429", OBJECT, "429", 1), ("500 while looking", "HEAD ", "500", 1), ("reading current.json drops", "GET /maps", "drop", 1)]
    large = [("503 for parts", PART, "503", 3), ("parts drop", PART, "drop", 2), ("a part's answer is lost", PART, "lose", 1), ("503 at the beginning", BEGIN, "503", 1),
             ("503 at the end", END, "503", 1), ("the end's answer is lost", END, "lose", 1)]
    for is_large, cases in ((False, small), (True, large)):
        for what, match, do, times in cases:
            archive = turns.next(is_large)
            rig.tell("forget")
            rig.fault(match, do, times)
            done = rig.publish(archive)
            tap.check(done.returncode == 0 and whole(rig) == sha256(rig.read(archive)), f"{'parts' if is_large else 'one request'}: {what}", done.stderr)
            left = rig.ask("faults")[0]["times"]
            tap.check(left == 0, "  and it did happen", f"{left} left")
            old = [one for one in rig.requests(match) if one["date"] and abs(signed_at(one["date"]) - one["at"]) > 3]
            tap.check(not old, "  each attempt was signed for its own time", str(old))


def check_stalled(tap, rig, turns):
    archive, before = turns.next(), whole(rig)
    rig.config(s3__idle_ms="1000", s3__attempts="2")
    rig.tell("forget")
    rig.fault(OBJECT, "slow", 9, seconds=6)
    begun = time.monotonic()
    done = rig.publish(archive)
    tap.check(done.returncode == 1 and time.monotonic() - begun < 12, "a store that stalls: given up in time", done.stderr)
    tap.check(whole(rig) == before, "readers have what they had")
    rig.tell("faults", [])
    rig.config()
    wait_for(lambda: len(rig.requests(OBJECT)) == 2, 20, "the store to wake from both")
    tap.check(rig.publish(archive).returncode == 0 and whole(rig) == sha256(rig.read(archive)), "the next run succeeds")


def check_down(tap, rig, turns):
    archive, before = turns.next(), whole(rig)
    rig.fault(".", "503", 1000)
    rig.config(s3__attempts="3")
    done = rig.publish(archive)
    tap.check(done.returncode == 1 and "503" in done.stderr, "nothing but 503: an error that says so", done.stderr)
    tap.check(len(rig.requests("GET /maps/maps/current.json")) >= 3, "after as many attempts as allowed")
    rig.tell("faults", [])
    rig.config()
    tap.check(whole(rig) == before, "readers have what they had")


def check_clock(tap, rig, turns):
    for hours in (5, -5):
        archive = turns.next()
        rig.tell("skew", hours * 3600)
        rig.tell("forget")
        done = rig.publish(archive)
        tap.check(done.returncode == 0 and whole(rig) == sha256(rig.read(archive)), f"the store's clock is {hours} h off: published", done.stderr)
        refused = [one for one in rig.ask("log") if one["status"] == 403 and not one["public"]]
        tap.check(len(refused) == 1, "after one correction", str(refused))
    rig.tell("skew", 0)


def kill_while(rig, archive, match):
    """Kills the publisher while the store holds its request back; the request itself may yet be done."""
    rig.tell("forget")
    rig.fault(match, "slow", 1, seconds=1.5)
    process = rig.publish_begin(archive)
    wait_for(lambda: rig.ask("faults")[0]["times"] == 0 or process.poll() is not None, 30, "the request")
    reached = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return reached


def check_kill(tap, rig, turns):
    cases = [(False, "while it looks", "HEAD "), (False, "while it sends", OBJECT), (False, "while it replaces current.json", POINTER), (False, "while it tells the CDN", "purge_cache"),
             (True, "while it begins parts", BEGIN), (True, "while it sends parts", PART + "=2"), (True, "while it ends parts", END)]
    for large, what, match in cases:
        archive, before = turns.next(large), whole(rig)
        tap.check(kill_while(rig, archive, match), f"killed {what}")
        now = whole(rig)
        tap.check(now in (before, sha256(rig.read(archive))), "  readers have the old map or the new one, whole", str(now))
        done = rig.publish(archive)
        tap.check(done.returncode == 0 and whole(rig) == sha256(rig.read(archive)), "  the next run goes on", done.stderr)
        tap.check(len(rig.ask("purges")) >= 2, "  and tells the CDN", str(rig.ask("purges")))
        names = [one["archive"] for one in rig.current()["releases"]]
        tap.check(len(names) == len(set(names)), "  no release is listed twice")


def check_resume(tap, rig, turns):
    archive = turns.next(True)
    rig.config(s3__at_once="1")
    tap.check(kill_while(rig, archive, PART + "=3"), "killed at the third part")
    sent = [one["path"] for one in rig.requests(PART) if one["status"] == 200]
    tap.check(len(sent) >= 2, "two parts are there")
    rig.tell("forget")
    done = rig.publish(archive)
    again = rig.requests(PART)
    tap.check(done.returncode == 0 and not [one for one in again if "partNumber=1&" in one["path"] or "partNumber=2&" in one["path"]],
              "they are not sent again", str([one["path"] for one in again]))
    tap.check(not rig.requests(BEGIN), "no upload is begun anew")
    archive = turns.next(True)
    kill_while(rig, archive, PART + "=2")
    for name in os.listdir(rig.path("store", "parts")):  # the store gives it up, as R2 does after 7 days
        os.unlink(rig.path("store", "parts", name))
    done = rig.publish(archive)
    tap.check(done.returncode == 0 and whole(rig) == sha256(rig.read(archive)), "an upload that the store gave up is begun anew", done.stderr)
    rig.config()


def no_room():
    """As on a full disk: no file grows."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def check_full(tap, rig, turns):
    for large in (False, True):
        archive, before = turns.next(large), whole(rig)
        done = rig.publish(archive, preexec_fn=no_room)
        tap.check(done.returncode == 1 and "publish.failed" in done.stderr, f"{'parts' if large else 'one request'}: the disk is full: an error", done.stderr)
        tap.check(whole(rig) == before, "readers have what they had")
        done = rig.publish(archive)
        tap.check(done.returncode == 0 and whole(rig) == sha256(rig.read(archive)), "with room it goes on", done.stderr)


def check_memory(tap, pid):
    """While it works: nothing of its credentials outside its own memory, and no way of that memory to a disk."""
    with open(f"/proc/{pid}/environ", "rb") as file:
        environment = file.read()
    tap.check(not any(secret.encode() in environment for secret in (KEY, KEY_ID, CDN_TOKEN)), "credentials are taken out of its environment")
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        core = next(line for line in file if line.startswith("Max core file size")).split()
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    tap.check(core[4:6] == ["0", "0"] and status["Seccomp"].strip() == "2", "it leaves no core, and stands in its sandbox", str(core))


def check_two(tap, rig, turns):
    archive = turns.next()
    rig.tell("forget")
    rig.fault(OBJECT, "slow", 1, seconds=2)
    first = rig.publish_begin(archive)
    wait_for(lambda: rig.ask("faults")[0]["times"] == 0, 20, "the first publisher's request")
    check_memory(tap, first.pid)
    second = rig.publish(archive)
    tap.check(second.returncode == 1 and "another publisher holds" in second.stderr, "a second publisher is turned away", second.stderr)
    tap.check(first.wait(20) == 0 and whole(rig) == sha256(rig.read(archive)), "the first one ends in order")


def main():
    tap = Tap()
    with StoreRig() as rig:
        turns = Turns(rig)
        rig.store_start()
        rig.config()
        tap.check(rig.publish(turns.next()).returncode == 0, "a first archive is published")
        for check in (check_faults, check_stalled, check_down, check_clock, check_kill, check_resume, check_full, check_two):
            check(tap, rig, turns)
        found = rig.secrets_found()
        tap.check(not found, "credentials stand in no file, log or report", str(found))
    return tap.done()


sys.exit(main())
