#!/usr/bin/env python3
"""An edge that wants two operators behind every emergency: whoever controls control lights no sign alone."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from edge_rig import Rig, alert, uuid7  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

RED = b"\xff\x20\x20"
TWO = "[alert]\nemergency_approvals = 2\n"


def emergency(**more):
    return alert(tier="emergency", text="Leave by the north gate", **more)


def refused(tap, rig, what, content, reason="unapproved_1_of_2"):
    before = rig.refused("unapproved")
    rig.send(content)

    def told():
        mine = rig.contents("receipt", alert_id=content["alert_id"], revision=content["revision"], state="refused", reason=reason)
        return mine and rig.refused("unapproved") == before + 1

    tap.attempt(f"{what}: refused, counted, and the receipt says {reason}", lambda: wait_for(told, 10, reason))


def pixels(rig):
    rgb = rig.sign_rgb()
    return {rgb[i : i + 3] for i in range(0, len(rgb), 3)} - {b"\0\0\0"}


def attacks(tap, rig):
    """Everything that control's key alone can do with approvals that it has seen."""
    known = rig.approve(emergency(), "anna", "ben")["approvals"]
    refused(tap, rig, "control's key alone", emergency(), "unapproved_0_of_2")
    refused(tap, rig, "one operator of two", rig.approve(emergency(), "anna"))
    refused(tap, rig, "one operator twice", rig.approve(emergency(), "anna", "anna"))
    refused(tap, rig, "approvals of another alert", emergency(approvals=known), "unapproved_0_of_2")
    for name in ("main", "chief", "gate", "thief"):
        refused(tap, rig, f"the key of {name} as second operator", rig.approve(emergency(), "anna", name))
    signed = rig.approve(emergency(), "anna", "ben")
    for what, change in (
        ("other targets", {"targets": {"broadcast": True, "zones": [], "devices": []}}),
        ("another text", {"texts": [{"language": "en", "text": "Leave by the south gate"}]}),
        ("a later end", {"expire": alert(lasts_s=7200)["expire"]}),
        ("another id", {"alert_id": uuid7()}),
    ):
        refused(tap, rig, what, {**signed, **change}, "unapproved_0_of_2")
    practised = rig.approve(emergency(status="exercise"), "anna", "ben")
    refused(tap, rig, "the approvals of an exercise under the real thing", {k: v for k, v in practised.items() if k != "status"}, "unapproved_0_of_2")
    carried = rig.sign(rig.approve(emergency(), "anna", "ben"), name="gate")
    before = rig.refused("over_tier")
    rig.publish(carried)
    tap.attempt("a gateway may not even carry one", lambda: wait_for(lambda: rig.refused("over_tier") == before + 1, 10, "over_tier"))
    before = rig.refused("too_long")
    rig.send(rig.approve(emergency(lasts_s=25 * 3600), "anna", "ben"))
    tap.attempt("approved or not, none stands longer than a day", lambda: wait_for(lambda: rig.refused("too_long") == before + 1, 10, "too_long"))
    tap.check(not rig.is_lit(), "nothing of that is lit")


def life(tap, rig):
    shown = rig.send(rig.approve(emergency(), "anna", "ben"))
    rig.wait("receipt", alert_id=shown["alert_id"], state="lit")
    tap.check(pixels(rig) == {RED}, "with two operators behind it the sign is red", str(pixels(rig)))
    name = shown["alert_id"]
    cancel = {**emergency(action="cancel", revision=2, alert_id=name), "begin": shown["begin"], "expire": shown["expire"]}
    refused(tap, rig, "a cancel by control alone", cancel, "unapproved_0_of_2")
    refused(tap, rig, "a cancel with the approvals of the alert", {**cancel, "approvals": shown["approvals"]}, "unapproved_0_of_2")
    refused(tap, rig, "an update by one", rig.approve(emergency(revision=3, alert_id=name), "ben"))
    before = rig.refused("over_tier")
    rig.send(alert("cancel", 9, name, tier="warning", lasts_s=200))
    tap.attempt("a cancel of a lower tier is over_tier", lambda: wait_for(lambda: rig.refused("over_tier") == before + 1, 10, "over_tier"))
    rig.edge_kill()
    rig.edge_start(settings=TWO)
    tap.check(rig.is_lit() and pixels(rig) == {RED}, "it is lit through all that, and after kill -9")
    rig.send(rig.approve(cancel, "ben", "anna"))
    rig.wait("receipt", alert_id=name, state="cleared")
    tap.check(not rig.is_lit(), "two operators cancel it")


def wrong_key(tap, rig, what, content, name):
    """Refused before anything is made of it: counted by its name, nothing lit, no receipt."""
    before = rig.refused("wrong_key")
    rig.send(content, name=name)
    tap.attempt(f"{what} is refused and counted as wrong_key", lambda: wait_for(lambda: rig.refused("wrong_key") == before + 1, 10, "wrong_key"))
    tap.check(not rig.contents("receipt", alert_id=content["alert_id"]) and not rig.is_lit(), "and lights nothing")


def exercises(tap, rig):
    """Two keys, two colours: on a sign in the street, then on one that is set up for exercises."""
    drill = rig.send(rig.approve(emergency(status="exercise"), "anna", "ben"), name="drill")
    rig.wait("receipt", alert_id=drill["alert_id"], state="refused", reason="exercise")
    tap.check(not rig.is_lit(), "a sign lights no exercise unless it is set up for them")
    rig.edge_stop()
    rig.edge_start(settings=TWO + "[sign]\nexercises = true\n")
    for status in ("exercise", "test"):
        wrong_key(tap, rig, f"a signed {status} by control's own key", alert(tier="advisory", status=status), "main")
        wrong_key(tap, rig, f"an approved {status} of an emergency by control's own key", rig.approve(emergency(status=status), "anna", "ben"), "main")
    for tier in ("informational", "advisory", "warning"):
        wrong_key(tap, rig, f"a real alert of tier {tier} by the key for exercises", alert(tier=tier, lasts_s=200), "drill")
    wrong_key(tap, rig, "an approved real emergency by the key for exercises", rig.approve(emergency(), "anna", "ben"), "drill")
    drill = rig.send(rig.approve(emergency(status="exercise"), "anna", "ben"), name="drill")
    rig.wait("receipt", alert_id=drill["alert_id"], state="lit")
    tap.check(RED not in pixels(rig), "one that is set up lights it, and never in the colour of the real thing", str(pixels(rig)))
    real = rig.send(alert(tier="advisory"))
    rig.wait("receipt", alert_id=real["alert_id"], state="lit")
    before = rig.refused("over_tier")
    rig.send(alert("cancel", 9, real["alert_id"], tier="advisory", status="exercise"), name="drill")
    tap.attempt("an exercise cancels nothing real", lambda: wait_for(lambda: rig.refused("over_tier") == before + 1, 10, "over_tier"))
    tap.check(rig.is_lit(), "which is lit as before")


def command_line(tap, rig):
    verified = rig.tocsin("verify", "--ca", rig.path("ca/ca.crt"), "--site", "park", data=rig.sign(rig.approve(emergency(), "ben", "anna")))
    tap.check(b"approved by 2" in verified and b" ben anna" in verified, "tocsin verify names who has approved", verified.decode())
    once = rig.approve(emergency(), "anna")
    tap.check(len(once["approvals"]) == 1 and json.dumps(once).count("signature") == 1, "tocsin operator approve adds one approval")


def main():
    tap = Tap()
    with Rig() as rig:
        rig.edge_start(settings=TWO)
        wait_for(lambda: rig.metrics()["tocsin_bus_connected"] == 1, 20, "the edge on the bus")
        attacks(tap, rig)
        life(tap, rig)
        exercises(tap, rig)
        command_line(tap, rig)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
