#!/usr/bin/env python3
"""kill -9 of each process in turn while the site runs: the rest goes on, it comes back, and nothing
that was acknowledged is lost or doubled."""

import datetime
import http.client
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from site_runner import ApiError, Site, Tap, wait_for  # noqa: E402

KILLED = ["gateway", "zone-broker", "site-broker", "camera", "watch", "edge", "control"]


def newest_started(site):
    try:
        events = site.request("GET", "/api/events?limit=1")["events"]
    except (OSError, ApiError, http.client.HTTPException):
        return ""
    return events[0]["started_at"] if events else ""


def kill_one(tap, site, name, alert):
    before = {other: site.pid(other) for other in site.names()}
    killed = site.kill(name)
    killed_at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if name not in ("edge", "control"):
        tap.check(site.sign_lit(), f"{name} killed: the sign stays lit")
    tap.attempt(f"{name} comes back", lambda: wait_for(lambda: site.alive(name) and site.pid(name) != killed, 15, f"a new {name}"))
    same = [other for other, pid in before.items() if other != name and site.pid(other) != pid]
    tap.check(not same, f"{name} killed: the others kept running", f"restarted too: {same}")
    tap.attempt(f"{name} is back: the interrupted alert is lit", lambda: wait_for(site.sign_lit, 20, "a lit sign"))
    tap.attempt(f"{name} is back: the alert still stands as lit", lambda: site.wait_delivery(alert, ["lit"], 30))
    fresh = tap.attempt(f"{name} is back: a new alert is accepted", lambda: wait_for(lambda: try_send(site, name), 30, "an accepted alert", 0.3))
    if fresh:
        tap.attempt(f"{name} is back: the new alert lights", lambda: site.wait_delivery(fresh["id"], ["lit"], 40))
        site.request("POST", f"/api/alerts/{fresh['id']}/cancel")
        tap.attempt(f"{name} is back: and clears", lambda: site.wait_delivery(fresh["id"], ["cleared"], 40))
    tap.attempt(f"{name} is back: new events arrive", lambda: wait_for(lambda: newest_started(site) > killed_at, 60, "a newer event", 0.3))


def try_send(site, name):
    try:
        return site.send_alert(f"After {name}", tier="advisory")
    except (OSError, ApiError, http.client.HTTPException):
        return None


def check_events(tap, site):
    events = site.events()
    ids = [event["id"] for event in events]
    tap.check(len(ids) == len(set(ids)), "no event stands twice")
    tap.check(len(ids) > 3, "there are events", f"only {len(ids)}")
    media = os.path.join(site.state, "media")
    on_disk = {name[:-4] for _, _, files in os.walk(media) for name in files if name.endswith(".mp4")}

    def all_known():
        known = {event["id"] for event in site.events()}
        return on_disk <= known

    tap.attempt("every recorded clip has its event at control", lambda: wait_for(all_known, 60, f"{len(on_disk)} clips' events", 1))


def check_cancelled(tap, site, alert):
    site.request("POST", f"/api/alerts/{alert}/cancel")
    tap.attempt("cancelled: the sign clears", lambda: site.wait_delivery(alert, ["cleared"], 20))
    for name in ("edge", "zone-broker", "site-broker", "gateway"):
        killed = site.kill(name)
        wait_for(lambda n=name, k=killed: site.alive(n) and site.pid(n) != k, 15, f"a new {name}")
    # Every retained message has been delivered once a new alert has gone all the way.
    probe = wait_for(lambda: try_send(site, "all"), 30, "an accepted alert", 0.3)
    site.wait_delivery(probe["id"], ["lit"], 40)
    site.request("POST", f"/api/alerts/{probe['id']}/cancel")
    site.wait_delivery(probe["id"], ["cleared"], 40)
    tap.check(not any(site.sign_frame()), "cancelled: it does not light again after restarts and reconnects")


def main():
    tap = Tap()
    with Site() as site:
        try:
            site.sign_in()
            wait_for(lambda: newest_started(site), 60, "a first event", 0.3)
            alert = site.send_alert(tier="advisory", duration_s=3600)["id"]
            tap.attempt("the alert lights", lambda: site.wait_delivery(alert, ["lit"]))
            for name in KILLED:
                started = time.monotonic()
                kill_one(tap, site, name, alert)
                print(f"# {name}: {time.monotonic() - started:.1f} s", flush=True)
            check_events(tap, site)
            check_cancelled(tap, site, alert)
        except Exception as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in site.log_tails().splitlines()))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
