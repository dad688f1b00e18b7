#!/usr/bin/env python3
"""Two hundred simulated signs in the demo's zone: the operator's POST to the last sign's swapped frame.

Every sign has a certificate and a connection of its own, checks what it gets as the edge does, and answers
with signed receipts (tests/load/signs.c). Prints `name<TAB>value<TAB>unit` lines for tools/bench.sh.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from site_runner import Site, wait_for  # noqa: E402

SIGNS = int(os.environ.get("SIGNS", "200"))
ALERTS = int(os.environ.get("ALERTS", "30"))


def lit(site, alert):
    counts = site.request("GET", f"/api/alerts/{alert}")["counts"]
    return counts if counts["lit"] >= counts["targets"] else None


def main():
    with Site() as site:
        site.sign_in()
        command = [os.path.join(site.build, "tests", "signs"), "--ca", os.path.join(site.state, "ca")]
        command += ["--port", str(site.ports["zone_broker"]), "--count", str(SIGNS), "--alerts", str(ALERTS), "--seconds", "120"]
        signs = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            if signs.stdout.readline().strip() != "ready":
                raise RuntimeError("the signs did not get ready")
            wait_for(lambda: len(site.request("GET", "/api/devices")["devices"]) >= SIGNS + 2, 30, "the signs at control", 0.2)
            receipts = targets = 0
            for number in range(ALERTS):
                alert = site.send_alert(f"Path {number} closed @{time.time():.6f}", duration_s=300)["id"]
                counts = wait_for(lambda a=alert: lit(site, a), 30, "every receipt", 0.1)
                receipts += counts["lit"]
                targets += counts["targets"]
                site.request("POST", f"/api/alerts/{alert}/cancel")
            output, _ = signs.communicate(timeout=130)
        finally:
            signs.kill()
        figures = dict(line.split("\t")[:2] for line in output.splitlines() if "\t" in line)
        print(f"# {figures}", file=sys.stderr)
        print(f"alert_swap_{SIGNS}_signs_median\t{figures['signs_swap_median']}\tms")
        print(f"alert_swap_{SIGNS}_signs_p99\t{figures['signs_swap_p99']}\tms")
        print(f"alert_{SIGNS}_signs_receipts\t{100 * receipts / targets:.2f}\t%")
    return 0


if __name__ == "__main__":
    sys.exit(main())
