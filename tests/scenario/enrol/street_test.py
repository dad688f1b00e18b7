#!/usr/bin/env python3
"""Edge and gateway enrol by themselves, work, renew, and hear within seconds who is withdrawn - also those that were away."""

import base64
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from edge_rig import alert  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402
from street_rig import SITE, Street  # noqa: E402


def first_start(tap, street):
    street.pinned = street.pin
    street.member("gateway", "gate", token=street.invite("gate", "--role", "gateway"))
    tap.check("identity.enrolled" in street.log_of("gate"), "a gateway enrols at its first start, by a token from the environment")
    file = street.path("token")
    street.tocsin("device", "add", "sign-1", "--token-file", file, *street.office())
    street.member("edge", "sign-1", token_file=file)
    tap.check("identity.enrolled" in street.log_of("sign-1") and not os.path.exists(file), "an edge by a token in a file, which is gone then")
    street.member("edge", "sign-2", token=street.invite("sign-2"))
    for name in ("gate", "sign-1"):
        key = street.path(name, "own.key")
        tap.check(os.stat(key).st_mode & 0o777 == 0o600, f"{name}: the key is here, for its owner only")
    with open(street.path("sign-1", "own.key"), "rb") as file:
        secret = file.read().split(b"\n")[1]
    found = subprocess.run(["grep", "-rlF", secret.decode(), street.path("state"), street.path("enrol.log")], capture_output=True, text=True)
    tap.check(found.stdout == "", "and not at the server")


def lights(tap, street, name, what):
    content = alert()
    street.publish("central", "id/control", f"tocsin/alerts/zone/north/{content['alert_id']}", street.sign(content), client_id="control-control:pub")
    begin = time.monotonic()
    tap.attempt(what, lambda: wait_for(lambda: street.contents("receipt", alert_id=content["alert_id"], state="lit"), 10, "the sign to be lit", every_s=0.01))
    return time.monotonic() - begin, content


def refusals(tap, street):
    token = street.invite("sign-9")
    try:
        street.member("edge", "sign-9", token="sign-9:" + "A" * 22)
        tap.check(False, "an invented token enrols nobody")
    except RuntimeError as error:
        tap.check("401" in str(error) and "tocsin device add" in str(error), "an invented token enrols nobody, and the log says what to do", str(error)[-300:])
    pin, Street.pin = Street.pin, "00" * 32
    try:
        street.member("edge", "sign-8", token=street.invite("sign-8"))
        tap.check(False, "a wrong fingerprint enrols nobody")
    except RuntimeError as error:
        tap.check("fingerprint" in str(error) and "deed=enrol name=sign-8" not in street.log(), "with a wrong fingerprint no token is sent", str(error)[-300:])
    Street.pin = pin
    street.member("edge", "sign-9", token=token)
    tap.check("identity.enrolled" in street.log_of("sign-9"), "the right token is still good")
    street.end("sign-9")


def renewal(tap, street):
    street.stop()
    street.life_s = 8
    street.start(more=f"[broker]\nhost = 127.0.0.1\nport = {street.ports['central']}")
    street.member("edge", "brief", token=street.invite("brief", "--host", "127.0.0.1"))
    online = len(street.contents("status", state="offline"))
    tap.attempt("a certificate of 8 s is renewed again and again", lambda: wait_for(lambda: street.log_of("brief").count("identity.renewed") >= 2, 40, "two renewals"))
    time_before = time.monotonic()
    wait_for(lambda: street.metric("brief", "tocsin_bus_connected") == 1, 10, "the bus after a renewal")
    tap.check(time.monotonic() - time_before < 2, "the bus is back after a reconnect")
    tap.check(len(street.contents("status", state="offline")) == online, "nobody was told that it is offline")
    text = subprocess.run(["openssl", "x509", "-in", street.path("brief", "own.crt"), "-noout", "-checkend", "0"], capture_output=True)
    tap.check(text.returncode == 0, "the one on the disk is valid")
    lights(tap, street, "brief", "and alerts still arrive")
    street.end("brief")
    wait_for(lambda: subprocess.run(["openssl", "x509", "-in", street.path("brief", "own.crt"), "-noout", "-checkend", "0"], capture_output=True).returncode != 0, 20, "it to run out")
    street.member("edge", "brief", offline=True)
    tap.check("identity.expired" in street.log_of("brief") and "tocsin device add brief" in street.log_of("brief"), "one that ran out says what to do, and the sign goes on without the bus")
    street.end("brief")
    street.stop()
    street.life_s = 0
    street.start(more=f"[broker]\nhost = 127.0.0.1\nport = {street.ports['central']}")
    street.member("edge", "brief", token=street.invite("brief"))
    tap.check(street.log_of("brief").count("identity.enrolled") == 2, "with a new token it enrols again")
    street.end("brief")


def revocation(tap, street):
    # sign-2 will be away when it happens; a copy of sign-1's identity is in a thief's hands.
    street.end("sign-2")
    for kind in (".crt", ".key"):
        with open(street.path("sign-1", "own" + kind), "rb") as source, open(os.open(street.path("thief" + kind), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as copy:
            copy.write(source.read())
    status = {"type": "status", "state": "online", "zone": "north", "kind": "edge", "version": "x", "media_url": "", "sign": None, "cameras": [], "started_at": "2026-01-01T00:00:00Z", "at": "2026-01-01T00:00:00Z"}
    tap.check(street.publish("zone", "thief", "tocsin/devices/sign-1/telemetry", street.sign(status, "thief"), client_id="edge-sign-1:thief") == 0, "before, the thief is let in")
    begin = time.monotonic()
    said = street.tocsin("device", "revoke", "sign-1", *street.office())
    tap.check("1 certificate is revoked" in said, "device revoke says what it did", said)
    wait_for(lambda: "edge-sign-1 is disconnected" in street.log_of("zone"), 5, "the zone's broker to disconnect it", every_s=0.01)
    broker_s = time.monotonic() - begin
    wait_for(lambda: "revocation.taken" in street.log_of("gate"), 5, "the gateway to hear", every_s=0.01)
    wait_for(lambda: street.log_of("gate").rsplit("revocation.taken", 1)[1].split("withdrawn=")[1][0] == "1", 5, "the gateway's list to hold it", every_s=0.01)
    gateway_s = time.monotonic() - begin
    print(f"# revoked: broker after {broker_s * 1000:.0f} ms, gateway after {gateway_s * 1000:.0f} ms")
    tap.check(max(broker_s, gateway_s) < 5, "within 5 s the zone's broker has disconnected it, and the gateway knows")
    tap.check(street.publish("zone", "thief", "tocsin/devices/sign-1/telemetry", b"x", client_id="edge-sign-1:thief") != 0, "the zone's broker does not let the thief in again")
    tap.check(street.publish("central", "thief", "tocsin/devices/sign-1/telemetry", b"x", client_id="edge-sign-1:thief") != 0, "nor does the site's")
    before = street.refused("gate", "revoked")
    stolen = street.sign(status, "thief")
    street.publish("zone", "id/control", "tocsin/devices/sign-1/status", stolen, client_id="control-control:pub")
    tap.attempt("a message of its key, by whatever way it comes, is refused as revoked", lambda: wait_for(lambda: street.refused("gate", "revoked") == before + 1, 5, "the refusal"))
    request = subprocess.run(["openssl", "req", "-new", "-key", street.path("thief.key"), "-subj", "/CN=sign-1", "-outform", "der"], capture_output=True, check=True).stdout
    denied = street.request("POST", "/.well-known/est/simplereenroll", base64.b64encode(request), {"Content-Type": "application/pkcs10"}, identity=street.path("thief"))
    tap.check(denied[0] == 403, "and it is not renewed", denied[0])


def memory(tap, street):
    # sign-2 comes back with the broker away from everything: it has to hear from the retained message.
    street.member("edge", "sign-2")
    tap.attempt("who was away hears it at once when it is back", lambda: wait_for(lambda: "revocation.taken" in street.log_of("sign-2"), 5, "sign-2 to hear"))
    street.end("sign-2")
    street.end("zone", 9)
    street.broker("zone")
    tap.check(street.publish("zone", "thief", "tocsin/devices/sign-1/telemetry", b"x", client_id="edge-sign-1:thief") != 0, "the broker remembers after kill -9")
    street.member("edge", "sign-2")
    retained = [m for topic, m in street.messages if topic == "tocsin/system/revocation"]
    tap.check(len(retained) >= 2, "there is an older list to replay")
    newest = street.retained("central", "tocsin/system/revocation")
    tap.check(newest and newest == retained[-1], "the newest one is retained")
    street.publish("central", "id/control", "tocsin/system/revocation", json.dumps(retained[0]).encode(), retain=True, client_id="control-control:pub")
    tap.check(street.retained("central", "tocsin/system/revocation") == newest, "the broker takes no older list in its place, not even from control")
    older = street.refused("gate", "replayed")
    street.publish("zone", "gate/own", "tocsin/system/revocation", json.dumps(retained[0]).encode(), client_id="gateway-gate:pub")
    tap.check(street.refused("gate", "replayed") == older, "and lets nobody but tocsin-enrol and control speak there")
    lights(tap, street, "sign-2", "the others work on")


def body(tap, street):
    contact, receiver = street.path("contact"), street.path("receiver")
    with open(contact, "w", encoding="ascii") as file:
        file.write("0\n")
    os.mkfifo(receiver)
    more = f"[tamper]\nfile = {contact}\n[position]\nnmea = {receiver}\n"
    antenna = os.open(receiver, os.O_RDWR)
    street.member("edge", "bodied", token=street.invite("bodied"), more=more)
    os.write(antenna, b"$GPGSV,1,1,00*79\r\n$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n")

    def told(**match):
        found = [m["content"]["physical"] for topic, m in list(street.messages) if topic.endswith("bodied/telemetry")]
        return [p for p in found if all((p["tamper"] or {}).get(key) == value for key, value in match.items())]

    wait_for(lambda: told(open=False), 10, "telemetry")
    tap.check(told()[-1]["tamper"] == {"open": False, "since": None} and told()[-1]["secure_boot"] in ("on", "off", "unknown"), "telemetry says that the housing is closed, and how it was booted")
    begin = time.monotonic()
    with open(contact, "w", encoding="ascii") as file:
        file.write("1\n")
    wait_for(lambda: told(open=True), 5, "the opening to be told", every_s=0.01)
    print(f"# opened: told after {(time.monotonic() - begin) * 1000:.0f} ms")
    opened = told(open=True)[-1]
    tap.check(opened["tamper"]["since"] is not None, "an opening is told at once")
    tap.check(opened["position"] and abs(opened["position"]["latitude"] - 48.1173) < 0.001, "and where it stands", opened["position"])
    street.end("bodied", 9)
    with open(contact, "w", encoding="ascii") as file:
        file.write("0\n")
    street.member("edge", "bodied", more=more)
    again = wait_for(lambda: told(open=False, since=opened["tamper"]["since"]), 10, "telemetry after the restart")
    tap.check(bool(again), "after kill -9 with the housing closed again, it still tells when it was opened")
    street.end("bodied")
    os.close(antenna)


def main():
    tap = Tap()
    with Street() as street:
        street.begin()
        first_start(tap, street)
        lights(tap, street, "sign-1", "an alert through both brokers lights the sign")
        refusals(tap, street)
        body(tap, street)
        renewal(tap, street)
        revocation(tap, street)
        memory(tap, street)
        tap.check(SITE in street.log_of("enrol") if os.path.exists(street.path("enrol.log")) else False, "the server has told what it did")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
