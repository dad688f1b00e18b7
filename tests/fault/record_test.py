#!/usr/bin/env python3
"""No deed without its entry: where the audit log cannot be written, nothing is done to people, sessions, factors and
invitations either; and what kill -9 leaves behind are deeds and entries that belong together."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario", "control"))
from control_rig import PASSWORD, Rig  # noqa: E402
from factor_test import Person, bearer, code_of, now_step  # noqa: E402
from site_runner import Tap  # noqa: E402

NEW = "another battery staple horse"
STATE = (
    "SELECT name || '|' || role || '|' || zones || '|' || disabled || '|' || generation || '|' || password_hash || '|' ||"
    " coalesce(hex(totp_secret), '') || '|' || totp_step FROM users ORDER BY name",
    "SELECT session_id || '|' || coalesce(refresh_number, '') || '|' || method FROM sessions ORDER BY session_id",
    "SELECT invitation_id || '|' || name FROM invitations ORDER BY invitation_id",
    "SELECT user_id || '|' || hex(code_hash) FROM recovery_codes ORDER BY 1",
    "SELECT number || '|' || action FROM audit ORDER BY number",
)
KILLS = 12


class Recorded(Rig):
    def sql(self, text, query=True):
        words = [os.path.join(self.build, "tests", "sql"), self.path("state", "control.db"), text] + (["query"] if query else [])
        env = {**os.environ, "TOCSIN_DATABASE_KEY": self.secrets["TOCSIN_DATABASE_KEY"]}
        return subprocess.run(words, env=env, check=True, capture_output=True, text=True, timeout=30).stdout.split("\n")[:-1]

    def state(self):
        return [self.sql(text) for text in STATE]

    def entries_refused(self, refused):
        """From now on the database takes no entry, or takes them again."""
        if refused:
            self.sql("CREATE TRIGGER no_entry BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no entry'); END", False)
        else:
            self.sql("DROP TRIGGER no_entry", False)


def check_deed(tap, rig, action, do):
    """`do` answers with a status. With entries refused nothing may happen; else it happens, with its entry."""
    before = rig.state()
    rig.entries_refused(True)
    refused = do()
    after = rig.state()
    rig.entries_refused(False)
    tap.check(refused.status >= 400, f"{action}: refused while its entry cannot be written", str(refused.status))
    tap.check(after == before, f"{action}: and then nothing has changed", str([b for a, b in zip(before, after) if a != b])[:300])
    done = do()
    tap.check(done.status < 300, f"{action}: done when it can", f"{done.status} {done.body[:200]}")
    new = [line.split("|")[1] for line in rig.state()[-1][len(before[-1]):]]
    tap.check(new == [action], f"{action}: with one entry", str(new))
    return done


def check_people(tap, rig):
    def invite(name):
        return rig.ask("POST", "/api/invitations", {"username": name, "role": "operator"})

    link = check_deed(tap, rig, "user_invited", lambda: invite("asha")).json
    check_deed(tap, rig, "user_added", lambda: rig.ask("POST", "/auth/register", {"invitation": link["token"], "password": PASSWORD}, as_nobody=True))
    other = invite("nobody").json
    check_deed(tap, rig, "invitation_withdrawn", lambda: rig.ask("DELETE", f"/api/invitations/{other['id']}"))
    by_hand = {"username": "hand", "password": PASSWORD, "role": "viewer"}
    check_deed(tap, rig, "user_added", lambda: rig.ask("POST", "/auth/register", by_hand))
    check_deed(tap, rig, "user_changed", lambda: rig.ask("PUT", "/api/users/hand", {"role": "auditor"}))
    asha = check_deed(tap, rig, "signed_in", lambda: rig.sign_in(PASSWORD, "asha"))
    check_deed(tap, rig, "signed_out", lambda: rig.ask("POST", "/auth/logout", headers=bearer(asha), as_nobody=True))
    asha = bearer(rig.sign_in(PASSWORD, "asha"))
    body = {"current": PASSWORD, "new": NEW}
    check_deed(tap, rig, "password_changed", lambda: rig.ask("POST", "/auth/password", body, asha, as_nobody=True))
    rig.ask("POST", "/auth/password", {"current": NEW, "new": PASSWORD}, asha, as_nobody=True)
    return asha


def check_sessions(tap, rig, asha):
    rig.sign_in(PASSWORD, "asha")
    sessions = rig.ask("GET", "/auth/sessions", headers=asha, as_nobody=True).json["sessions"]
    other = next(s["id"] for s in sessions if not s["current"])
    check_deed(tap, rig, "session_ended", lambda: rig.ask("DELETE", f"/auth/sessions/{other}", headers=asha, as_nobody=True))
    check_deed(tap, rig, "sessions_ended", lambda: rig.ask("DELETE", "/api/users/asha/sessions"))
    program = {"username": "asha", "password": PASSWORD, "program": True}
    first = rig.ask("POST", "/auth/login", program, as_nobody=True).json["refresh_token"]
    for _ in range(2):  # two later, the first one is a copy that somebody stole
        second = rig.ask("POST", "/auth/refresh", {"refresh_token": first}, as_nobody=True).json["refresh_token"]
        first, stolen = second, first
    before = rig.sql(STATE[1])
    rig.entries_refused(True)
    rig.sql("UPDATE sessions SET refreshed_us = refreshed_us - 60000000 WHERE refresh_number IS NOT NULL", False)
    rig.ask("POST", "/auth/refresh", {"refresh_token": stolen}, as_nobody=True)
    tap.check(rig.sql(STATE[1]) == before, "refresh_refused: the session stands while its end cannot be entered")
    rig.entries_refused(False)
    rig.ask("POST", "/auth/refresh", {"refresh_token": stolen}, as_nobody=True)
    tap.check(rig.sql(STATE[1]) != before, "refresh_refused: and ends with its entry")
    tap.check(rig.sql(STATE[-1])[-1].endswith("|refresh_refused"), "refresh_refused: which is there")


def check_factors(tap, rig):
    asha = Person(rig, "asha")
    headers = bearer(rig.sign_in(PASSWORD, "asha"))
    app = rig.ask("POST", "/auth/app", {"password": PASSWORD}, headers, as_nobody=True).json
    asha.secret, asha.step = app["secret"], now_step()
    code = code_of(asha.secret, asha.step)
    check_deed(tap, rig, "second_factor_added", lambda: rig.ask("POST", "/auth/app/confirm", {"code": code}, headers, as_nobody=True))
    code = asha.next_code()
    check_deed(tap, rig, "signed_in", lambda: asha.sign_in(code))
    check_deed(tap, rig, "second_factor_removed", lambda: rig.ask("POST", "/auth/app/remove", {"password": PASSWORD}, headers, as_nobody=True))
    check_deed(tap, rig, "user_reset", lambda: rig.ask("POST", "/api/users/asha/reset"))


def storm(rig, ends, number):
    """Invites, registers and signs in until control is gone."""
    try:
        while not ends.is_set():
            name = f"guest-{number}-{time.monotonic_ns()}"
            link = rig.ask("POST", "/api/invitations", {"username": name, "role": "viewer"}).json["token"]
            rig.ask("POST", "/auth/register", {"invitation": link, "password": PASSWORD}, as_nobody=True)
            rig.sign_in(PASSWORD, name)
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return  # killed in the middle of it


def check_kills(tap, rig):
    for number in range(KILLS):
        ends = threading.Event()
        threads = [threading.Thread(target=storm, args=(rig, ends, f"{number}-{i}")) for i in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.3 + 0.05 * number)  # the moment of the kill is what varies
        rig.control.send_signal(signal.SIGKILL)
        rig.control.wait()
        ends.set()
        for thread in threads:
            thread.join(20)
        rig.start()
    entered = {action: rig.sql(f"SELECT resource FROM audit WHERE action = '{action}' AND resource LIKE 'guest-%' ORDER BY 1")
               for action in ("user_invited", "user_added", "signed_in")}  # fmt: skip
    users = rig.sql("SELECT name FROM users WHERE name LIKE 'guest-%' ORDER BY 1")
    open_links = rig.sql("SELECT name FROM invitations WHERE name LIKE 'guest-%' ORDER BY 1")
    sessions = rig.sql("SELECT u.name FROM sessions s JOIN users u ON u.user_id = s.user_id WHERE u.name LIKE 'guest-%' ORDER BY 1")
    tap.check(len(users) >= KILLS, "guests came between the kills", f"only {len(users)}")
    tap.check(entered["user_added"] == users, f"{len(users)} guests: each has its entry, and no entry is of another", str(len(entered["user_added"])))
    tap.check(entered["user_invited"] == sorted(users + open_links), "so has each invitation", f"{len(entered['user_invited'])} {len(open_links)}")
    tap.check(entered["signed_in"] == sessions, f"{len(sessions)} sessions: so has each sign-in", str(len(entered["signed_in"])))
    print(f"# {len(users)} guests, {len(open_links)} open links, {len(sessions)} sessions over {KILLS} kills")


def main():
    tap = Tap()
    with Recorded() as rig:
        rig.begin()
        asha = check_people(tap, rig)
        check_sessions(tap, rig, asha)
        check_factors(tap, rig)
        check_kills(tap, rig)
    return tap.done()


if __name__ == "__main__":
    if not shutil.which("mosquitto"):
        print("1..0 # SKIP no mosquitto here")
        sys.exit(77)
    try:
        sys.exit(main())
    except (OSError, http.client.HTTPException) as error:
        print(f"Bail out! {error}")
        sys.exit(1)
