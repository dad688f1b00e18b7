#!/usr/bin/env python3
"""tocsin-control under load, by a clock that does not wait for it (tests/load/pace.c): 1000 requests a second over TLS, beside
500 sign-ins at once, beside 10 000 slow connections.

Prints `name<TAB>value<TAB>unit` for tools/bench.sh. PACE_SECONDS is for how long (60; 600 for the figure of docs/benchmarks.md).
Latency counts from the moment at which a request was due. Needs nginx and slowhttptest for the slow connections.
"""

import collections
import concurrent.futures
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from load_rig import PASSWORD, LoadRig, Nginx, memory, note, say, time  # noqa: E402
from site_runner import wait_for  # noqa: E402

SECONDS = int(os.environ.get("PACE_SECONDS", "60"))
SIGN_INS = int(os.environ.get("SIGN_INS", "500"))
SLOW = int(os.environ.get("SLOW_CONNECTIONS", "10000"))
SPELL_S = 240  # an access token lives for five minutes
RATE = 200  # of those beside


def report(name, figures):
    for point in ("p50", "p95", "p99", "max"):
        say(f"{name}_{point}", figures["pace_" + point], "ms")
    say(f"{name}_errors", figures["pace_errors"], "")
    note(f"{name}: {figures}")


def load_tls(rig):
    """In spells that a token outlives; the figures of the whole are those of the worst spell."""
    rig.tocsin("ca", "issue", "control", "web", "--web", "--host", "127.0.0.1", "--dir", rig.path("ca"), "--out", rig.folder)
    rig.stop()
    rig.start(**{**rig.more, "http.certificate": rig.path("web.crt"), "http.key": rig.path("web.key")})
    worst, left = collections.Counter(), SECONDS
    while left > 0:
        rig.renew()
        spell = min(left, SPELL_S)
        figures = rig.pace("--rate", 1000, "--seconds", spell)
        note(f"{spell} s: {figures}")
        left -= spell
        for key, value in figures.items():
            summed = key in ("pace_requests", "pace_errors", "pace_late")
            worst[key] = worst[key] + value if summed else max(worst[key], value)
    report("control_tls_1000", worst)
    rig.stop()
    rig.start(**rig.more)


def sign_in(port):
    """Status and seconds."""
    begin = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=180)
    try:
        connection.request("POST", "/auth/login", json.dumps({"username": "crowd", "password": PASSWORD}), {"Content-Type": "application/json"})
        return connection.getresponse().status, time.monotonic() - begin
    finally:
        connection.close()


def load_sign_ins(rig):
    """Everybody comes at once; beside them programs go on asking. The crowd is another account: of one the oldest sessions go."""
    rig.renew()
    rig.invite("crowd", "viewer")
    report("control_alone", rig.pace("--rate", RATE, "--seconds", 8))
    peak, over = [memory(rig.control.pid)], threading.Event()

    def watch():
        while not over.wait(0.05):
            peak.append(memory(rig.control.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with concurrent.futures.ThreadPoolExecutor(SIGN_INS) as pool:
        begin = time.monotonic()
        answers = [pool.submit(sign_in, rig.port) for _ in range(SIGN_INS)]
        figures = rig.pace("--rate", RATE, "--seconds", 8)
        statuses = collections.Counter(answer.result()[0] for answer in answers)
        took = time.monotonic() - begin
    over.set()
    watcher.join()
    report("control_beside_sign_ins", figures)
    say("control_sign_ins_let_in", statuses[200], "")
    say("control_sign_ins_peak_rss", max(peak) / 1e6, "MB")
    note(f"sign-ins: {dict(statuses)} in {took:.1f} s")


def tcp_sockets(pid):
    with open(f"/proc/{pid}/net/sockstat", encoding="ascii") as file:
        return int(file.read().split("TCP: inuse ")[1].split()[0])


def load_slow(rig):
    """Ten thousand clients of nginx that send their headers for ever; beside them, through the same nginx, others ask."""
    if not shutil.which("slowhttptest") or not shutil.which("nginx"):
        note("slowhttptest or nginx is missing: no slow connections")
        return
    nginx = Nginx(rig, rig.port)
    rig.renew()
    report("control_behind_nginx", rig.pace("--rate", RATE, "--seconds", 8, port=nginx.port))
    words = ["slowhttptest", "-H", "-c", str(SLOW), "-r", "3000", "-i", "5", "-l", "25", "-p", "5", "-u", f"http://127.0.0.1:{nginx.port}/api/resources"]
    slow = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: tcp_sockets(slow.pid) >= 2 * SLOW, 30, f"{SLOW} slow connections, both ends here", 0.2)
        rig.renew()
        note(f"{tcp_sockets(slow.pid)} TCP sockets are open")
        report("control_beside_slow", rig.pace("--rate", RATE, "--seconds", 10, port=nginx.port))
    finally:
        slow.terminate()
        slow.wait(30)
        nginx.close()


def main():
    with LoadRig() as rig:
        rig.begin_load()
        load_sign_ins(rig)
        load_slow(rig)
        load_tls(rig)
    return 0


if __name__ == "__main__":
    sys.exit(main())
