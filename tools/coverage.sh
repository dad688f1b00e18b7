#!/usr/bin/env bash
# Line coverage of src/ by the unit, contract and integration tests; a table per folder into build/coverage.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -L 'unit|contract|integration' -j "$(nproc)" --no-tests=error >build/coverage.log 2>&1 ||
    echo "coverage: some tests failed, see build/coverage.log"
gcovr --root . --filter 'src/' --exclude 'src/programs/' --object-directory build/coverage --txt build/coverage.txt \
    --csv build/coverage.csv --gcov-ignore-parse-errors >/dev/null
python3 - <<'P'
import csv, collections, sys
lines, hit = collections.Counter(), collections.Counter()
for row in csv.DictReader(open("build/coverage.csv")):
    folder = row["filename"].split("/")[1]
    for name in (folder, "all"):
        lines[name] += int(row["line_total"])
        hit[name] += int(row["line_covered"])
low = False
for name in sorted(lines, key=lambda n: (n == "all", n)):
    part = 100 * hit[name] / max(1, lines[name])
    least = 80 if name == "all" else 90
    low |= name == "all" and part < least
    print(f"{name:10} {part:5.1f} %  of {lines[name]:6} lines, goal {least} %{'' if part >= least else '  below'}")
sys.exit(low)
P
