#!/usr/bin/env python3
"""How well and at what cost tocsin-watch sees, for tools/bench.sh: `name<TAB>value<TAB>unit` lines of vision.sh.

The overhead is the median of five runs: it is a ratio of CPU times, so that load on the machine moves both sides.
"""

import os
import re
import statistics
import subprocess
import sys

RUNS = 5
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def run():
    found = subprocess.run(["tests/bench/vision.sh", "build/release/tocsin-watch", "yolo-fastest-1.1_body"],
                           cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode == 77:
        sys.exit(f"vision_bench: {found.stdout.strip()}")
    return found.stdout


def number(text, pattern):
    return float(re.search(pattern, text).group(1))


def main():
    texts = [run() for _ in range(RUNS)]
    overheads = [number(text, r"over the inferences: ([0-9.]+)") for text in texts]
    print(f"watch_overhead\t{statistics.median(overheads):.1f}\t%")
    without = [number(text, r"without decoding ([0-9.]+)") for text in texts]
    print(f"watch_overhead_without_decoding\t{statistics.median(without):.1f}\t%")
    for name, word in (("precision", "precision"), ("recall", "recall"), ("mota", "mota"), ("identities", "numbers")):
        print(f"track_{name}\t{number(texts[0], word + r' ([0-9.]+)'):g}\t-")


if __name__ == "__main__":
    main()
