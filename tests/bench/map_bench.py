"""CPU seconds, wall, memory and bytes of tocsin-map build, beside tippecanoe where it is in PATH.

Prints `name<TAB>value<TAB>unit`. Inputs are the real files of ../shared/data where they are, and incidents that this script makes.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build" / "release"))
INPUTS = ROOT.parent / "shared" / "data" / "maps" / "inputs"
INCIDENTS = int(os.environ.get("MAP_BENCH_INCIDENTS", "100000"))


def incidents(path, count):
    """A town's incidents: every seventh at a place that had one before. Integers only, so it is the same everywhere."""
    state = 0x9E3779B9

    def below(limit):
        nonlocal state
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (state >> 8) % limit

    places = []
    with open(path, "w", encoding="ascii") as out:
        for number in range(1, count + 1):
            if places and number % 7 == 0:
                x, y = places[below(len(places))]
            else:
                x = 76237000 + below(52000) + below(52000)
                y = 9889000 + below(80000) + below(81000)
                if len(places) < 5000:
                    places.append((x, y))
            out.write(
                f'{{"type":"Feature","id":{number},"properties":{{"kind":"k{below(10)}","severity":{1 + below(5)},'
                f'"at":{1640995200 + below(94608000)}}},"geometry":{{"type":"Point",'
                f'"coordinates":[{x // 1000000}.{x % 1000000:06d},{y // 1000000}.{y % 1000000:06d}]}}}}\n')


def measure(command):
    """CPU seconds, wall seconds, MiB of one command."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"map_bench: {' '.join(map(str, command))} failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024


def show(name, figures, size):
    cpu, wall, memory = figures
    for what, value, unit in (("cpu", cpu, "s"), ("wall", wall, "s"), ("rss", memory, "MiB"), ("bytes", size, "B")):
        print(f"{name}_{what}\t{value:.3f}\t{unit}", flush=True)


def main():
    program = BUILD / "tocsin-map"
    if not program.exists():
        sys.exit("map_bench: build tocsin-map first")
    with tempfile.TemporaryDirectory(prefix="tocsin-map-bench-") as folder:
        work = pathlib.Path(folder)
        incidents(work / "incidents.geojsonl", INCIDENTS)
        cases = [("map_incidents", work / "incidents.geojsonl", 10, True)]
        for name in ("kochi_wards", "osm_streets", "osm_areas"):
            path = INPUTS / f"{name}.geojsonl"
            if path.exists():
                cases.append((f"map_{name}", path, 0, False))
        peer = shutil.which("tippecanoe")
        for name, path, zoom, keep in cases:
            out = work / "out.pmtiles"
            ours = [program, "build", "--quiet", "-o", out, "--minzoom", str(zoom), f"{name}:{path}"]
            show(name, measure(ours + (["--keep-all"] if keep else [])), out.stat().st_size)
            if not peer:
                continue
            theirs = [peer, "-q", "-f", "-P", "-o", out, f"-Z{zoom}", "-z14", "-l", name, path]
            if keep:
                theirs += ["-r1", "--no-tile-size-limit", "--no-feature-limit"]
            show(f"{name}_tippecanoe", measure(theirs), out.stat().st_size)


main()
