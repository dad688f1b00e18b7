#!/usr/bin/env python3
"""Emergencies in a real Chromium: control, a broker and a real edge that wants two operators; their keys are made in their browsers.

Starts all of it and runs emergency.mjs, which asks for what a browser cannot do with lines that begin with "!": certify a
key with the CA, forge an emergency with control's key.
"""

import json
import os
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "lib"))
sys.path.insert(0, str(TESTS / "scenario" / "control"))
from control_rig import PASSWORD, Rig  # noqa: E402
from edge_rig import alert as alert_content  # noqa: E402
from emergency_test import LAMP, Edge  # noqa: E402
from factor_test import Person  # noqa: E402
from site_runner import ROOT, wait_for  # noqa: E402

TWO = {"alert.emergency_approvals": 2, "web.folder": os.path.join(ROOT, "web", "dist")}


def certify(rig, name, request):
    """As whoever holds the CA: the certificate and, from what the command says, the key's mark."""
    command = [os.path.join(rig.build, "tocsin"), "operator", "certify", name, "--dir", rig.path("ca")]
    done = subprocess.run(command, input=request.encode(), capture_output=True, timeout=20, check=True)
    mark = done.stderr.decode().split("the key's mark is ")[1].split(":")[0]
    return {"certificate": done.stdout.decode(), "mark": mark}


def forge(rig):
    """With control's own key, as whoever broke into it; answers with what the sign says."""
    content = alert_content(tier="emergency", text="Forged")
    key = ["--key", rig.path("main.key"), "--chain", rig.path("main.crt")]
    payload = rig.tocsin("sign", *key, "--tier", "emergency", data=json.dumps(content).encode()).strip()
    tls = ["--cafile", rig.path("ca/ca.crt"), "--cert", rig.path("main.crt"), "--key", rig.path("main.key")]
    where = ["-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(rig.broker_port), *tls, "-t", f"tocsin/alerts/zone/north/{content['alert_id']}"]
    subprocess.run(["mosquitto_pub", *where, "-s", "-r"], input=payload, check=True, timeout=20)

    def refused():
        with open(rig.path("lamp.log"), encoding="utf-8") as log:
            return "reason=unapproved" in log.read()

    wait_for(refused, 20, "the edge to refuse it")
    return {"refused": True}


def obey(order, rig):
    words = json.loads(order)
    if words["do"] == "certify":
        return certify(rig, words["name"], words["request"])
    if words["do"] == "forge":
        return forge(rig)
    raise ValueError(order)


def drive(rig, people):
    environment = {**os.environ, "BASE_URL": f"http://127.0.0.1:{rig.port}/", "PEOPLE": json.dumps(people), "PASSWORD": PASSWORD, "LAMP": LAMP}
    script = str(pathlib.Path(__file__).with_name("emergency.mjs"))
    node = subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    for line in node.stdout:
        if line.startswith("!"):
            node.stdin.write(json.dumps(obey(line[1:], rig)) + "\n")
            node.stdin.flush()
        else:
            print(line, end="", flush=True)
    return node.wait()


def main():
    with Rig() as rig:
        rig.stop()
        rig.start(**TWO)
        rig.begin()
        edge = Edge(rig)
        try:
            wait_for(lambda: any(d["name"] == LAMP for d in rig.ask("GET", "/api/devices").json["devices"]), 20, "the edge at control")
            people = {}
            for name in ("anna", "ben"):
                people[name] = Person(rig, name).set_up(rig.invite(name, "operator")).json["recovery_codes"]
            status = drive(rig, people)
            if status != 0:
                print("# control:\n# " + "\n# ".join(rig.log().splitlines()[-20:]))
            return status
        finally:
            edge.close()


if __name__ == "__main__":
    sys.exit(main())
