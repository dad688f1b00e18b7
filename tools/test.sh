#!/usr/bin/env bash
# test.sh SUITE: lint, unit, integration, sanitize, web, browser, or all of them. Ends with one line
# `N passed, N failed` (skipped tests are counted too where there are any).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
jobs=$(nproc)
passed=0
failed=0
skipped=0
declare -a failures=()
logs=build/test-logs
mkdir -p "$logs"

heading() { printf '\n=== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }

# Counts the TAP lines `ok ...`, `not ok ...` and `# SKIP` of a log.
count_tap() {
    local log=$1 good bad skip
    skip=$(grep -cE '^ok .*# SKIP' "$log")
    good=$(($(grep -cE '^ok ' "$log") - skip))
    bad=$(grep -cE '^not ok ' "$log")
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
    while read -r line; do failures+=("$line"); done < <(grep -E '^not ok ' "$log")
}

# A command that prints TAP lines. Exiting non-zero without a `not ok` line counts as one failure.
run_tap() {
    local name=$1 log=$logs/$1.log
    shift
    "$@" 2>&1 | tee "$log"
    local status=${PIPESTATUS[0]}
    count_tap "$log"
    if [ "$status" -ne 0 ] && ! grep -qE '^not ok ' "$log"; then
        failed=$((failed + 1))
        failures+=("$name exited with $status, see $log")
    fi
}

build() {
    tools/build.sh "$1" "$jobs" >"$logs/build-$1.log" 2>&1 && { echo "ok build $1"; return 0; }
    tail -n 40 "$logs/build-$1.log"
    failed=$((failed + 1))
    failures+=("build of preset $1, see $logs/build-$1.log")
    return 1
}

# ctest PRESET LABELS: each CTest test counts once.
run_ctest() {
    local preset=$1 labels=$2 parallel=$3 log
    log=$logs/ctest-$1-${2//|/-}.log
    # A test that misses a deadline on a starved machine gets a second chance; a real fault fails again.
    ctest --preset "$preset" -L "$labels" -j "$parallel" --repeat until-pass:2 --no-tests=error >"$log" 2>&1
    grep -E '^ *[0-9]+/[0-9]+ ' "$log"
    local line total bad skip
    line=$(grep -E 'tests passed, [0-9]+ tests failed out of [0-9]+' "$log")
    if [ -z "$line" ]; then
        tail -n 20 "$log"
        failed=$((failed + 1))
        failures+=("ctest $preset $labels did not run, see $log")
        return
    fi
    total=$(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"$line")
    bad=$(sed -E 's/.*passed, ([0-9]+) tests failed.*/\1/' <<<"$line")
    skip=$(grep -cE '\*\*\*Skipped' "$log")
    passed=$((passed + total - bad - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    local missed
    missed=$(grep -E '^ *[0-9]+/[0-9]+ .*(\*\*\*(Failed|Timeout|Exception|Not Run))' "$log" | sed 's/^ *//')
    if [ "$bad" -eq 0 ]; then
        [ -z "$missed" ] || printf '# passed only at the second run: %s\n' "$missed"
        return
    fi
    while read -r line; do failures+=("$preset: $line (see $log)"); done <<<"$missed"
    grep -E '^not ok|ERROR: |WARNING: ThreadSanitizer|runtime error|Assertion' "$log" | head -n 40
}

# clang-tidy and cppcheck add minutes: `make lint` runs them.
suite_lint() { heading lint && LINT=quick run_tap lint tools/lint.sh; }
suite_unit() {
    heading "unit and contract tests" && build "${PRESET:-release}" && run_ctest "${PRESET:-release}" 'unit|contract' "$jobs"
    run_tap reference check_reference
}
check_reference() {
    if output=$(tools/reference.sh "build/${PRESET:-release}" --check 2>&1); then echo "ok reference pages are current"; else
        echo "not ok reference pages are current"
        tail -n 20 <<<"$output"
    fi
}
suite_integration() { heading "integration: real brokers, cameras, programs" && build release && tools/build-web.sh && run_ctest release 'integration' 1; }
suite_sanitize() {
    for preset in asan tsan; do
        heading "unit tests under $preset" && build $preset && run_ctest $preset 'unit|contract' "$jobs"
    done
}
suite_fuzz() {
    heading "fuzz targets, a few seconds each" && build fuzz && FUZZ_SECONDS=${FUZZ_SECONDS:-2} run_tap fuzz tools/fuzz.sh
}
suite_web() {
    heading "web: types, lint, unit tests"
    run_tap web tools/test-web.sh
}
suite_browser() { heading "browser: the main job in Chromium" && build release && tools/build-web.sh && run_tap browser tests/browser/run.sh; }

case ${1:-all} in
lint | unit | integration | sanitize | fuzz | web | browser) "suite_$1" ;;
all) for suite in lint unit web integration browser sanitize fuzz; do "suite_$suite"; done ;;
*)
    echo "usage: tools/test.sh [all|lint|unit|integration|sanitize|fuzz|web|browser]"
    exit 2
    ;;
esac

echo
for failure in "${failures[@]}"; do echo "failed: $failure"; done
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
    echo "no test ran"
    exit 1
fi
tail=''
[ "$skipped" -gt 0 ] && tail=", $skipped skipped"
echo "$passed passed, $failed failed$tail"
[ "$failed" -eq 0 ]
