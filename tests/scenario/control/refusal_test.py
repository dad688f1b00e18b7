#!/usr/bin/env python3
"""What control refuses from the bus and from people: each with a counted, named reason in /metrics."""

import datetime
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from site_runner import ApiError, Site, Tap, wait_for  # noqa: E402

DEVICE = "edge-north-1"


class Bus:
    """Signs with `tocsin sign` and publishes with mosquitto_pub, as the demo's own edge or another."""

    def __init__(self, site):
        self.site = site

    def identity(self, name, part):
        return os.path.join(self.site.state, "identity", f"{name}.{part}")

    def issue(self, role, name):
        command = [os.path.join(self.site.build, "tocsin"), "ca", "issue", role, name]
        folders = ["--dir", os.path.join(self.site.state, "ca"), "--out", os.path.join(self.site.state, "identity")]
        subprocess.run(command + folders, check=True, capture_output=True, timeout=20)

    def sign(self, content, name=DEVICE, tier="informational", at=None):
        command = [os.path.join(self.site.build, "tocsin"), "sign", "--key", self.identity(name, "key")]
        command += ["--chain", self.identity(name, "crt"), "--tier", tier] + (["--at", at] if at else [])
        done = subprocess.run(command, input=json.dumps(content).encode(), check=True, capture_output=True, timeout=20)
        return json.loads(done.stdout)

    def publish(self, payload, topic=f"tocsin/devices/{DEVICE}/detection", name=DEVICE):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        subprocess.run(
            ["mosquitto_pub", "-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(self.site.ports["site_broker"])]
            + ["--cafile", os.path.join(self.site.state, "ca", "ca.crt"), "--cert", self.identity(name, "crt")]
            + ["--key", self.identity(name, "key"), "-i", f"edge-{name}:test", "-t", topic, "-s"],
            input=data, check=True, capture_output=True, timeout=20,
        )


def refused(site, reason):
    return site.metrics("control").get(f'tocsin_messages_refused_total{{reason="{reason}"}}', 0)


def event(text="person"):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "type": "event", "event_id": "018f0000-0000-7000-8000-000000000001", "sequence": 1, "state": "begin", "camera": "gate",
        "zone": "north", "label": text, "score": 0.9, "count": 1, "started_at": now, "updated_at": now, "ended_at": None,
        "boxes": [], "clip": None, "snapshot": False, "model": "test",
    }


def expect(tap, site, bus, reason, payload, **where):
    before = refused(site, reason)
    bus.publish(payload, **where)
    tap.attempt(f"refused and counted: {reason}", lambda: wait_for(lambda: refused(site, reason) == before + 1, 10, f"{reason} to count"))


def check_bus(tap, site):
    bus = Bus(site)
    bus.issue("edge", "edge-north-2")
    good = bus.sign(event())
    expect(tap, site, bus, "malformed", b"not json at all")
    expect(tap, site, bus, "unsigned", {**good, "signature": ""})
    expect(tap, site, bus, "forged", {**good, "content": {**good["content"], "count": 7}})
    expect(tap, site, bus, "over_tier", bus.sign(event(), tier="emergency"))
    expect(tap, site, bus, "stale", stale(bus))
    bus.publish(good)
    wait_for(lambda: any(e["id"] == event()["event_id"] for e in site.events()), 10, "the good event")
    expect(tap, site, bus, "replayed", good)
    expect(tap, site, bus, "misplaced", bus.sign(event(), name="edge-north-2"))
    tap.check(site.request("GET", f"/api/events/{event()['event_id']}")["count"] == 1, "the forged one changed nothing")


def stale(bus):
    """Signed three days ago by a certificate that was valid then."""
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)
    return bus.sign(event(), at=then.isoformat(timespec="seconds").replace("+00:00", "Z"))


def status_of(call):
    try:
        call()
    except ApiError as error:
        return error.status
    return 200


def check_people(tap, site):
    token, site.token = site.token, None
    wrong = {"username": "admin", "password": "wrong password here"}
    tap.check(status_of(lambda: site.request("POST", "/auth/login", wrong)) == 401, "wrong password: 401")
    tap.check(status_of(lambda: site.request("GET", "/api/events")) == 401, "nobody: 401")
    site.token = "0" * 64
    tap.check(status_of(lambda: site.request("GET", "/api/events")) == 401, "invented token: 401")
    site.token = token
    some = site.events()[0]["id"]
    bad = {"Tocsin-Stream-Token": "AAAA"}
    tap.check(status_of(lambda: site.request("GET", f"/stream/{some}/clip", headers=bad)) == 403, "invented stream token: 403")
    tap.check(status_of(lambda: site.send_alert(tier="emergency")) in (403, 422), "an emergency without a second factor: refused")
    with open(os.path.join(site.state, "log", "control.log"), encoding="utf-8") as file:
        log = file.read()
    tap.check("audit." in log and "refused" in log, "refusals are audited in the log")
    tap.check("wrong password here" not in log and token not in log, "no password and no token in the log")


def main():
    tap = Tap()
    with Site() as site:
        try:
            site.sign_in()
            check_bus(tap, site)
            wait_for(lambda: [e for e in site.events() if e["clip"]], 60, "an event with a clip", 0.3)
            check_people(tap, site)
        except Exception as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in site.log_tails().splitlines()))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
