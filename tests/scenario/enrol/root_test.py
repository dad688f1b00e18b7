#!/usr/bin/env python3
"""A root above the site CA, kept offline: devices pin it and nothing else. The site's CA is lost and another takes its place; nobody
goes to a device. CAs of another root and of a sister site under the same one are nobody's here."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from edge_rig import alert  # noqa: E402
from rollover_test import brokers, count, issued_by, lit, switch  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402
from street_rig import SITE, Street  # noqa: E402


class Under(Street):
    """The site's CA under a root, whose fingerprint is all that a device gets."""

    def root(self, name):
        self.tocsin("ca", "init", "--root", name, "--dir", self.path(name))
        return self.path(name, "ca.crt")

    def word(self, root, ca):
        out = self.path(f"word-{root}-{os.path.basename(os.path.dirname(ca))}.crt")
        self.tocsin("ca", "vouch", ca, "--dir", self.path(root), "--out", out)
        return out

    def also(self, *files):
        with open(self.path("also.pem"), "w", encoding="ascii") as also:
            for name in files:
                with open(name, encoding="ascii") as file:
                    also.write(file.read())
        return {"ca_also": f"also = {self.path('also.pem')}"}

    @property
    def pin(self):
        return re.sub("[^0-9A-F]", "", self.tocsin("ca", "show", self.path("district/ca.crt")).split("SHA-256")[1]).lower()

    def serve(self, ca, key):
        self.ca_certificate, self.ca_key = ca, key


def check_command(tap, street):
    shown = street.tocsin("ca", "show", street.path("district/ca.crt"))
    tap.check("a root above sites" in shown, "tocsin ca show says what a root is", shown)
    tap.check(not os.path.exists(street.path("district/web-ca.key")), "a root has no web CA")
    issued = street.run("ca", "issue", "control", "evil", "--dir", street.path("district"), "--out", street.path("id"))
    tap.check(issued.returncode != 0 and "vouches" in issued.stderr, "a root certifies no part of a site", issued.stderr)
    trusted = street.run("verify", "--ca", street.path("district/ca.crt"), "--site", SITE)
    tap.check(trusted.returncode != 0 and "pinned" in trusted.stderr, "nor is it trusted on the wire by anybody", trusted.stderr)


def holds(street, ca):
    with open(street.path("sign-1", "ca.crt"), encoding="ascii") as mine, open(ca, encoding="ascii") as file:
        return file.read() in mine.read()


def check_strangers(tap, street, root, old, new):
    """What the enrolment server's machine alone can hand out, in the hands of whoever took it."""
    stranger = street.root("stranger")
    street.tocsin("ca", "init", "--site", "lakeside", "--dir", street.path("sister"))
    sister = street.path("sister/ca.crt")
    sister_word = street.word("district", sister)
    for what, files in (
        ("a CA that the root has not vouched for", (root, new)),
        ("a CA of another root", (root, stranger, new, street.word("stranger", new))),
        ("a CA with the word of a sister site's for another", (root, new, sister_word)),
    ):
        switch(street, **street.also(*files))
        look(street, "probe")
        with open(street.path("ca-probe.crt"), encoding="ascii") as mine, open(old, encoding="ascii") as file:
            tap.check(mine.read() == file.read(), f"{what} is taken by nobody")
    foreign = street.run("ca", "vouch", new, "--dir", street.path("sister"), "--out", street.path("foreign.crt"))
    tap.check(foreign.returncode != 0 and "does not vouch" in foreign.stderr, "a site's CA gives no word for another site's", foreign.stderr)
    try:
        switch(street, **street.also(root, sister, street.word("district", sister)))
        tap.check(False, "our server hands out no CA of another site")
    except RuntimeError as error:
        tap.check("another site" in str(error), "our server hands out no CA of another site", str(error))


def look(street, name):
    """A member's look for the CAs of the day, now."""
    where = ["--url", street.url, "--site", SITE, "--role", "broker", "--out", street.path(), "--ca", street.path(f"ca-{name}.crt")]
    return street.run("device", "enrol", name, *where, "--fingerprint", street.pin)


def renew_brokers(street):
    """By hand, since the old CA makes none any more: their certificates, the bridge's and control's."""
    for name in ("central", "zone"):
        street.tocsin("ca", "issue", "broker", name, "--dir", street.path("ca2"), "--out", street.path(), "--host", "127.0.0.1")
    street.tocsin("ca", "issue", "gateway", "bridge", "--dir", street.path("ca2"), "--out", street.path())
    street.tocsin("ca", "issue", "control", "control", "--dir", street.path("ca2"), "--out", street.path("id2"))
    for kind in (".crt", ".key"):
        os.rename(street.path("id/control" + kind), street.path("id/retired" + kind))
        os.rename(street.path("id2/control" + kind), street.path("id/control" + kind))


def main():
    tap = Tap()
    with Under() as street:
        street.begin()
        old, new = street.path("ca/ca.crt"), street.path("ca2/ca.crt")
        root = street.root("district")
        check_command(tap, street)
        street.life_s = 60
        switch(street, **street.also(root, street.word("district", old)))
        token = street.invite("sign-1")
        invited = street.tocsin("device", "add", "other", "--no-qr", *street.office())
        tap.check(street.pin in invited, "an invitation names the root's fingerprint", invited)
        street.member("edge", "sign-1", token=token, look_s=1)
        tap.check(holds(street, old) and count(street.path("sign-1", "ca.crt")) == 1, "a device that knows only the root trusts the site's CA, not the root")
        lit(tap, street, "id/control", "and the sign works")

        street.tocsin("ca", "init", "--site", SITE, "--dir", street.path("ca2"))
        street.tocsin("ca", "issue", "broker", "probe", "--dir", street.path("ca"), "--out", street.path(), "--host", "127.0.0.1")
        with open(street.path("ca-probe.crt"), "w", encoding="ascii") as file, open(old, encoding="ascii") as known:
            file.write(known.read())
        check_strangers(tap, street, root, old, new)

        street.serve(new, street.path("ca2/ca.key"))
        os.remove(street.path("ca/ca.key"))
        switch(street, **street.also(root, new, old))
        refused = look(street, "probe")
        tap.check(refused.returncode != 0 and count(street.path("ca-probe.crt")) == 1, "the old CA's key is lost; without the root's word the new server is a stranger", refused.stderr)
        street.tocsin("ca", "issue", "control", "main2", "--dir", street.path("ca2"), "--out", street.path("id"))
        switch(street, **street.also(root, street.word("district", new), old, street.word("district", old)))
        tap.attempt("with it the device takes the new CA, from a server that it could not judge", lambda: wait_for(lambda: holds(street, new), 60, "the new CA"))
        tap.attempt("and its next certificate is of the new CA", lambda: wait_for(lambda: issued_by(street, "sign-1/own.crt", new), 90, "a renewal"))
        renew_brokers(street)
        brokers(street, [old, new])
        wait_for(lambda: street.metric("sign-1", "tocsin_bus_connected") == 1, 30, "the edge on the bus")
        lit(tap, street, "id/main2", "whoever the new CA certifies lights the sign")

        switch(street, **street.also(root, street.word("district", new)))
        tap.attempt("the old one retires", lambda: wait_for(lambda: not holds(street, old), 30, "one CA"))
        refused = street.refused("sign-1", "untrusted")
        street.publish("zone", "id/main2", "tocsin/alerts/zone/north/y", street.sign(alert(), "id/retired"), client_id="control-main2:y")
        tap.attempt("what it certified counts no more", lambda: wait_for(lambda: street.refused("sign-1", "untrusted") == refused + 1, 10, "the refusal"))
        tap.check(street.log_of("sign-1").count("edge.ready") == 1, "the device was never started again")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
