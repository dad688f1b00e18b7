#!/usr/bin/env bash
# Runs what measures (programs tests/bench/*_bench, scripts tests/bench/*.py and tests/load/*.py), prints the
# figures and writes build/bench.tsv: name, value, unit, goal, met|missed. Each prints `name<TAB>value<TAB>unit` lines.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
raw=build/bench.raw
: >"$raw"
for what in build/release/tests/*_bench tests/bench/*_bench.py tests/load/*_load.py; do
    [ -e "$what" ] || continue
    echo "bench: $what" >&2
    case $what in
    *.py) python3 "$what" ;;
    *) "$what" ;;
    esac | grep -P '^[a-z0-9_]+\t[-0-9.eE]+\t' >>"$raw"
done
awk -F'\t' -v OFS='\t' '
    NR == FNR { if ($0 !~ /^#/) { op[$1] = $2; goal[$1] = $3 } next }
    {
        verdict = "-"; shown = "-"
        if ($1 in goal) {
            shown = op[$1] " " goal[$1]
            met = op[$1] == "<=" ? $2 + 0 <= goal[$1] + 0 : $2 + 0 >= goal[$1] + 0
            verdict = met ? "met" : "missed"
        }
        print $1, $2, $3, shown, verdict
    }' tests/bench/goals.tsv "$raw" | tee build/bench.tsv
