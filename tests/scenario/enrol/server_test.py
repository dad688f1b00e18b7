#!/usr/bin/env python3
"""Control and the brokers renew their own certificates, which here live for seconds: control by itself, Mosquitto with a timer's
command that makes it read them again. Meanwhile nobody is dropped, no request fails, and signs are lit; an exercise too."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from edge_rig import free_port  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402
from street_rig import SITE, Street  # noqa: E402

LIFE_S = 30
ONE_TIME, PASSWORD = "given once only", "correct horse battery staple"


class Server(Street):
    """tocsin-control beside the rest of the street."""

    def control(self):
        self.port_of_control, self.token = free_port(), None
        os.makedirs(self.path("web"), exist_ok=True)
        token = self.invite("main", "--role", "control", "--host", "127.0.0.1")
        drill = self.invite("drill", "--role", "exercise")
        where = ["--url", self.url, "--site", SITE, "--role", "exercise", "--out", self.path(), "--ca", self.path("control-ca.crt")]
        self.tocsin("device", "enrol", "drill", *where, "--fingerprint", self.fingerprint(), env={"TOCSIN_ENROL_TOKEN": drill})
        keys = {
            "site.name": SITE, "site.ca": self.path("control-ca.crt"), "identity.certificate": self.path("main.crt"), "identity.key": self.path("main.key"),
            "exercise.certificate": self.path("drill.crt"), "exercise.key": self.path("drill.key"), "broker.port": self.ports["central"],
            "state.folder": self.path("control-state"), "http.port": self.port_of_control, "web.folder": self.path("web"),
            "enrol.url": self.url, "enrol.fingerprint": self.fingerprint(), "enrol.look_s": 1,
        }  # fmt: skip
        words = [os.path.join(self.build, "tocsin-control")]
        for key, value in keys.items():
            words += ["--set", f"{key}={value}"]
        secrets = {"TOCSIN_DATABASE_KEY": os.urandom(32).hex(), "TOCSIN_ADMIN_PASSWORD": ONE_TIME, "TOCSIN_ENROL_TOKEN": token}
        self.spawn("control", words, secrets)
        wait_for(self.healthy, 30, "control to be healthy:\n" + self.log_of("control"))
        self.token = self.ask("POST", "/auth/login", {"username": "admin", "password": ONE_TIME})["access_token"]
        self.ask("POST", "/auth/password", {"current": ONE_TIME, "new": PASSWORD})
        self.sign_in()

    def sign_in(self):
        self.token = None
        self.token = self.ask("POST", "/auth/login", {"username": "admin", "password": PASSWORD})["access_token"]

    def healthy(self):
        if self.children["control"].poll() is not None:
            raise RuntimeError("control ended:\n" + self.log_of("control"))
        try:
            return self.ask("GET", "/health")
        except OSError:
            return False

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port_of_control, timeout=15)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 400:
                raise OSError(f"{method} {path}: {answer.status} {data[:200]}")
            return json.loads(data) if data else {}
        finally:
            connection.close()

    def serial(self, name):
        return subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", self.path(name + ".crt")], capture_output=True, text=True).stdout.strip()

    def shown_serial(self, broker):
        """Of the certificate that the broker shows now."""
        peer = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.ports[broker]}", "-tls1_3"], input=b"", capture_output=True).stdout
        return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=peer, capture_output=True).stdout.decode().strip()

    def timer(self, broker, *more):
        """What the systemd timer of a broker runs."""
        where = ["--url", self.url, "--site", SITE, "--role", "broker", "--out", self.path(), "--ca", self.path(f"ca-{broker}.crt")]
        return self.run("device", "enrol", broker, *where, *more)

    def send(self, status=None):
        body = {"tier": "advisory", "texts": [{"language": "en", "text": "Path closed"}], "targets": {"zones": ["north"]}, "duration_s": 600}
        return self.ask("POST", "/api/alerts", {**body, **({"status": status} if status else {})})["id"]

    def delivery(self, alert_id):
        found = [d for d in self.ask("GET", f"/api/alerts/{alert_id}")["deliveries"] if d["device"] == "sign-1"]
        return (found[0]["state"], found[0]["reason"]) if found else ("none", None)


class Caller(threading.Thread):
    """Asks control without a pause, and counts what failed."""

    def __init__(self, street):
        super().__init__(daemon=True)
        self.street, self.asked, self.failed, self.ends = street, 0, [], False

    def run(self):
        while not self.ends:
            try:
                self.street.ask("GET", "/api/resources")
                self.asked += 1
            except OSError as error:
                self.failed.append(str(error))
            time.sleep(0.005)


def pid_file(street, name):
    with open(street.path(name + ".pid"), "w", encoding="ascii") as file:
        file.write(f"{street.children[name].pid}\n")
    return street.path(name + ".pid")


def rounds(tap, street):
    """Until every certificate has been renewed twice; the timers go every second."""
    names = ["main", "drill", "central", "zone"]
    seen = {name: {street.serial(name)} for name in names}
    pids = {name: pid_file(street, name) for name in ("central", "zone")}
    shown = {"central": set(), "zone": set()}
    end = time.monotonic() + 4 * LIFE_S

    def turned():
        for name in ("central", "zone"):
            street.timer(name, "--reload", pids[name])
            shown[name].add(street.shown_serial(name))
        for name in names:
            seen[name].add(street.serial(name))
        return all(len(seen[name]) >= 3 for name in names)

    tap.attempt(f"in {4 * LIFE_S} s each certificate is renewed twice, at two thirds of {LIFE_S} s", lambda: wait_for(turned, end - time.monotonic(), "the renewals", 1))
    tap.check(all(shown[name] <= seen[name] and len(shown[name]) >= 2 for name in shown), "the brokers show what was made, without a new start", str(shown))


def check_lit(tap, street, what):
    alert_id = street.send()
    tap.attempt(what, lambda: wait_for(lambda: street.delivery(alert_id)[0] == "lit", 20, "the sign to be lit", 0.2))
    drill = street.send("exercise")
    tap.attempt("an exercise is refused in its word: the key for it is good too", lambda: wait_for(lambda: street.delivery(drill) == ("refused", "exercise"), 20, "the refusal", 0.2))


def main():
    tap = Tap()
    with Server() as street:
        street.life_s = LIFE_S
        street.begin()
        street.member("edge", "sign-1", token=street.invite("sign-1"), look_s=1)
        street.control()
        tap.check(os.path.exists(street.path("main.crt")) and "control" in street.log_of("control"), "control enrols itself with a token")
        check_lit(tap, street, "with its first certificate it lights the sign")
        started = {name: street.children[name].pid for name in ("control", "central", "zone", "sign-1")}
        caller = Caller(street)
        caller.start()
        rounds(tap, street)
        caller.ends = True
        caller.join(20)
        street.sign_in()
        check_lit(tap, street, "with its third one too, long after the first has run out")
        tap.check(caller.asked > 1000 and not caller.failed, f"{caller.asked} requests meanwhile, none failed", str(caller.failed[:3]))
        tap.check(all(street.children[name].poll() is None and street.children[name].pid == pid for name, pid in started.items()), "and nothing was started again")
        lost = street.log_of("sign-1").count("bus.lost")
        tap.check(street.log_of("control").count("identity.renewed") >= 4, "control tells each renewal of both keys", street.log_of("control")[-600:])
        print(f"# the edge's connection was made anew {lost} times")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
