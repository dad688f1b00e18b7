#!/usr/bin/env bash
# The main job in a real Chromium, and then the map page. Against a running site given by BASE_URL and
# ADMIN_PASSWORD (the main job only), or against a demo that this script starts and stops.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build/release}

command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null || {
    echo "not ok browser: ${CHROMIUM:-/usr/bin/chromium} is missing; make setup installs it"
    exit 1
}
if [ -n "${BASE_URL:-}" ] && [ -n "${ADMIN_PASSWORD:-}" ]; then exec node tests/browser/main-job.mjs; fi

work=$(mktemp -d)
demo=
# shellcheck disable=SC2317 # called by trap
stop() {
    if [ -n "$demo" ]; then
        kill -INT "$demo" 2>/dev/null
        wait "$demo" 2>/dev/null
    fi
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

"$build/tocsin" demo --build "$build" --state "$work/demo" --port 0 >"$work/out" 2>"$work/err" &
demo=$!
said() { sed -n "s/^ *$1: *\([^ ]*\).*/\1/p" "$work/out" | head -n 1; }
for _ in $(seq 1200); do
    BASE_URL=$(said address) ADMIN_PASSWORD=$(said password)
    [ -n "$BASE_URL" ] && [ -n "$ADMIN_PASSWORD" ] && break
    kill -0 "$demo" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$BASE_URL" ] || [ -z "$ADMIN_PASSWORD" ]; then
    echo "not ok browser: the demo did not say its address and password"
    tail -n 20 "$work/out" "$work/err"
    exit 1
fi
OPERATOR_PASSWORD=$(said with)
CERTIFY=$(sed -n "s/^ *\(.*tocsin operator certify .*\)/\1/p" "$work/out")
export BASE_URL ADMIN_PASSWORD OPERATOR_PASSWORD CERTIFY
node tests/browser/main-job.mjs
status=$?
if [ $status -ne 0 ]; then tail -n 30 "$work/err" | sed 's/^/# demo: /'; fi
stop
demo=
unset BASE_URL ADMIN_PASSWORD
TOCSIN_BUILD=$(realpath "$build")
export TOCSIN_BUILD
for site in tests/browser/*_site.py; do
    python3 "$site" || status=1
done
exit $status
