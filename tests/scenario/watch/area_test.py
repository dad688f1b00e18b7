"""Mask and zones of a camera, on vtest.avi by `tocsin-watch replay`: real people, the whole pipeline.

A mask over all means no inference at all; over half, nobody is followed there and the work is less;
zones name where a visit was; bad polygons are refused at start with what was expected.
"""

import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(ROOT, "build", "release"))
WATCH = os.path.join(BUILD, "tocsin-watch")
VIDEO = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
MODEL = os.path.join(ROOT, os.environ.get("TOCSIN_CACHE", "build/cache"), "models", "yolo-fastest-1.1_body.ini")
WIDTH, FRAMES = 768, 250
ALL = "0,0 1,0 1,1 0,1"
LEFT, RIGHT = "0,0 .5,0 .5,1 0,1", ".5,0 1,0 1,1 .5,1"
count = 0
failures = 0


def check(passed, what):
    global count, failures
    count += 1
    failures += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {what}", flush=True)


def replay(*settings):
    """Inferences, the middles of all boxes, and what was said of visits."""
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as tracks:
        words = [WATCH, "replay", VIDEO, "--mot", tracks.name, "--model", MODEL, "--frames", str(FRAMES), "--visits"]
        for setting in settings:
            words += ["--set", setting]
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        check(done.returncode == 0, f"replay {' '.join(settings)} {done.stderr.strip()}")
        rows = [line.split(",") for line in tracks.read().splitlines()]
    middles = [float(row[2]) + float(row[4]) / 2 for row in rows]
    inferences = re.search(r"inferences (\d+)", done.stdout)
    return int(inferences.group(1)) if inferences else -1, middles, done.stdout


def test_mask():
    whole, everywhere, _ = replay()
    check(whole > FRAMES and min(everywhere) < WIDTH / 2 < max(everywhere), f"without a mask: {whole} inferences")
    none, nobody, said = replay(f"camera.mask={ALL}")
    check(none == 0 and not nobody and "visit" not in said, f"all masked: {none} inferences, {len(nobody)} boxes")
    for name, mask in (("left", LEFT), ("right", RIGHT)):
        some, middles, _ = replay(f"camera.mask={mask}")
        deepest = WIDTH / 2 - min(middles) if name == "left" else max(middles) - WIDTH / 2
        check(0.2 * whole < some < 0.8 * whole, f"{name} half masked: {some} of {whole} inferences")
        # A box is smoothed over time, so that it may lag behind the feet that were judged by some pixels.
        check(middles and deepest < 16, f"nobody is followed there: {deepest:.0f} pixels beyond the line")


def test_zones():
    _, _, said = replay(f"camera.zones=west: {LEFT} | east: {RIGHT}")
    ends = [line for line in said.splitlines() if " end " in line]
    check(ends and all(" in west" in line or " in east" in line for line in ends), "every visit was in a zone")
    check(any(" in west, in east" in line for line in ends), "and some in both")
    corner = "door: 0,0 .3,0 .3,.4 0,.4"
    _, _, said = replay(f"camera.zones={corner}")
    inside = [line for line in said.splitlines() if " end " in line and "in door" in line]
    _, _, only = replay(f"camera.zones={corner}", "camera.only_zones=yes")
    begun = [line for line in only.splitlines() if " begin " in line]
    check(len(begun) < len(ends) and all("in door" in line for line in begun),
          f"only zones: {len(begun)} of {len(ends)} visits, {len(inside)} had passed the door")


def test_refusals():
    base = [WATCH, "--check", "--set", "camera gate.url=rtsp://127.0.0.1/x", "--set"]
    for setting, word in (("mask=0,0 1,1", "gate: mask: polygon 1 has 2 corners"),
                          ("mask=0,0 1,0 2,1", 'gate: mask: polygon 1: "2,1" is no corner'),
                          ("zones=0,0 1,0 1,1", "gate: zones: polygon 1: a name"),
                          ("only_zones=yes", "gate: only_zones is true")):
        done = subprocess.run([*base, f"camera gate.{setting}"], capture_output=True, text=True, check=False)
        check(done.returncode == 2 and word in done.stderr, f"{setting}: {done.stderr.strip()}")
    done = subprocess.run([*base, f"camera gate.zones=door: {LEFT}|path: {RIGHT}"], capture_output=True, check=False)
    check(done.returncode == 0, "a good one is taken")


def main():
    for path in (VIDEO, MODEL, WATCH):
        if not os.path.exists(path):
            print(f"1..0 # SKIP no {path}")
            return 77
    test_mask()
    test_zones()
    test_refusals()
    print(f"1..{count}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
