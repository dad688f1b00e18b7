#!/usr/bin/env python3
"""A stolen file shows nothing; the keys of its sealed columns change under load, through kill -9; the file's own key changes
while control stands still, and no session ends with it."""

import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD, Rig  # noqa: E402
from factor_test import Person  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

AGENT = "marker-of-the-program-c41f"
INVITED = "marker-of-a-guest-77a0"


class Stream:
    """Requests without a pause, reading and writing what is sealed, until it is closed."""

    def __init__(self, rig):
        self.rig, self.stop, self.done, self.failed = rig, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.run, args=(each,)) for each in (self.read, self.write, self.write)]
        for thread in self.threads:
            thread.start()

    def read(self):
        return self.rig.ask("GET", "/api/audit?limit=20")

    def write(self):
        made = self.rig.ask("POST", "/api/invitations", {"username": None, "role": "viewer", "zones": None}, {"User-Agent": AGENT})
        return self.rig.ask("DELETE", "/api/invitations/" + made.json["id"], headers={"User-Agent": AGENT}) if made.status == 201 else made

    def run(self, each):
        while not self.stop.is_set():
            try:
                answer = each()
                if answer.status >= 400:
                    self.failed.append((answer.status, answer.body[:200]))
            except OSError as error:
                self.failed.append(error)
            self.done += 1
            self.stop.wait(0.005)

    def close(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def key_tool(rig, *words, more=None, wait=True):
    env = {**os.environ, "TOCSIN_DATABASE_KEY": rig.secrets["TOCSIN_DATABASE_KEY"], **(more or {})}
    if "TOCSIN_COLUMN_KEY" in rig.secrets:
        env["TOCSIN_COLUMN_KEY"] = rig.secrets["TOCSIN_COLUMN_KEY"]
    tool = subprocess.Popen([os.path.join(rig.build, "tocsin"), "key", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not wait:
        return tool
    out, err = tool.communicate(timeout=120)
    return tool.returncode, out, err


def control_of(rig):
    return ["--state", rig.path("state"), *rig.database_words()]


# -- a stolen file --


def files_with(rig, marker):
    """Every file of control's state, its logs and what lies in the folders for temporary files."""
    found = []
    paths = [rig.path("control.log")]
    for folder in [rig.path("state"), "/var/tmp", "/dev/shm"]:
        paths += [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]
    paths += [entry.path for entry in os.scandir(tempfile.gettempdir()) if entry.is_file(follow_symlinks=False)]
    for path in paths:
        try:
            with open(path, "rb") as file:
                if marker in file.read():
                    found.append(path)
        except OSError:
            pass  # a socket, or gone meanwhile
    return found


def check_stolen(tap, rig, asha, codes):
    markers = {
        "the app's secret": base64.b32decode(asha.secret), "the app's secret in letters": asha.secret.encode(), "a recovery code": codes[0].encode(),
        "a password": PASSWORD.encode(), "a program's name": AGENT.encode(), "a guest's name": INVITED.encode(), "SQL": b"CREATE TABLE",
        "the database's key": bytes.fromhex(rig.secrets["TOCSIN_DATABASE_KEY"]), "the same in hex": rig.secrets["TOCSIN_DATABASE_KEY"].encode(),
    }  # fmt: skip
    present = {name for name in os.listdir(rig.path("state")) if name.startswith("control.db")}
    tap.check({"control.db", "control.db-wal", "control.db-shm"} <= present, "the file and its log are looked through", str(present))
    for what, marker in markers.items():
        where = files_with(rig, marker)
        if what == "a guest's name":  # who was invited stands in the two logs, for everybody who may read them
            where = [path for path in where if "/audit/" not in path and not path.endswith("control.log")]
        if what == "SQL":
            where = [path for path in where if path.startswith(rig.folder)]
        tap.check(not where, f"no file shows {what}", str(where))
    modes = {name: os.stat(rig.path("state", name)).st_mode & 0o077 for name in present}
    tap.check(not any(modes.values()), "nobody else may read them", str(modes))


def check_process(tap, rig):
    """What the running program gives away: no core, no environment, no memory for others."""
    with open(f"/proc/{rig.control.pid}/limits", encoding="ascii") as file:
        core = re.search(r"Max core file size\s+(\S+)\s+(\S+)", file.read()).groups()
    tap.check(core == ("0", "0"), "it leaves no core", str(core))
    with open(f"/proc/{rig.control.pid}/environ", "rb") as file:
        environ = file.read()
    tap.check(rig.secrets["TOCSIN_DATABASE_KEY"].encode() not in environ, "the key is gone from /proc/PID/environ")


# -- the column keys --


def check_rotation(tap, rig, asha):
    stream = Stream(rig)
    wait_for(lambda: stream.done > 300, 60, "the stream")
    for after_s in (0.02, 0.3, 2.0):
        tool = key_tool(rig, "rotate", *control_of(rig), wait=False)
        time.sleep(after_s)
        tool.send_signal(signal.SIGKILL)
        tool.communicate()
    status, shown, _ = key_tool(rig, "show", *control_of(rig))
    tap.check(status == 0 and "column key 2" in shown and "column key 3" not in shown, "killed three times, it goes on with one new key", shown)
    status, out, err = key_tool(rig, "rotate", *control_of(rig))
    tap.check(status == 0 and "they are removed" in out, "the next one brings it to its end", out + err)
    before = stream.done
    wait_for(lambda: stream.done > before + 100, 60, "the stream afterwards")
    stream.close()
    tap.check(not stream.failed, f"of {stream.done} requests meanwhile none failed", str(stream.failed[:2]))
    status, shown, _ = key_tool(rig, "show", *control_of(rig))
    tap.check("column key 1," not in shown and re.search(r"not under column key 2: 0\n", shown), "every row is under the new key, and the old one is gone", shown)
    signed = asha.sign_in(asha.next_code())
    tap.check(signed.status == 200, "the app's codes go on", str(signed.status))
    entries = rig.ask("GET", "/api/audit?limit=50").json["entries"]
    tap.check(any(entry["agent"] == AGENT for entry in entries), "sealed details are read as before")
    tap.check(any(entry["action"] == "column_key_made" for entry in rig.ask("GET", "/api/audit?action=column_key_made").json["entries"]), "the change is on record")


# -- the file's key --


def check_rekey(tap, rig, asha):
    file = rig.path("state", "control.db")
    new = {"TOCSIN_DATABASE_KEY_NEW": os.urandom(32).hex(), "TOCSIN_COLUMN_KEY_NEW": os.urandom(32).hex()}
    status, _, err = key_tool(rig, "rekey", file, more=new)
    tap.check(status != 0 and "in use" in err, "not while control runs on it", err)
    headers = {"Authorization": "Bearer " + rig.token}
    rig.stop()
    status, out, err = key_tool(rig, "rekey", file, more=new)
    tap.check(status == 0, "while it stands still", out + err)
    print("# " + out.strip())
    old = dict(rig.secrets)
    try:
        rig.start()
        tap.check(False, "the old key opens nothing any more")
    except RuntimeError:
        tap.check(True, "the old key opens nothing any more")
    rig.secrets.update({"TOCSIN_DATABASE_KEY": new["TOCSIN_DATABASE_KEY_NEW"], "TOCSIN_COLUMN_KEY": new["TOCSIN_COLUMN_KEY_NEW"]})
    rig.start()
    tap.check(rig.ask("GET", "/api/audit?limit=1", headers=headers, as_nobody=True).status == 200, "a token of before is good: no session ends")
    tap.check(asha.sign_in(asha.next_code()).status == 200, "the app's codes go on")
    rig.stop()
    rig.secrets["TOCSIN_COLUMN_KEY"] = old["TOCSIN_DATABASE_KEY"]
    try:
        rig.start()
        tap.check(False, "with the database's key alone control does not start")
    except RuntimeError as error:
        tap.check("TOCSIN_COLUMN_KEY" in str(error), "with the database's key alone control does not start, and says which is missing")
    rig.secrets["TOCSIN_COLUMN_KEY"] = new["TOCSIN_COLUMN_KEY_NEW"]
    rig.start()


def main():
    tap = Tap()
    with Rig() as rig:
        rig.begin()
        asha = Person(rig, "asha")
        codes = asha.set_up(rig.invite("asha", "operator")).json["recovery_codes"]
        rig.ask("POST", "/api/invitations", {"username": INVITED, "role": "viewer", "zones": None}, {"User-Agent": AGENT})
        check_process(tap, rig)
        if rig.database:  # on PostgreSQL there is no file of ours, and so no key of it
            check_rotation(tap, rig, asha)
        else:
            check_stolen(tap, rig, asha, codes)
            check_rotation(tap, rig, asha)
            check_rekey(tap, rig, asha)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
