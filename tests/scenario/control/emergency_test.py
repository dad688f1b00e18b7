#!/usr/bin/env python3
"""Control, broker and a real edge: an emergency waits for two operators' keys and a fresh second factor of each, lights the
sign, and ends as it began; what control alone can sign lights nothing."""

import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD, Rig  # noqa: E402
from edge_rig import alert as alert_content, free_port  # noqa: E402
from factor_test import Person, code_of, now_step  # noqa: E402
from soft_passkey import SoftPasskey  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

TEXTS = [{"language": "en", "text": "Leave by the north gate"}]
NEW = {"tier": "emergency", "texts": TEXTS, "targets": {"zones": ["north"]}, "duration_s": 600}
LAMP = "lamp-1"


class Operator(Person):
    """With an authenticator app, and a key that the CA has certified."""

    def __init__(self, rig, name, zones=None):
        super().__init__(rig, name)
        self.headers = rig.invite(name, "operator", zones)
        self.codes = self.set_up(self.headers)
        rig.tocsin("ca", "issue", "operator", name, "--dir", rig.path("ca"), "--out", rig.folder)

    def set_up(self, headers):
        return super().set_up(headers).json["recovery_codes"]

    def ask(self, method, path, body=None):
        return self.rig.ask(method, path, body, self.headers, as_nobody=True)

    def sign(self, content, name=None):
        key = ["--key", self.rig.path(f"{name or self.name}.key"), "--chain", self.rig.path(f"{name or self.name}.crt")]
        return json.loads(self.rig.tocsin("operator", "approve", *key, data=json.dumps(content).encode()))["approvals"][-1]

    def approve(self, draft, code=None, approval=None):
        body = {"approval": approval or self.sign(draft["content"]), "code": code or self.codes.pop()}
        return self.ask("POST", f"/api/drafts/{draft['id']}/approve", body)


class Edge:
    def __init__(self, rig):
        self.rig = rig
        rig.tocsin("ca", "issue", "edge", LAMP, "--dir", rig.path("ca"), "--out", rig.folder, "--host", "127.0.0.1")
        port = free_port()
        config = {
            "site.name": "test", "site.ca": rig.path("ca/ca.crt"), "identity.certificate": rig.path(LAMP + ".crt"),
            "identity.key": rig.path(LAMP + ".key"), "broker.port": rig.broker_port, "zone.name": "north",
            "state.folder": rig.path("lamp"), "media.folder": rig.path("lamp-media"), "watch.socket": rig.path("lamp.sock"),
            "http.address": "127.0.0.1", "http.port": port, "http.public_url": f"https://127.0.0.1:{port}", "metrics.port": 0, "alert.emergency_approvals": 2,
        }  # fmt: skip
        os.makedirs(rig.path("lamp-media"))
        words = [os.path.join(rig.build, "tocsin-edge")]
        for key, value in config.items():
            words += ["--set", f"{key}={value}"]
        with open(rig.path("lamp.log"), "wb") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, "TOCSIN_DATABASE_KEY": os.urandom(32).hex()})

    def close(self):
        self.process.kill()
        self.process.wait()


def delivery(rig, alert_id):
    found = [d for d in rig.ask("GET", f"/api/alerts/{alert_id}").json["deliveries"] if d["device"] == LAMP]
    return found[0] if found else {"state": "none", "reason": None}


def becomes(tap, rig, alert_id, state, what):
    tap.attempt(what, lambda: wait_for(lambda: delivery(rig, alert_id)["state"] == state, 20, f"{state}: {delivery(rig, alert_id)}"))


def check_door(tap, rig, anna):
    straight = anna.ask("POST", "/api/alerts", NEW)
    tap.check(straight.status == 403 and "draft" in straight.json["detail"], "an emergency is not sent straight", str(straight.body))
    tap.check(anna.ask("POST", "/api/drafts", {**NEW, "tier": "warning"}).status == 403, "a warning needs no draft")
    tap.check(anna.ask("POST", "/api/drafts", {**NEW, "texts": []}).status == 400, "a draft without words is refused")
    tap.check(anna.ask("POST", "/api/drafts", {"action": "cancel"}).status == 400, "a cancel names its alert")
    tap.check(anna.ask("GET", "/api/drafts/nothing").status == 404, "a draft that is none is 404")


def check_factor(tap, anna, draft):
    wrong = anna.approve(draft, "000000")
    tap.check(wrong.status == 403 and "code" in wrong.json["detail"], "a wrong code approves nothing, whatever the session", str(wrong.body))
    signed = anna.sign(draft["content"])
    none = anna.ask("POST", f"/api/drafts/{draft['id']}/approve", {"approval": signed})
    tap.check(none.status == 400, "nor does none")
    used = code_of(anna.secret, anna.step)
    tap.check(anna.approve(draft, used).status == 403, "nor one that was used before")


def check_keys(tap, rig, anna, ben, draft):
    foreign = anna.approve(draft, approval=anna.sign(draft["content"], "ben"))
    tap.check(foreign.status == 403 and "operator ben, you are anna" in foreign.json["detail"], "another's key is refused", str(foreign.body))
    for name in ("main", "edge-1"):
        role = anna.approve(draft, approval=anna.sign(draft["content"], name))
        tap.check(role.status == 403 and "not an operator" in role.json["detail"], f"the key of {name} is no operator's", str(role.body))
    other = {**draft["content"], "texts": [{"language": "en", "text": "Leave by the south gate"}]}
    moved = anna.approve(draft, approval=anna.sign(other))
    tap.check(moved.status == 403 and "something else" in moved.json["detail"], "a signature of other words is refused", str(moved.body))


def check_life(tap, rig, anna, ben):
    live = rig.live()
    live.wait(lambda m: m["kind"] == "hello", 10, "hello")
    made = anna.ask("POST", "/api/drafts", NEW)
    draft = made.json
    tap.check(made.status == 201 and draft["state"] == "waiting" and draft["needed"] == 2 and draft["site"] == "test", "a draft waits for two", str(made.body))
    live.wait(lambda m: m["kind"] == "draft" and m["data"]["id"] == draft["id"], 10, "the draft on the live link")
    check_factor(tap, anna, draft)
    check_keys(tap, rig, anna, ben, draft)
    tap.check(anna.approve(draft).json["approvals"][0]["person"] == "anna", "the first approval is kept")
    tap.check(anna.approve(draft).status == 409, "the same person counts once")
    waiting = ben.ask("GET", "/api/drafts").json["drafts"]
    tap.check([d["id"] for d in waiting] == [draft["id"]] and waiting[0]["content"] == draft["content"], "the other operator sees what waits")
    tap.check(rig.ask("GET", f"/api/alerts/{draft['alert_id']}").status == 404, "one approval sends nothing")
    ben.step = now_step()  # of set_up: a code of the app itself must be fresh, so one of the next step
    last = ben.approve(draft, ben.next_code())
    tap.check(last.status == 200 and last.json["state"] == "sent", "the second sends it", str(last.body))
    becomes(tap, rig, draft["alert_id"], "lit", "the sign is lit")
    return draft["alert_id"]


def check_end(tap, rig, anna, ben, alert_id):
    tap.check(anna.ask("POST", f"/api/alerts/{alert_id}/cancel", {}).status == 403, "nobody cancels it straight")
    tap.check(anna.ask("PUT", f"/api/alerts/{alert_id}", {"texts": TEXTS}).status == 403, "nor changes it")
    update = anna.ask("POST", "/api/drafts", {"alert_id": alert_id, "texts": [{"language": "en", "text": "Stay inside"}]}).json
    cancel = anna.ask("POST", "/api/drafts", {"alert_id": alert_id, "action": "cancel"}).json
    tap.check(cancel["action"] == "cancel" and cancel["revision"] == 2, "a cancel is a draft too")
    anna.approve(cancel)
    tap.check(delivery(rig, alert_id)["state"] == "lit", "one of two cancels nothing")
    tap.check(ben.approve(cancel).json["state"] == "sent", "two cancel it")
    becomes(tap, rig, alert_id, "cleared", "the sign is dark")
    anna.approve(update)
    tap.check(ben.approve(update).status == 409, "an update of what is over by now is void")
    gone = ben.ask("POST", f"/api/drafts/{update['id']}/withdraw", {})
    tap.check(gone.status == 200 and gone.json["state"] == "withdrawn", "a draft can be withdrawn", str(gone.body))


class Touching(Operator):
    """With a passkey and no app."""

    def set_up(self, headers):
        self.passkey = SoftPasskey(self.rig.path(f"{self.name}.pem"), f"http://127.0.0.1:{self.rig.port}", "127.0.0.1")
        question = self.rig.ask("POST", "/auth/passkeys/begin", {"password": PASSWORD}, headers, as_nobody=True).json
        self.rig.ask("POST", "/auth/passkeys", {"name": "soft", **self.passkey.make(question)}, headers, as_nobody=True)
        return []

    def challenge(self, draft):
        return self.ask("POST", f"/api/drafts/{draft['id']}/challenge", {}).json

    def touch(self, draft, question):
        body = {"approval": self.sign(draft["content"]), "passkey": self.passkey.answer(question)}
        return self.ask("POST", f"/api/drafts/{draft['id']}/approve", body)


def check_passkey(tap, rig, anna):
    """The fresh factor of an approval may be a passkey: touched for exactly this, once."""
    ida = Touching(rig, "ida")
    one, two = anna.ask("POST", "/api/drafts", NEW).json, anna.ask("POST", "/api/drafts", NEW).json
    code = ida.approve(one, "123456")
    tap.check(code.status == 403 and "Set up" in code.json["detail"], "who has no app shows no code", str(code.body))
    question = ida.challenge(one)
    tap.check(len(question["credentials"]) == 1 and question["app"] is False, "control asks for the person's passkey", str(question))
    moved = ida.touch(two, question)
    tap.check(moved.status == 403 and "another question" in moved.json["detail"], "touched for one draft, it approves no other", str(moved.body))
    login = rig.ask("POST", "/auth/login", {"username": "ida", "password": PASSWORD}, as_nobody=True).json["passkey"]
    tap.check(ida.touch(one, login).status == 403, "an answer to a sign-in's challenge approves nothing")
    forged = ida.challenge(one)
    ida.passkey.origin = "http://elsewhere.example"
    tap.check(ida.touch(one, forged).status == 403, "nor one given to another page")
    ida.passkey.origin = f"http://127.0.0.1:{rig.port}"
    tap.check(anna.ask("GET", f"/api/drafts/{one['id']}").json["approvals"] == [], "nothing was kept of all that")
    good = ida.challenge(one)
    touched = ida.touch(one, good)
    tap.check(touched.status == 200 and touched.json["approvals"][0]["person"] == "ida", "a fresh touch for this draft approves it", str(touched.body))
    again = ida.touch(one, good)
    tap.check(again.status == 403 and "another question" in again.json["detail"], "the same challenge does not do so twice", str(again.body))
    sent = anna.approve(one)
    tap.check(sent.json["state"] == "sent", "and with another's code it is sent", str(sent.body))
    becomes(tap, rig, one["alert_id"], "lit", "the sign is lit by a passkey and a code")
    actions = rig.ask("GET", "/api/audit?limit=50").json["entries"]
    ways = {entry["authorisation"] for entry in actions if entry["action"] == "draft_approved"}
    tap.check({"session+passkey", "session+recovery"} <= ways, "the record says which factor each showed", str(ways))
    anna.ask("POST", f"/api/drafts/{two['id']}/withdraw", {})


def check_zones(tap, rig, anna):
    south = Operator(rig, "sara", ["south"])
    draft = anna.ask("POST", "/api/drafts", NEW).json
    tap.check(south.ask("POST", "/api/drafts", NEW).status == 403, "an operator of another zone drafts nothing here")
    tap.check(south.ask("GET", f"/api/drafts/{draft['id']}").status == 404, "and sees nothing of it")
    tap.check(south.ask("GET", "/api/drafts").json["drafts"] == [], "nor in the list")
    tap.check(south.approve(draft).status == 404, "and approves nothing")
    anna.ask("POST", f"/api/drafts/{draft['id']}/withdraw", {})


def check_forgery(tap, rig):
    """Control's own key, in the hands of whoever broke in."""
    forged = alert_content(tier="emergency", text="Forged")
    key = ["--key", rig.path("main.key"), "--chain", rig.path("main.crt")]
    payload = rig.tocsin("sign", *key, "--tier", "emergency", data=json.dumps(forged).encode()).strip()
    tls = ["--cafile", rig.path("ca/ca.crt"), "--cert", rig.path("main.crt"), "--key", rig.path("main.key")]
    topic = f"tocsin/alerts/zone/north/{forged['alert_id']}"
    listen = ["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(rig.broker_port), *tls, "-t", f"tocsin/devices/{LAMP}/ack"]
    send = ["mosquitto_pub", "-V", "5", "-q", "1", "-h", "127.0.0.1", "-p", str(rig.broker_port), *tls, "-t", topic, "-s", "-r"]
    told = []
    with subprocess.Popen(listen, stdout=subprocess.PIPE) as listener:
        threading.Thread(target=lambda: told.extend(json.loads(line)["content"] for line in listener.stdout), daemon=True).start()

        def answered():
            subprocess.run(send, input=payload, check=True, timeout=20)
            return [c for c in told if c["alert_id"] == forged["alert_id"]]

        receipt = wait_for(answered, 20, "a receipt of the forged alert", 0.2)[0]
        listener.kill()
    words = f"{receipt['state']} {receipt['reason']}"
    tap.check(words == "refused unapproved_0_of_2", "control's key alone lights nothing, and the sign says why", words)


def check_exercise(tap, rig, anna):
    """Signed with the key for exercises: the sign in the street knows it as one, and refuses it in that word."""
    drill = rig.ask("POST", "/api/alerts", {**NEW, "tier": "advisory", "status": "exercise"}).json
    becomes(tap, rig, drill["id"], "refused", "a sign that is not set up for exercises refuses one")
    tap.check(delivery(rig, drill["id"])["reason"] == "exercise", "and says why", str(delivery(rig, drill["id"])))
    rig.stop()
    rig.start(**{"alert.emergency_approvals": 2, "exercise.certificate": "", "exercise.key": ""})
    none = rig.ask("POST", "/api/alerts", {**NEW, "tier": "advisory", "status": "test"})
    tap.check(none.status == 403 and "no key for exercises" in none.json["detail"], "without that key control sends none", str(none.body))
    none = anna.ask("POST", "/api/drafts", {**NEW, "status": "exercise"})
    tap.check(none.status == 403, "nor lets people approve one", str(none.body))
    real = rig.ask("POST", "/api/alerts", {**NEW, "tier": "advisory"})
    tap.check(real.status == 202, "what is real goes out as ever", str(real.status))


def check_audit(tap, rig):
    rig.stop()
    log = rig.log()
    for event in ("audit.draft_made", "audit.draft_approved", "audit.draft_withdrawn", "audit.draft_refused"):
        tap.check(event in log, f"{event} is written down")


def main():
    tap = Tap()
    with Rig() as rig:
        rig.stop()
        rig.start(**{"alert.emergency_approvals": 2})
        rig.begin()
        edge = Edge(rig)
        try:
            wait_for(lambda: any(d["name"] == LAMP for d in rig.ask("GET", "/api/devices").json["devices"]), 20, "the edge at control")
            anna, ben = Operator(rig, "anna"), Operator(rig, "ben")
            check_door(tap, rig, anna)
            alert_id = check_life(tap, rig, anna, ben)
            check_end(tap, rig, anna, ben, alert_id)
            check_passkey(tap, rig, anna)
            check_zones(tap, rig, anna)
            check_forgery(tap, rig)
            check_exercise(tap, rig, anna)
            check_audit(tap, rig)
        finally:
            edge.close()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
