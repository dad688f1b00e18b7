#!/usr/bin/env python3
"""tocsin-map watch: builds and publishes when its inputs change, one run at a time, without credentials where files are read."""

import os
import resource
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from map_rig import read_by_others  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402
from store_rig import CDN_TOKEN, KEY, StoreRig  # noqa: E402


class Watch:
    def __init__(self, rig):
        self.rig, self.process = rig, None

    def start(self, prepare=None, log="watch.log"):
        self.name = log
        with open(self.rig.path(log), "ab") as file:
            self.process = subprocess.Popen([self.rig.program, "watch", "--config", self.rig.path("publish.ini")], stdout=file, stderr=file,
                                            env=self.rig.credentials(), preexec_fn=prepare)

    def log(self):
        return self.rig.read(self.name).decode()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(15)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def environment_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read()


def config(rig, steps=None, **changes):
    source = f"points:{rig.path('inputs', 'points.geojsonl')}"
    words = {"town": f"build --quiet --minzoom 6 --maxzoom 10 -o {rig.path('town.pmtiles')} {source}"} if steps is None else steps
    extra = "".join(f"[step {name}]\narguments = {arguments}\n" for name, arguments in words.items())
    rig.config(extra, archive__file=rig.path("town.pmtiles"), watch__inputs=rig.path("inputs"), watch__every_ms="100", watch__settle_ms="300",
               watch__retry_s="1", **changes)


def published(rig, others):
    current = rig.current()
    return current["archive"] if current and current["archive"] not in others else None


def check_changes(tap, rig, watch):
    watch.start()
    first = tap.attempt("the first run builds and publishes", lambda: wait_for(lambda: published(rig, ()), 30, "a publication"))
    wait_for(lambda: watch.log().count("watch.done") == 1, 15, "the end of the run")
    read_by_others(rig.path("town.pmtiles"))
    rig.tell("forget")
    rig.points("inputs/points.geojsonl", "second", 800)
    second = tap.attempt("a changed input is published", lambda: wait_for(lambda: published(rig, (first,)), 30, "another publication"))
    wait_for(lambda: watch.log().count("watch.done") == 2, 15, "the end of the run")
    tap.check(len(rig.requests("PUT .*current.json")) == 1, "once")
    for number in range(8):  # in quick succession: built when they have come to rest
        rig.points("inputs/points.geojsonl", f"burst {number}", 800 + number)
    third = tap.attempt("a burst of changes is published", lambda: wait_for(lambda: published(rig, (first, second)), 30, "another publication"))
    wait_for(lambda: watch.log().count("watch.done") == watch.log().count("watch.building"), 15, "the end of the run")
    tap.check(watch.log().count("watch.building") <= 6, "in few runs", str(watch.log().count("watch.building")))
    return third


def check_failure(tap, rig, watch, before):
    rig.write("inputs/points.geojsonl", '{"type":"Feature","geometry":{"type":"Point","coordinates":[500,500]}}\n')
    tap.attempt("a broken input is told", lambda: wait_for(lambda: "step.failed" in watch.log(), 20, "step.failed"))
    tap.check("step=town" in watch.log() and rig.current()["archive"] == before, "and nothing is published")
    failed = watch.log().count("step.failed")
    tap.attempt("it is tried again", lambda: wait_for(lambda: watch.log().count("step.failed") > failed, 20, "another attempt"))
    rig.points("inputs/points.geojsonl", "exact", 880, public=False)
    tap.attempt("an archive that is not anonymised is not published", lambda: wait_for(lambda: "does not say that it is anonymised" in watch.log(), 20, "the refusal"))
    tap.check(rig.current()["archive"] == before, "and readers have what they had")
    rig.points("inputs/points.geojsonl", "mended", 900)
    tap.attempt("a mended one is published", lambda: wait_for(lambda: published(rig, (before,)), 30, "a publication"))
    wait_for(lambda: watch.log().count("watch.done") >= 4 or "watch.done" in watch.log().rsplit("watch.building", 1)[1], 15, "the end of the run")


def check_kill(tap, rig, watch):
    before = rig.current()["archive"]
    rig.fault("PUT .*tactical", "slow", 1, seconds=2)
    rig.points("inputs/points.geojsonl", "while it is killed", 950)
    wait_for(lambda: rig.ask("faults")[0]["times"] == 0, 30, "the publisher's request")
    children = children_of(watch.process.pid)
    watch.stop(signal.SIGKILL)
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}/exe") and environment_of(pid) for pid in children), 10, "the end of its child")
    tap.check(len(children) == 1, "one run at a time", str(children))
    tap.check(rig.current()["archive"] == before, "killed with its child: readers have what they had")
    watch.start()
    tap.attempt("the next one goes on", lambda: wait_for(lambda: published(rig, (before,)), 30, "a publication"))
    tap.check(watch.stop() == 0, "and ends in order")


def check_full(tap, rig, watch):
    """No file grows beyond half an archive, as on a full disk; then there is room again."""
    before = rig.current()["archive"]
    archive = rig.read("town.pmtiles")

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(archive) // 2, resource.RLIM_INFINITY))

    rig.points("inputs/points.geojsonl", "while the disk is full", 970)
    watch.start(small_files, "full.log")
    tap.attempt("a full disk is told", lambda: wait_for(lambda: watch.log().count("step.failed") >= 2, 30, "two attempts"))
    tap.check(rig.current()["archive"] == before and rig.read("town.pmtiles") == archive, "readers and the archive's file have what they had", watch.log()[-300:])
    resource.prlimit(watch.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    tap.attempt("with room again it goes on by itself", lambda: wait_for(lambda: published(rig, (before,)), 30, "a publication"))
    tap.check(watch.stop() == 0, "and ends in order")


def check_fence(tap, rig, watch):
    """A step that waits for us: its environment is looked at while it runs."""
    pipe = rig.path("pipe")
    os.mkfifo(pipe)
    config(rig, {"slow": f"build --quiet -o {rig.path('town.pmtiles')} points:{pipe}"})
    watch.start()
    children = wait_for(lambda: children_of(watch.process.pid), 20, "a step")
    environment = environment_of(children[0])
    tap.check(b"TOCSIN_" not in environment and KEY.encode() not in environment and CDN_TOKEN.encode() not in environment, "a step has no credentials", str(environment)[:200])
    watch.stop()
    tap.check(not os.path.exists(f"/proc/{children[0]}"), "and ends with watch")
    config(rig, {"evil": f"publish --config {rig.path('publish.ini')}"})
    watch.start()
    tap.attempt("a step may only build or anonymise", lambda: wait_for(lambda: "neither build nor anonymise" in watch.log(), 20, "the refusal"))
    watch.stop()


def main():
    tap = Tap()
    with StoreRig() as rig:
        os.makedirs(rig.path("inputs"))
        rig.points("inputs/points.geojsonl", "first", 700)
        rig.store_start()
        config(rig)
        watch = Watch(rig)
        try:
            third = check_changes(tap, rig, watch)
            check_failure(tap, rig, watch, third)
            check_kill(tap, rig, watch)
            check_full(tap, rig, watch)
            check_fence(tap, rig, watch)
        finally:
            if watch.process.poll() is None:
                watch.stop(signal.SIGKILL)
        found = rig.secrets_found()
        tap.check(not found, "credentials stand in no file, log or report", str(found))
    return tap.done()


sys.exit(main())
