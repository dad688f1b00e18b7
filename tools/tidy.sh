#!/usr/bin/env bash
# clang-tidy over the given files, only those that changed since it last found nothing in them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
cache=build/cache/tidy
mkdir -p "$cache"
headers=$(find src -name '*.h' -print0 | sort -z | xargs -0 cat .clang-tidy | sha256sum | cut -c1-16)
export cache headers
one() {
    local mark
    mark=$cache/$(printf '%s' "$1" | tr / _)-$headers-$(sha256sum "$1" | cut -c1-16)
    [ -f "$mark" ] && return 0
    if clang-tidy -p build/clang --quiet "$1" 2>/dev/null; then : >"$mark"; else return 1; fi
}
export -f one
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" bash -c 'one "$0"'
