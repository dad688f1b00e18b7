#!/usr/bin/env bash
# Runs every fuzz target of build/fuzz for FUZZ_SECONDS (default 20), with what it found kept in build/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
for target in build/fuzz/fuzz/*_fuzz; do
    name=$(basename "$target")
    mkdir -p "build/corpus/$name"
    if "$target" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
        -artifact_prefix="build/corpus/$name-" "build/corpus/$name" >"build/corpus/$name.log" 2>&1; then
        echo "ok fuzz $name"
    else
        echo "not ok fuzz $name: the input is build/corpus/$name-*"
        tail -n 30 "build/corpus/$name.log"
        failed=1
    fi
done
exit $failed
