#!/usr/bin/env python3
"""tocsin-control on a real PostgreSQL: its scenarios a second time, then what only a server does: backends that are ended,
a restart while it serves, roles that may not serve, two servers that start at once, zones that the database keeps apart."""

import json
import os
import subprocess
import sys
import threading

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from control_rig import DEVICE, ZONE, Rig, free_port  # noqa: E402
from postgres_rig import Postgres, ask, programs  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

AGAIN = ("control/api_test.py", "control/seal_test.py", "control/people_test.py", "control/roles_test.py", "control/token_test.py", "audit/audit_test.py")
ORDER = {"tier": "advisory", "texts": [{"language": "en", "text": "Path closed"}], "targets": {"zones": [ZONE], "devices": [], "broadcast": False}, "duration_s": 600}


def scenarios(tap, server):
    env = {**os.environ, "TOCSIN_TEST_DATABASE": server.address()}
    for name in AGAIN:
        done = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "scenario", name)], capture_output=True, text=True, timeout=300, env=env, cwd=ROOT)
        bad = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
        tap.check(done.returncode == 0, f"{name} on PostgreSQL", f"status {done.returncode}: {' | '.join(bad)[:1500]} {done.stderr[-300:]}")


def reads(rig):
    return rig.ask("GET", "/api/resources").status


def end_backends(rig, server):
    name = rig.database["database.address"].split("dbname=")[1].split()[0]
    return int(server.sql(f"SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity WHERE datname = '{name}' AND usename = 'tocsin'"))


def ended_backends(tap, rig, server):
    """Every connection of control dies while it serves: nobody who only reads notices, orders go on."""
    answers, stop = [], threading.Event()

    def reader():
        while not stop.is_set():
            answers.append(reads(rig))

    threads = [threading.Thread(target=reader) for _ in range(3)]
    for thread in threads:
        thread.start()
    ended = 0
    for _ in range(5):
        ended += end_backends(rig, server)
        seen = len(answers)
        wait_for(lambda: len(answers) >= seen + 20, 20, "more answers")
    stop.set()
    for thread in threads:
        thread.join()
    tap.check(ended >= 20, "PostgreSQL ends every connection of control, five times over", str(ended))
    tap.check(len(answers) > 20 and set(answers) == {200}, f"{len(answers)} reads in the meantime, and none fails", str(answers))
    end_backends(rig, server)
    made = rig.ask("POST", "/api/alerts", ORDER)
    tap.check(made.status == 202, "an order right after it is taken", f"{made.status} {made.body[:200]}")


def restart(tap, rig, server):
    """The server is away for a while and comes back: refused in words, then everything is as before, and nothing is lost."""
    server.stop()
    gone = rig.ask("GET", "/api/alerts")
    tap.check(gone.status == 503, "without its database control says so", f"{gone.status} {gone.body[:200]}")
    tap.check(rig.ask("GET", "/health", as_nobody=True).status == 503, "and is not healthy")
    event = rig.publish_event()  # arrives while nobody can store it
    wait_for(lambda: "ingest.waiting" in rig.log(), 10, "ingest to find the door closed")
    server.start()
    wait_for(lambda: rig.ask("GET", "/health", as_nobody=True).status == 200, 20, "control to be healthy again")
    tap.check(reads(rig) == 200, "with its database back it goes on by itself")
    found = tap.attempt("an event of the meantime is stored", lambda: wait_for(lambda: rig.ask("GET", f"/api/events/{event}").status == 200, 20, "the event"))
    tap.check(bool(found), "nothing was lost")
    tap.check(rig.ask("POST", "/api/alerts", ORDER).status == 202, "and orders are taken")


def refused(tap, rig, server, what, words, **options):
    free = {"http.port": free_port(), "state.folder": rig.path("refused")}
    done = subprocess.run(rig.config(**{**free, **options}), capture_output=True, text=True, timeout=20, env={**os.environ, **rig.secrets})
    tap.check(done.returncode == 1 and words in done.stderr and "hunter2" not in done.stderr, f"refused to start: {what}", done.stderr[-400:])


def roles(tap, rig, server):
    address, owner = rig.database["database.address"], rig.database["database.owner"]
    refused(tap, rig, server, "as a superuser", "superuser", **{"database.address": address.replace("user=tocsin", "user=postgres")})
    refused(tap, rig, server, "as the tables' owner", "owns the tables", **{"database.address": owner})
    refused(tap, rig, server, "with a password in its address", "PGPASSWORD", **{"database.address": address + " password=hunter2"})
    refused(tap, rig, server, "at a server that is not there", "nowhere", **{"database.address": "host=/nowhere user=tocsin dbname=x", "database.owner": ""})
    ask(owner, "CREATE VIEW everything AS SELECT * FROM events")
    refused(tap, rig, server, "beside a view with its owner's rights", "everything")
    ask(owner, "ALTER VIEW everything SET (security_invoker = true); CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.events'")
    refused(tap, rig, server, "beside a function with its owner's rights", "peek")
    ask(owner, "DROP VIEW everything; DROP FUNCTION peek(); CREATE TABLE places (zone text)")
    refused(tap, rig, server, "beside a table with zones and no policies", "places")
    ask(owner, "DROP TABLE places; ALTER TABLE events NO FORCE ROW LEVEL SECURITY")
    refused(tap, rig, server, "with policies that do not bind the owner", "events")
    ask(owner, "ALTER TABLE events FORCE ROW LEVEL SECURITY")
    try:
        ask(address, "CREATE TABLE own (n bigint)")
        tap.check(False, "the serving role makes no tables")
    except RuntimeError as error:
        tap.check("permission denied" in str(error), "the serving role makes no tables", str(error))


def keeps_apart(tap, rig):
    """Whatever control's queries ask: the role itself sees no zone but those that are set."""
    address = rig.database["database.address"]
    seen = lambda zones: ask(address, f"BEGIN; SELECT set_config('tocsin.zones', '{zones}', true) IS NULL; SELECT count(*) FROM events; COMMIT").splitlines()[-1]  # noqa: E731
    everything = int(seen("*"))
    tap.check(everything > 0 and int(seen(ZONE)) > 0, "events are seen in their zone", f"{everything} {seen(ZONE)}")
    tap.check(ask(address, "SELECT count(*) FROM events") == "0" and seen("") == "0" and seen("elsewhere") == "0", "and nowhere else")
    north = rig.invite("nora", "operator", [ZONE])
    south = rig.invite("sam", "operator", ["elsewhere"])
    count = lambda who: {row["name"]: row["count"] for row in rig.ask("GET", "/api/resources", headers=who, as_nobody=True).json["resources"]}  # noqa: E731
    tap.check(count(north)["events"] == int(seen(ZONE)) and count(south)["events"] == 0, "GET /api/resources counts what the person may see", f"{count(north)} {count(south)}")
    mine = rig.ask("POST", "/api/alerts", ORDER, headers=north, as_nobody=True)
    tap.check(mine.status == 202, "an operator of the zone makes an alert under the policies", f"{mine.status} {mine.body[:300]}")
    alert = json.loads(mine.body)["id"]
    tap.check(rig.ask("GET", f"/api/alerts/{alert}", headers=south, as_nobody=True).status == 404, "which another zone does not see")
    tap.check(rig.ask("POST", f"/api/alerts/{alert}/cancel", headers=south, as_nobody=True).status == 404, "nor cancel")
    tap.check(rig.ask("POST", f"/api/alerts/{alert}/cancel", headers=north, as_nobody=True).status == 202, "and its own operator does")


def at_once(tap, rig, server):
    """Two servers that find an empty database at the same moment."""
    name = "site_race"
    server.sql(f"CREATE DATABASE {name} OWNER tocsin_owner")
    options = {key: value.replace(value.split("dbname=")[1].split()[0], name) for key, value in rig.database.items()}
    started = []
    for number in range(2):
        log = open(rig.path(f"race{number}.log"), "wb")  # noqa: SIM115: the process has it
        words = rig.config(**{**options, "http.port": free_port(), "state.folder": rig.path(f"race{number}")})
        started.append(subprocess.Popen(words, stderr=log, env={**os.environ, **rig.secrets}))

    def text(number):
        with open(rig.path(f"race{number}.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    good = tap.attempt("two servers start at once on an empty database", lambda: wait_for(lambda: all("control.started" in text(number) for number in range(2)), 20, "both:\n" + text(0) + text(1)))
    for process in started:
        process.terminate()
        process.wait(20)
    once = server.sql("SELECT count(*) = count(DISTINCT number) AND count(*) > 10 FROM migrations", name)
    tap.check(bool(good) and once == "t", "and each migration ran once", once)


def main():
    if not programs():
        print("1..0 # SKIP no PostgreSQL here (Debian: postgresql-15)")
        return 77
    tap = Tap()
    with Postgres() as server:
        os.environ["TOCSIN_TEST_DATABASE"] = server.address()
        with Rig() as rig:
            rig.begin()
            rig.publish_status()
            wait_for(lambda: rig.ask("GET", f"/api/devices/{DEVICE}").status == 200, 10, "the device")
            event = rig.publish_event()
            wait_for(lambda: rig.ask("GET", f"/api/events/{event}").status == 200, 10, "the event")
            for part in (lambda: ended_backends(tap, rig, server), lambda: restart(tap, rig, server), lambda: keeps_apart(tap, rig), lambda: at_once(tap, rig, server)):
                part()
            seconds, status = rig.stop()
            tap.check(status == 0 and seconds < 5, "it ends when it is told to", f"{seconds:.1f} s, {status}\n{rig.log()[-500:]}")
            roles(tap, rig, server)
        scenarios(tap, server)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
