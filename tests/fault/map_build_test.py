#!/usr/bin/env python3
"""kill -9, a full disk and bad input at any moment of build and anonymise: under the final name is the old file or the new, never a half,
nothing is left lying about, and the next run goes on."""

import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from map_rig import BUILD, make_town, tocsin_map  # noqa: E402
from site_runner import Tap  # noqa: E402

MOMENTS = 12
NOW = "2026-11-25T00:00:00Z"


def start(*words, **more):
    return subprocess.Popen([str(BUILD / "tocsin-map"), *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)


def seconds(*words):
    begin = time.monotonic()
    tocsin_map(*words)
    return time.monotonic() - begin


def strangers(folder, known):
    return sorted(path.name for path in folder.iterdir() if path.name not in known and not path.name.endswith(".part"))


def test_kill(tap, what, folder, old, words):
    """Kills the command at moments spread over its whole duration, and lets it end once."""
    out = folder / old
    before = out.read_bytes()
    known = {path.name for path in folder.iterdir()}
    lasts = seconds(*words("measured"))
    fresh = (folder / "measured").read_bytes()
    (folder / "measured").unlink()
    killed = halves = 0
    for moment in range(MOMENTS):
        out.write_bytes(before)
        process = start(*words(old))
        try:
            process.wait(lasts * moment / MOMENTS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
        halves += out.read_bytes() not in (before, fresh)
    tap.check(killed > 0, f"{what}: killed {killed} times")
    tap.check(halves == 0, f"{what}: the old file or the new one is there, whole", f"{halves} halves")
    tap.check(not strangers(folder, known), f"{what}: nothing else is left", str(strangers(folder, known)))
    out.write_bytes(before)
    tocsin_map(*words(old))
    tap.check(out.read_bytes() == fresh, f"{what}: the next run goes on, and makes what an undisturbed one makes")
    left = [path.name for path in folder.iterdir() if path.name.endswith(".part")]
    tap.check(not left, f"{what}: and clears what the killed one left", str(left))


def small_files(size):
    """For a child: files cannot grow beyond `size`, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def test_full_disk(tap, what, folder, old, words):
    before = (folder / old).read_bytes()
    refused = 0
    for size in (0, 4096, 100000, 1000000):
        if size > len(before) * 3 // 4:
            break
        process = start(*words(old), preexec_fn=small_files(size))
        _, error = process.communicate(timeout=120)
        refused += 1
        tap.check(process.returncode == 1 and error.startswith(b"tocsin-map"), f"{what}: files of {size} bytes at most: refused, and says so",
                  f"{process.returncode} {error.decode(errors='replace')[-200:]}")
        tap.check((folder / old).read_bytes() == before, f"{what}: the file that was there stays")
    tap.check(refused >= 2, f"{what}: the disk was full {refused} times")


def test_two(tap, folder, words):
    """Two builds of one archive at once: one of them gives way."""
    first, second = start(*words("both.pmtiles")), start(*words("both.pmtiles"))
    errors = [process.communicate(timeout=300)[1] for process in (first, second)]
    codes = sorted((first.returncode, second.returncode))
    tap.check(codes in ([0, 0], [0, 1]), "two builds at once: one at least ends well", f"{codes} {errors}")
    tocsin_map("verify", folder / "both.pmtiles")
    tap.check(codes == [0, 0] or any(b"both.pmtiles" in error for error in errors), "and the other says why not", str(errors))


def nested(depth):
    return '{"type":"Feature","properties":{"a":' + "[" * depth + "]" * depth + '},"geometry":{"type":"Point","coordinates":[1,2]}}'


POINT = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[%s]}}\n'
BAD = {
    "truncated": (POINT % "1,2" + POINT[:30], b"feature 2"),
    "malformed": (POINT % "1,2" + POINT % "1,,2", b"feature 2"),
    "deeply nested": (nested(100000), b"feature 1"),
    "wrongly projected": (POINT % "1,2" + POINT % "500000,1100000", b"WGS 84"),
    "not finite": (POINT % "1e999,2", b"feature 1"),
    "not a number": (POINT % "NaN,2", b"feature 1"),
    "with a lone surrogate": (POINT.replace("{}", '{"a":"\\ud800"}') % "1,2", b"feature 1"),
    "of half a ring": ('{"type":"Polygon","coordinates":[[[0,0],[1]]]}', b"feature 1"),
    "csv without coordinates": ("name,value\nA,1\n", b"lon and lat"),
    "csv with a short row": ("lon,lat,a\n1,2,3\n1,2\n", b"row 3"),
    "csv with an open quote": ('lon,lat,a\n1,2,"x\n', b"does not end"),
}


def test_bad_input(tap, folder):
    out = folder / "kept.pmtiles"
    out.write_bytes(b"the one before")
    for what, (text, reason) in BAD.items():
        bad = folder / "bad.input"
        bad.write_text(text)
        done = tocsin_map("build", "-o", out, f"all:{bad}", check=False)
        named = b"bad.input" in done.stderr and reason in done.stderr
        tap.check(done.returncode == 1 and named and out.read_bytes() == b"the one before", f"input {what}: refused by file, place and reason",
                  done.stderr.decode(errors="replace")[-200:])
    done = tocsin_map("build", "-o", out, "all:/nonexistent/file", check=False)
    tap.check(done.returncode == 1 and b"/nonexistent/file" in done.stderr, "no such file: refused")
    done = tocsin_map("build", "-o", "/nonexistent/out.pmtiles", f"all:{folder / 'wards.geojson'}", check=False)
    tap.check(done.returncode == 1 and b"/nonexistent" in done.stderr, "no such folder: refused")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="tocsin-map-fault-") as name:
        folder = pathlib.Path(name)
        make_town(folder)

        def build(out):
            return ["build", "--quiet", "-o", folder / out, "--temporary", folder, "--threads", "2",
                    f"incidents:{folder / 'incidents.csv'}", f"streets:{folder / 'streets.geojson'}"]

        def anonymise(out):
            return ["anonymise", "--quiet", "--fresh", "-o", folder / out, "--rules", folder / "anonymise.ini", "--memory", "1", "--now", NOW,
                    folder / "incidents.csv"]

        tocsin_map("build", "--quiet", "-o", folder / "old.pmtiles", "--maxzoom", "13", f"a:{folder / 'addresses.csv'}",
                   f"incidents:{folder / 'incidents.csv'}")
        tocsin_map("anonymise", "--quiet", "-o", folder / "old.geojson", "--rules", folder / "anonymise.ini", "--now", "2026-09-03T00:00:00Z",
                   folder / "incidents.csv")
        test_kill(tap, "build", folder, "old.pmtiles", build)
        test_kill(tap, "anonymise", folder, "old.geojson", anonymise)
        test_full_disk(tap, "build", folder, "old.pmtiles", build)
        test_full_disk(tap, "anonymise", folder, "old.geojson", anonymise)
        test_two(tap, folder, build)
        test_bad_input(tap, folder)
    return tap.done()


sys.exit(main())
