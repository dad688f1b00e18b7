#!/usr/bin/env python3
"""The site changes its CA: introduced, switched to, the old one retired; nobody goes to a device."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from edge_rig import alert  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402
from street_rig import SITE, Street  # noqa: E402


def count(path):
    with open(path, encoding="ascii") as file:
        return file.read().count("BEGIN CERTIFICATE")


def issued_by(street, certificate, ca):
    done = subprocess.run(["openssl", "verify", "-CAfile", ca, street.path(certificate)], capture_output=True)
    return done.returncode == 0


def show(street, identity):
    """An alert signed by `identity`, on the zone's broker."""
    content = alert()
    client = f"control-{os.path.basename(identity)}:{content['alert_id'][-6:]}"
    street.publish("zone", identity, f"tocsin/alerts/zone/north/{content['alert_id']}", street.sign(content, identity), client_id=client)
    return content["alert_id"]


def lit(tap, street, identity, what):
    alert_id = show(street, identity)
    tap.attempt(what, lambda: wait_for(lambda: street.contents("receipt", alert_id=alert_id, state="lit"), 20, "the sign to be lit"))


def brokers(street, ca):
    """What an operator does with them: fresh files, and a restart."""
    for name in ("ear", "zone", "central"):
        street.end(name, 9)
    for name in ("central", "zone"):
        with open(street.path(f"ca-{name}.crt"), "w", encoding="ascii") as bundle:
            for one in ca:
                with open(one, encoding="ascii") as file:
                    bundle.write(file.read())
    street.broker("central")
    street.broker("zone")
    street.listen("central")


def look(street, broker):
    """A broker's daily look for the CAs of the day, as a timer of the operator's makes it."""
    where = ["--url", street.url, "--site", SITE, "--role", "broker", "--out", street.path(), "--ca", street.path(f"ca-{broker}.crt")]
    street.tocsin("device", "enrol", broker, *where)


def switch(street, **how):
    street.stop()
    street.start(more=f"[broker]\nhost = 127.0.0.1\nport = {street.ports['central']}", **how)


def main():
    tap = Tap()
    with Street() as street:
        street.begin()
        old, new = street.path("ca/ca.crt"), street.path("ca2/ca.crt")
        street.life_s = 30
        switch(street)
        street.member("edge", "sign-1", token=street.invite("sign-1"), look_s=1)
        lit(tap, street, "id/control", "before: the sign works")

        street.tocsin("ca", "init", "--site", SITE, "--dir", street.path("ca2"))
        street.tocsin("ca", "issue", "control", "main2", "--dir", street.path("ca2"), "--out", street.path("id"))
        lone = show(street, "id/control")  # a known good one beside the one that must fail
        refused = street.refused("sign-1", "untrusted")
        content = alert()
        street.publish("zone", "id/control", "tocsin/alerts/zone/north/x", street.sign(content, "id/main2"), client_id="control-control:x")
        tap.attempt("the new CA is a stranger at first", lambda: wait_for(lambda: street.refused("sign-1", "untrusted") == refused + 1, 10, "the refusal"))
        wait_for(lambda: street.contents("receipt", alert_id=lone, state="lit"), 20, "the known one")

        with open(street.path("also.pem"), "w", encoding="ascii") as also, open(new, encoding="ascii") as file:
            also.write(file.read())
        switch(street, ca_also=f"also = {street.path('also.pem')}")
        look(street, "zone")
        tap.check(count(street.path("ca-zone.crt")) == 1, "without the old CA's word nobody trusts it")

        street.tocsin("ca", "vouch", new, "--dir", street.path("ca"), "--out", street.path("word.crt"))
        with open(street.path("also.pem"), "a", encoding="ascii") as also, open(street.path("word.crt"), encoding="ascii") as file:
            also.write(file.read())
        switch(street, ca_also=f"also = {street.path('also.pem')}")
        look(street, "zone")
        tap.check(count(street.path("ca-zone.crt")) == 2, "with it, who asks trusts both")
        tap.attempt("introduced: the device trusts both", lambda: wait_for(lambda: count(street.path("sign-1", "ca.crt")) == 2, 30, "two CAs"))
        brokers(street, [old, new])
        wait_for(lambda: street.metric("sign-1", "tocsin_bus_connected") == 1, 30, "the edge on the bus")
        lit(tap, street, "id/control", "the old control is believed")
        lit(tap, street, "id/main2", "the new control is believed")

        street.ca_key, street.ca_certificate = street.path("ca2/ca.key"), new
        with open(street.path("also.pem"), "w", encoding="ascii") as also, open(old, encoding="ascii") as file:
            also.write(file.read())
        switch(street, ca_also=f"also = {street.path('also.pem')}")
        tap.attempt("switched: the device's next certificate is of the new CA", lambda: wait_for(lambda: issued_by(street, "sign-1/own.crt", new), 60, "a renewal"))
        for name in ("central", "zone"):
            street.tocsin("ca", "issue", "broker", name, "--dir", street.path("ca2"), "--out", street.path(), "--host", "127.0.0.1")
        street.tocsin("ca", "issue", "gateway", "bridge", "--dir", street.path("ca2"), "--out", street.path())
        street.tocsin("ca", "issue", "control", "control", "--dir", street.path("ca2"), "--out", street.path("id2"))
        for kind in (".crt", ".key"):
            os.rename(street.path("id/control" + kind), street.path("id/retired" + kind))
            os.rename(street.path("id2/control" + kind), street.path("id/control" + kind))
        brokers(street, [old, new])
        wait_for(lambda: street.metric("sign-1", "tocsin_bus_connected") == 1, 30, "the edge on the bus")
        lit(tap, street, "id/main2", "and works with it")

        switch(street)
        tap.attempt("retired: the device drops the old one", lambda: wait_for(lambda: count(street.path("sign-1", "ca.crt")) == 1, 30, "one CA"))
        with open(street.path("sign-1", "ca.crt"), encoding="ascii") as mine, open(new, encoding="ascii") as file:
            tap.check(mine.read() == file.read(), "and keeps the new one")
        brokers(street, [new])
        wait_for(lambda: street.metric("sign-1", "tocsin_bus_connected") == 1, 30, "the edge on the bus")
        refused = street.refused("sign-1", "untrusted")
        street.publish("zone", "id/control", "tocsin/alerts/zone/north/y", street.sign(alert(), "id/retired"), client_id="control-control:y")
        tap.attempt("what the old CA certified counts no more", lambda: wait_for(lambda: street.refused("sign-1", "untrusted") == refused + 1, 10, "the refusal"))
        lit(tap, street, "id/main2", "the sign works on")
        tap.check(street.log_of("sign-1").count("edge.ready") == 1, "the device was never started again")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
