#!/usr/bin/env bash
# build.sh PRESET [JOBS]: configures once and builds.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: tools/build.sh PRESET [JOBS]}
[ -f "build/$preset/build.ninja" ] || {
    echo "build: configuring $preset"
    cmake --preset "$preset" >"build/$preset.configure.log" 2>&1 || {
        cat "build/$preset.configure.log"
        exit 1
    }
}
cmake --build "build/$preset" -j "${2:-$(nproc)}" -- --quiet
