#!/usr/bin/env python3
"""Every unit test that uses control's database or the store, a second time: on a real PostgreSQL (tests/place.h)."""

import concurrent.futures
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from postgres_rig import Postgres, programs  # noqa: E402
from site_runner import Tap  # noqa: E402

BUILD = os.environ.get("TOCSIN_BUILD") or os.path.join(ROOT, "build", os.environ.get("PRESET", "release"))
USES = re.compile(r"MIGRATIONS_CONTROL|control_desk\.h|control_parts\.h|people_database\.h|place\.h")


def tests():
    """Names of programs, by what their sources include."""
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "unit", "*", "*_test.c"))):
        with open(path, encoding="utf-8") as file:
            if USES.search(file.read()):
                folder, name = path.split(os.sep)[-2:]
                yield f"unit_{folder}_{name[:-2]}"


def find(name):
    found = [path for path in (os.path.join(BUILD, name), os.path.join(BUILD, "tests", name)) if os.path.exists(path)]
    return found[0] if found else None


def run(name, server):
    done = subprocess.run([find(name)], capture_output=True, text=True, errors="replace", timeout=120, cwd=ROOT, env={**os.environ, "TOCSIN_TEST_DATABASE": server.address()})
    bad = [line for line in done.stdout.splitlines() if line.startswith(("not ok", "Bail out!", "1..0"))]
    return name, done.returncode, " | ".join(bad[:5]) or done.stderr[-300:]


def main():
    if not programs():
        print("1..0 # SKIP no PostgreSQL here (Debian: postgresql-15)")
        return 77
    tap = Tap()
    names = list(tests())
    tap.check(len(names) >= 25, "there are tests of the database", str(names))
    missing = [name for name in names if not find(name)]
    tap.check(not missing, "all of them are built", str(missing))
    with Postgres() as server, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, status, words in pool.map(lambda name: run(name, server), [name for name in names if name not in missing]):
            tap.check(status == 0, f"{name} on PostgreSQL", f"status {status}: {words}")
        commits = int(server.sql("SELECT xact_commit FROM pg_stat_database WHERE datname = 'tocsin'"))
        tap.check(commits > 100 * len(names) / 5, "and the server had the work", f"{commits} transactions")
        left = server.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'test%'", "tocsin")
        tap.check(left == "0", "nothing is left behind", left)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
