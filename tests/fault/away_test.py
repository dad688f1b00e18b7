#!/usr/bin/env python3
"""A broker, the gateway or control away for a while (stopped, connections and all): what was queued
meanwhile arrives, in order, once. TOCSIN_AWAY_S sets how long (15 s; minutes behave the same, slower)."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from site_runner import Site, Tap, wait_for  # noqa: E402

AWAY_S = float(os.environ.get("TOCSIN_AWAY_S", "15"))


def recorded(site):
    media = os.path.join(site.state, "media")
    return {name[:-4] for _, _, files in os.walk(media) for name in files if name.endswith(".mp4")}


def away(tap, site, name):
    before = recorded(site)
    alert = site.send_alert(f"Before {name} goes")["id"] if name != "control" else None
    pid = site.pid(name)
    os.kill(pid, signal.SIGSTOP)
    try:
        # Time passes while cameras go on recording: a condition on the camera, with the time as its floor.
        floor = time.monotonic() + AWAY_S
        tap.attempt(
            f"{name} away: recording goes on",
            lambda: wait_for(lambda: time.monotonic() > floor and len(recorded(site) - before) >= 1, AWAY_S + 60, "a new clip", 0.2),
        )
    finally:
        os.kill(pid, signal.SIGCONT)
    missed = recorded(site) - before
    tap.attempt(
        f"{name} back: every event of the time away arrives",
        lambda: wait_for(lambda: missed <= {event["id"] for event in site.events()}, 60, f"{len(missed)} events", 0.5),
    )
    events = site.events()
    tap.check(len({event["id"] for event in events}) == len(events), f"{name} back: each once")
    if alert:
        tap.attempt(f"{name} back: the alert sent meanwhile lights", lambda: site.wait_delivery(alert, ["lit"], 60))
        site.request("POST", f"/api/alerts/{alert}/cancel")
        tap.attempt(f"{name} back: and clears", lambda: site.wait_delivery(alert, ["cleared"], 60))
    tap.check(site.pid(name) == pid, f"{name} was away, not restarted")


def begins_in_order(live):
    """Begins reach the dashboard in the order in which they happened, for one camera."""
    times = [m["data"]["started_at"] for m in list(live.messages) if m["kind"] == "event" and m["data"]["state"] == "begin"]
    return times == sorted(times)


def main():
    tap = Tap()
    with Site() as site:
        try:
            site.sign_in()
            live = site.live()
            live.wait(lambda m: m["kind"] == "event", 60, "a first event")
            for name in ("site-broker", "zone-broker", "gateway"):
                away(tap, site, name)
            tap.check(begins_in_order(live), "events reach the dashboard in order")
            away(tap, site, "control")
        except Exception as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in site.log_tails().splitlines()))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
