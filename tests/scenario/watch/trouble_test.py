"""A camera that changes its resolution in the middle, and a disk that is full: events come all the same.

The disk is a small tmpfs, so that this part needs the right to mount and is skipped without it.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import watch_test  # noqa: E402
from watch_test import BUILD, MODELS, VIDEO, World, check, probe, wait_for  # noqa: E402

DISK_MB, RESERVE_MB, OLD_MB = 64, 8, 12
OLD = "016f5e66-e800-7000-8000-00000000000a"  # of January 2020


def widths(path):
    """The widths of all pictures of a clip, as an outside decoder sees them."""
    run = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "frame=width", "-of", "csv=p=0", path],
                         capture_output=True, text=True, timeout=60, check=False)
    return set(run.stdout.replace(",", " ").split())


def ended(world, before=()):
    return [e for e in world.edge.events("end") if e["event_id"] not in before]


def test_resize():
    """After 12 s the camera sends pictures of half the side: open events end, new ones begin, clips are pure."""
    world = World()
    try:
        url = world.camera("--mode", "resize", "--after", "120")
        watch = world.watch(("gate", url, "tcp"))
        first = wait_for(lambda: ended(world), 90, "an event's end")
        check(bool(first), "an event ends")
        known = {e["event_id"] for e in world.edge.events()}
        later = wait_for(lambda: [e for e in world.edge.events() if e["event_id"] not in known], 60, "a new event")
        check(bool(later), "and others begin after the change")
        watch.send_signal(15)
        check(watch.wait(10) == 0, "watch has lived through it")
        clips = [os.path.join(folder, name) for folder, _, names in os.walk(world.media)
                 for name in names if name.endswith(".mp4")]
        sizes = [widths(clip) for clip in clips]
        check(clips and all(probe(clip) for clip in clips), f"all {len(clips)} clips play")
        check(all(len(size) == 1 for size in sizes) and len(set().union(*sizes)) == 2,
              f"each has one size, there are two: {sizes}")
    finally:
        world.close()


def fill(path, megabytes):
    """Writes until that many are there or the disk is full."""
    with open(path, "wb", buffering=0) as file:
        try:
            for _ in range(megabytes):
                file.write(bytes(1 << 20))
        except OSError:
            pass


def test_disk_full():
    world = World()
    os.mkdir(world.media)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", world.media],
                             capture_output=True, check=False).returncode == 0
    try:
        if not mounted:
            print("# no right to mount: the full disk is left out")
            return
        world.settings = [f"media.reserve_mb={RESERVE_MB}", "clip.after_s=1"]
        run_full(world)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", world.media], check=False)
        world.close()


def run_full(world):
    old = os.path.join(world.media, "gate", "20200101")
    os.makedirs(old)
    fill(os.path.join(old, OLD + ".mp4"), OLD_MB)
    ballast = os.path.join(world.media, "ballast")
    fill(ballast, DISK_MB)  # not ours: only the old clip can go
    url = world.camera()
    watch = world.watch(("gate", url, "tcp"))
    gone = wait_for(lambda: [m for m in world.edge.of("deleted") if OLD in m["event_ids"]], 30, "the deletion")
    check(bool(gone) and not os.path.exists(os.path.join(old, OLD + ".mp4")), "the oldest clip goes, and edge is told")
    first = wait_for(lambda: [e for e in ended(world) if e["clip"]], 120, "an event with a clip")
    check(bool(first), "there is room for new clips then")
    fill(os.path.join(world.media, "more"), DISK_MB)  # and now there is none at all
    known = {e["event_id"] for e in world.edge.events()}
    bare = wait_for(lambda: [e for e in ended(world, known) if not e["clip"]], 120, "an event without a clip")
    check(bool(bare), "an event comes although nothing of it can be written")
    check("clip.disk_full" in world.log(), "the log says why")
    os.unlink(os.path.join(world.media, "more"))
    os.unlink(ballast)
    known = {e["event_id"] for e in world.edge.events()}
    again = wait_for(lambda: [e for e in ended(world, known) if e["clip"] and e["snapshot"]], 120, "a clip again")
    check(bool(again), "with room, clips and snapshots are written again")
    watch.send_signal(15)
    check(watch.wait(10) == 0, "watch has lived through it")
    clips = [os.path.join(world.media, e["clip_path"]) for e in world.edge.events("end") if e["clip"]]
    left = [clip for clip in clips if os.path.exists(clip)]
    check(left and all(probe(clip) for clip in left), f"all {len(left)} clips that are left play")


def test_many():
    """32 cameras, none of which answers: each is told of; a 33rd is refused at start."""
    world = World()
    try:
        nowhere = "rtsp://127.0.0.1:9/none"
        watch = world.watch(*((f"cam-{i}", nowhere, "tcp") for i in range(32)))
        told = wait_for(lambda: len({m["camera"] for m in world.edge.of("camera") if m["state"] == "offline"}) == 32,
                        60, "32 cameras")
        check(bool(told), "32 cameras are told of")
        began = time.monotonic()
        watch.send_signal(15)
        check(watch.wait(10) == 0, f"and all stop: {time.monotonic() - began:.2f} s")
        refused = world.watch(*((f"cam-{i}", nowhere, "tcp") for i in range(33)))
        check(refused.wait(10) == 2 and "more than 32 sections" in world.log(), "a 33rd is refused")
    finally:
        world.close()


def main():
    for path in (VIDEO, MODELS, os.path.join(BUILD, "tests", "camera"), os.path.join(BUILD, "tocsin-watch")):
        if not os.path.exists(path):
            print(f"1..0 # SKIP no {path}")
            return 77
    test_many()
    test_resize()
    test_disk_full()
    print(f"1..{watch_test.count}")
    return 1 if watch_test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
