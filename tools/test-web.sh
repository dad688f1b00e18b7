#!/usr/bin/env bash
# Types, lint and unit tests of the web page, one TAP line each and one per Vitest test.
set -uo pipefail
cd "$(dirname "$0")/../web" || exit 2
step() {
    local name=$1
    shift
    if output=$("$@" 2>&1); then echo "ok web $name"; else
        echo "not ok web $name"
        tail -n 40 <<<"$output"
    fi
}
step typecheck npm run --silent typecheck
step lint npm run --silent lint
report=$(mktemp)
trap 'rm -f "$report"' EXIT
npx --no-install vitest run --reporter=json --outputFile="$report" >/dev/null 2>&1
python3 - "$report" <<'P'
import json, sys
try:
    report = json.load(open(sys.argv[1]))
except (OSError, ValueError):
    print("not ok web vitest wrote no report")
    sys.exit(0)
for suite in report["testResults"]:
    if suite["status"] == "failed" and not suite["assertionResults"]:
        print("not ok web", suite["name"].rsplit("/", 1)[-1], suite.get("message", "")[:200].replace("\n", " "))
    for test in suite["assertionResults"]:
        skip = " # SKIP" if test["status"] in ("pending", "skipped", "todo") else ""
        print("ok" if test["status"] == "passed" or skip else "not ok", "web", test["fullName"] + skip)
P
