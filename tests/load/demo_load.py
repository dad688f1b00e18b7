#!/usr/bin/env python3
"""Figures of the demo as it runs: a person's frame to the dashboard, POST to the swapped frame, memory.

Prints `name<TAB>value<TAB>unit` lines for tools/bench.sh. Times on both ends come from this machine's
clock: `started_at` is the wall time of the frame that first showed the person, `lit_at` the time at
which the sign swapped its frame.
"""

import datetime
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from site_runner import Site, percentile, wait_for  # noqa: E402

ALERTS = int(os.environ.get("ALERTS", "100"))
EVENTS = int(os.environ.get("EVENTS", "30"))


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def figure(name, value, unit):
    print(f"{name}\t{value:.3f}\t{unit}", flush=True)


def measure_alerts(site):
    swaps = []
    for number in range(ALERTS):
        begun = time.time()
        alert = site.send_alert(f"Path {number} closed", duration_s=120)["id"]
        delivery = site.wait_delivery(alert, ["lit"])
        swaps.append((seconds(delivery["lit_at"]) - begun) * 1000)
        site.request("POST", f"/api/alerts/{alert}/cancel")
        site.wait_delivery(alert, ["cleared"])
    figure("alert_swap_median", percentile(swaps, 0.5), "ms")
    figure("alert_swap_p99", percentile(swaps, 0.99), "ms")


def measure_events(site, live):
    def begins():
        seen = {}
        for message in list(live.messages):
            if message["kind"] == "event" and message["data"]["id"] not in seen:
                seen[message["data"]["id"]] = message["arrived"] - seconds(message["data"]["started_at"])
        return seen

    wait_for(lambda: len(begins()) >= EVENTS, 240, f"{EVENTS} events", 0.5)
    delays = list(begins().values())
    figure("event_dashboard_median", percentile(delays, 0.5), "s")
    figure("event_dashboard_p99", percentile(delays, 0.99), "s")


def main():
    for start in range(2):
        begun = time.monotonic()
        with Site() as site:
            if start == 0:
                continue
            figure("demo_second_start", time.monotonic() - begun, "s")
            site.sign_in()
            live = site.live()
            measure_alerts(site)
            measure_events(site, live)
            for name in ("edge", "control", "gateway", "watch"):
                figure(f"rss_{name}", site.rss_bytes(name) / 1e6, "MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
