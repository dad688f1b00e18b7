#!/usr/bin/env bash
# Everything that reads the code without running it. LINT=quick leaves clang-tidy and cppcheck out.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
failed=0
check() {
    local name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok lint $name"
    else
        echo "not ok lint $name"
        printf '%s\n' "$output" | tail -n 60
        failed=1
    fi
}
mapfile -t sources < <(find src tests -name '*.[ch]')
mapfile -t units < <(find src -name '*.c')
check format clang-format --dry-run -Werror "${sources[@]}"
check style tools/check-style.sh
check layers tools/check-layers.sh
check faults tools/check-faults.sh
check shell shellcheck -S warning tools/*.sh .ci/run
if [ "${LINT:-full}" != quick ]; then
    # clang's own warnings; and generated headers must exist before clang-tidy can read what includes them.
    check clang tools/build.sh clang
    check clang-tidy tools/tidy.sh "${units[@]}"
    check cppcheck cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
        --inline-suppr --suppressions-list=tools/cppcheck.txt -j "$(nproc)" -Isrc -D_GNU_SOURCE \
        '-DTOCSIN_VERSION="0"' src
fi
exit $failed
