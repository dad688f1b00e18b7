#!/bin/sh
# check-faults.sh - every warning and error event of the programs stands in docs/operations/faults.md.
cd "$(dirname "$0")/.." || exit 2
bad=0
# The level and the event may stand on two lines.
events=$(find src -name '*.c' -exec cat {} + | tr '\n' ' ' | grep -oE 'LOG_LEVEL_(WARNING|ERROR)[^"();]{0,60}"[a-z_]+\.[a-z_]+"' |
    grep -oE '"[a-z_.]+"' | tr -d '"' | sort -u)
for event in $events; do
    grep -qF "\`$event\`" docs/operations/faults.md || {
        echo "log event $event is not explained in docs/operations/faults.md"
        bad=1
    }
done
exit $bad
