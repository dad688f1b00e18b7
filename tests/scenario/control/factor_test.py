#!/usr/bin/env python3
"""Second factors: an app that is set up in two steps, codes that count once, recovery codes, guessing slowed down for the
account, roles that must have one, and a reset that takes it away."""

import base64
import hashlib
import hmac
import http.client
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD, Rig  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402


def code_of(secret, step):
    """RFC 6238 with SHA-1, six digits; an implementation of our own, not the server's."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    number = struct.unpack(">I", digest[digest[-1] & 15 : (digest[-1] & 15) + 4])[0] & 0x7FFFFFFF
    return f"{number % 1000000:06d}"


def now_step():
    return int(time.time()) // 30


def bearer(answer):
    return {"Authorization": "Bearer " + answer.json["access_token"]}


class Person:
    def __init__(self, rig, name):
        self.rig, self.name, self.step = rig, name, 0

    def sign_in(self, code=None, password=PASSWORD):
        body = {"username": self.name, "password": password}
        return self.rig.ask("POST", "/auth/login", {**body, "code": code} if code else body, as_nobody=True)

    def set_up(self, headers):
        """Sets the app up with the code of this very moment; answers with the recovery codes."""
        app = self.rig.ask("POST", "/auth/app", {"password": PASSWORD}, headers, as_nobody=True).json
        self.secret, self.uri, self.step = app["secret"], app["uri"], now_step()
        return self.rig.ask("POST", "/auth/app/confirm", {"code": code_of(self.secret, self.step)}, headers, as_nobody=True)

    def next_code(self):
        """A code that was not used yet: up to one step ahead is taken, else time has to pass."""
        self.step = max(self.step + 1, now_step())
        wait_for(lambda: now_step() >= self.step - 1, 40, "the next step", 0.2)
        return code_of(self.secret, self.step)


def check_app(tap, rig):
    asha = Person(rig, "asha")
    headers = rig.invite("asha", "operator")
    wrong = rig.ask("POST", "/auth/app", {"password": "not the password"}, headers, as_nobody=True)
    tap.check(wrong.status == 403, "an open browser is not enough to change factors", str(wrong.status))
    done = asha.set_up(headers)
    codes = done.json["recovery_codes"]
    tap.check(done.status == 200 and len(set(codes)) == 10, "the first code makes it count, and ten recovery codes")
    tap.check(asha.uri == f"otpauth://totp/test:asha?secret={asha.secret}&issuer=test", "the URI is what apps read", asha.uri)
    first = asha.sign_in()
    tap.check(first.status == 401 and first.json["reason"] == "second_factor_required", "now the password is not enough", str(first.json))
    used = asha.sign_in(code_of(asha.secret, asha.step))
    tap.check(used.status == 401 and used.json["reason"] == "second_factor_wrong", "the code that set it up is spent")
    code = asha.next_code()
    signed_in = asha.sign_in(code)
    tap.check(signed_in.status == 200, "the next code signs in", str(signed_in.body[:200]))
    tap.check(asha.sign_in(code).status == 401, "and not for a second time")
    tap.check(asha.sign_in(codes[0]).status == 200 and asha.sign_in(codes[0]).status == 401, "a recovery code signs in, once")
    factors = rig.ask("GET", "/auth/factors", headers=bearer(signed_in), as_nobody=True).json
    tap.check(factors["app"] is True and factors["recovery_codes"] == 9, "both are counted", str(factors))
    methods = {s["method"] for s in rig.ask("GET", "/auth/sessions", headers=bearer(signed_in), as_nobody=True).json["sessions"]}
    tap.check(methods == {"password", "password+app", "password+recovery"}, "each session says how it was begun", str(methods))
    log = rig.log()
    tap.check("method=password+app" in log and "reason=wrong_code" in log, "both are audited")
    tap.check(asha.secret not in log and codes[0] not in log and codes[1] not in log and code not in log.split("audit.")[-1], "no secret and no code is in the log")
    return asha, codes, bearer(signed_in)


def check_guessing(tap, asha, codes):
    """Counted for the account: who has the password and a thousand addresses still gets five tries."""
    answers = [asha.sign_in(f"{i:06d}").status for i in range(6)]
    tap.check(401 in answers and answers[-1] == 429, "guessing codes is slowed down", str(answers))
    late = asha.sign_in(codes[1])
    tap.check(late.status == 429 and int(late.headers["Retry-After"]) > 0, "also for a right one meanwhile")


def check_remove(tap, rig, asha, headers):
    tap.check(rig.ask("POST", "/auth/app/remove", {"password": "no"}, headers, as_nobody=True).status in (403, 429), "it is not taken away without the password")
    link = rig.ask("POST", "/api/users/asha/reset").json["token"]
    rig.ask("POST", "/auth/register", {"invitation": link, "password": PASSWORD + "!"}, as_nobody=True)
    again = asha.sign_in(password=PASSWORD + "!")
    tap.check(again.status in (200, 429), "a reset takes the factor away with the password", str(again.status))


def check_required(tap, rig):
    rig.stop()
    rig.start(**{"auth.second_factor_roles": "operator"})
    rig.token = rig.sign_in().json["access_token"]
    ravi, headers = Person(rig, "ravi"), rig.invite("ravi", "operator")
    session = rig.ask("GET", "/auth/session", headers=headers, as_nobody=True).json
    tap.check(session["second_factor_required"] is True, "a role that needs a factor hears so")
    refused = rig.ask("GET", "/api/events", headers=headers, as_nobody=True)
    tap.check(refused.status == 403 and "second factor" in refused.json["detail"], "and does nothing before", str(refused.status))
    tap.check(rig.ask("GET", "/api/events").status == 200, "others are not asked")
    ravi.set_up(headers)
    tap.check(rig.ask("GET", "/api/events", headers=headers, as_nobody=True).status == 200, "once it is set up the doors open")
    removed = rig.ask("POST", "/auth/app/remove", {"password": PASSWORD}, headers, as_nobody=True)
    tap.check(removed.status == 204 and rig.ask("GET", "/api/events", headers=headers, as_nobody=True).status == 403, "and close without it")


def check_lost(tap, rig):
    """An administrator without the phone: whoever may start control with a new one-time password lets them in."""
    admin = Person(rig, "admin")
    headers = {"Authorization": f"Bearer {rig.sign_in().json['access_token']}"}
    admin.set_up(headers)
    tap.check(admin.sign_in().status == 401, "the administrator needs the app now")
    rig.stop()
    rig.secrets["TOCSIN_ADMIN_PASSWORD"] = "given for the second time"
    rig.start()
    tap.check(rig.ask("GET", "/auth/session", headers=headers, as_nobody=True).status == 401, "a new one-time password ends the sessions")
    answer = admin.sign_in(password="given for the second time")
    tap.check(answer.status == 200 and answer.json["password_change_required"], "and opens without the app", str(answer.status))


def main():
    tap = Tap()
    with Rig() as rig:
        try:
            rig.begin()
            asha, codes, headers = check_app(tap, rig)
            check_guessing(tap, asha, codes)
            check_remove(tap, rig, asha, headers)
            check_required(tap, rig)
            check_lost(tap, rig)
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in rig.log().splitlines()[-30:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
