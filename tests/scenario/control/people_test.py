#!/usr/bin/env python3
"""Who gets into control, and who does not: passwords, sessions, forged and stolen requests, all of it audited; and what
kill -9 leaves behind."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import ONE_TIME, PASSWORD, Rig  # noqa: E402
from site_runner import ApiError, Live, Tap, percentile, wait_for  # noqa: E402

ORDER = {"tier": "advisory", "texts": [{"language": "en", "text": "x"}], "targets": {"zones": ["north"]}, "duration_s": 60}


def audited(rig, *words):
    return any(all(word in line for word in words) for line in rig.log().splitlines())


def check_one_time(tap, rig):
    first = rig.sign_in(ONE_TIME)
    tap.check(first.status == 200 and first.json["password_change_required"], "the one-time password signs in, once")
    tap.check(rig.sign_in(ONE_TIME).status == 401, "and not for a second time")
    tap.check(audited(rig, "audit.sign_in_refused", "account=admin"), "which is audited")
    bearer = {"Authorization": f"Bearer {first.json['access_token']}"}
    for path in ("/api/events", "/api/alerts", "/metrics"):
        status = rig.ask("GET", path, headers=bearer).status
        tap.check(status == (200 if path == "/metrics" else 403), f"{path} before the new password", str(status))
    tap.check(rig.ask("POST", "/api/alerts", ORDER, bearer).status == 403, "no alert before the new password")
    body = {"current": ONE_TIME, "new": PASSWORD}
    tap.check(rig.ask("POST", "/auth/password", body, bearer).status == 204, "the new password is taken")
    tap.check(rig.sign_in(ONE_TIME).status == 401, "the one-time password is spent")
    rig.token = rig.sign_in().json["access_token"]
    tap.check(rig.ask("GET", "/api/events").status == 200, "the new password opens")


def check_cookie(tap, rig):
    answer = rig.sign_in()
    cookie = answer.headers["Set-Cookie"]
    tap.check("HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, "the cookie is closed to scripts and other sites", cookie)
    tap.check("Secure" not in cookie, "on plain loopback it is not Secure")
    mine = {"Cookie": cookie.split(";")[0]}
    csrf = {"X-CSRF-Token": answer.json["csrf_token"]}
    other = {"X-CSRF-Token": rig.sign_in().json["csrf_token"]}
    host = f"127.0.0.1:{rig.port}"
    tap.check(rig.ask("GET", "/api/alerts", headers=mine, as_nobody=True).status == 200, "the cookie reads")

    def order(status, what, headers):
        got = rig.ask("POST", "/api/alerts", ORDER, {**mine, **headers}, as_nobody=True).status
        tap.check(got == status, what, str(got))

    order(403, "writing without the CSRF token: 403", {})
    order(403, "with an invented one: 403", {"X-CSRF-Token": "A" * 43})
    order(403, "with another session's: 403", other)
    order(403, "from another site's page: 403", {**csrf, "Origin": "https://evil.example"})
    order(403, "from a sandboxed page: 403", {**csrf, "Origin": "null"})
    order(202, "with its own, from its own page: 202", {**csrf, "Origin": f"http://{host}"})
    tap.check(audited(rig, "audit.refused", "reason=csrf", "user=admin"), "the forged request is audited")
    tap.check(audited(rig, "audit.refused", "reason=foreign_origin"), "so is the foreign page")
    evil = rig.ask("POST", "/auth/login", {"username": "admin", "password": PASSWORD}, {"Origin": "https://evil.example"}, as_nobody=True)
    tap.check(evil.status == 403, "no sign-in from another site's page")
    tap.check(rig.ask("POST", "/auth/logout", headers={**mine, **csrf}, as_nobody=True).status == 204, "sign-out")
    tap.check(rig.ask("GET", "/api/alerts", headers=mine, as_nobody=True).status == 401, "a token stolen before sign-out is dead after it")
    tap.check(audited(rig, "audit.refused", "reason=session_ended"), "its use is audited")


def check_tokens(tap, rig):
    token = rig.token
    for wrong in ("", "x", "A" * 43, token[:-1], token + "A", token.swapcase(), "A" * 5000):
        status = rig.ask("GET", "/api/events", headers={"Authorization": f"Bearer {wrong}"}, as_nobody=True).status
        tap.check(status == 401, f"bearer {wrong[:8]}...: 401", str(status))
    rig.token = rig.sign_in().json["access_token"]
    live = rig.live()
    live.wait(lambda m: m["kind"] == "hello", 5, "hello")
    body = {"current": PASSWORD, "new": PASSWORD + "!"}
    tap.check(rig.ask("POST", "/auth/password", body, {"Authorization": f"Bearer {token}"}).status == 204, "a new password, chosen elsewhere")
    tap.check(rig.ask("GET", "/api/events").status == 401, "ends this session")
    tap.attempt("and its live link", lambda: wait_for(lambda: closed(live), 5, "the live link to close"))
    rig.token = token
    body = {"current": PASSWORD + "!", "new": PASSWORD}
    tap.check(rig.ask("POST", "/auth/password", body).status == 204, "the one who changed it goes on")


def closed(live):
    try:
        live._send(9, b"")  # a ping to a closed connection fails
        return False
    except OSError:
        return True


def check_live(tap, rig):
    def refused(token):
        try:
            Live("127.0.0.1", rig.port, token).close()
        except ApiError as error:
            return error.status
        return 101

    tap.check(refused("A" * 43) == 401, "no live link without a session")
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=10)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers = {**upgrade, "Authorization": f"Bearer {rig.token}", "Origin": "https://evil.example"}
    connection.request("GET", "/api/live", headers=headers)
    tap.check(connection.getresponse().status == 403, "no live link for another site's page")
    connection.close()


def check_kill(tap, rig):
    rig.control.kill()
    rig.control.wait()
    rig.start()
    tap.check(rig.ask("GET", "/api/events").status == 200, "a session outlives kill -9")
    tap.check(rig.sign_in(ONE_TIME).status == 401, "the same one-time password at the next start opens nothing")
    tap.check(rig.sign_in().status == 200, "and resets nothing")


def check_start(tap, rig):
    def end_of(environment=None, **more):
        done = subprocess.run(rig.config(**more), env={**os.environ, **rig.secrets, **(environment or {})}, capture_output=True, timeout=20)
        return done.returncode, done.stderr.decode()

    status, words = end_of(**{"http.address": "0.0.0.0", "http.port": 0, "state.folder": rig.path("other")})
    tap.check(status == 1 and "certificate" in words, "plain HTTP beyond loopback: no start", words[-300:])
    status, words = end_of(**{"http.colour": "red"})
    tap.check(status == 1 and "http.colour" in words, "an unknown key: no start", words[-300:])
    status, words = end_of({"TOCSIN_DATABASE_KEY": "00" * 32})
    tap.check(status == 1, "another database key: no start", words[-300:])
    status, words = end_of({"TOCSIN_DATABASE_KEY": "secret"})
    tap.check(status == 1 and "64 hexadecimal" in words and "secret" not in words, "a malformed key: no start, and it is not repeated", words[-300:])


def check_tls(tap, rig):
    """Its own TLS: a certificate of the web CA, TLS 1.3 only, everything Secure, and the live link through it."""
    rig.stop()
    rig.tocsin("ca", "issue", "control", "web", "--web", "--host", "127.0.0.1", "--dir", rig.path("ca"), "--out", rig.folder)
    rig.start(**{"http.certificate": rig.path("web.crt"), "http.key": rig.path("web.key")})
    answer = rig.sign_in()
    tap.check(answer.status == 200 and "; Secure" in answer.headers["Set-Cookie"], "over TLS the cookie is Secure")
    tap.check("max-age" in answer.headers["Strict-Transport-Security"], "and the browser is told to stay there")
    with socket.create_connection(("127.0.0.1", rig.port), timeout=10) as raw, rig.tls.wrap_socket(raw, server_hostname="127.0.0.1") as link:
        tap.check(link.version() == "TLSv1.3", "TLS 1.3", str(link.version()))
        link.sendall(
            b"GET /api/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " + rig.token.encode() + b"\r\n\r\n"
        )
        got = b""
        while b'"hello"' not in got:
            got += link.recv(4096)
        tap.check(b" 101 " in got, "the live link works over TLS")
        seconds, status = rig.stop()
        tap.check(status == 0 and seconds < 3, "and does not hold up the end", f"{status} after {seconds:.1f} s")
        rest = got
        try:
            while data := link.recv(4096):
                rest += data
        except OSError:
            pass
        tap.check(b"\x88\x02\x03\xe9" in rest, "it is told so: 1001")
    rig.start()


def check_proxy(tap, rig):
    """Behind proxies the client is who the proxies say, read from the right for as long as they are ours."""

    def seen(forwarded, peer="127.0.0.1"):
        lines = [forwarded] if isinstance(forwarded, str) else forwarded
        words = "".join(f"X-Forwarded-For: {line}\r\n" for line in lines)
        with socket.create_connection((peer, rig.port), timeout=10) as link:
            link.sendall(f"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{words}\r\n".encode())
            return int(link.recv(4096).split(b" ")[1])

    rig.stop()
    rig.start(**{"http.behind_proxy": "true", "http.proxies": "127.0.0.1 10.9.0.0/16"})
    tap.check(seen("127.0.0.1, 192.0.2.9") == 401, "a client of the proxy is not on loopback")
    tap.check(seen("127.0.0.1, 192.0.2.9, 10.9.1.1") == 401, "nor is one of two proxies")
    tap.check(seen(["127.0.0.5", "192.0.2.9"]) == 401, "nor with its list on two lines")
    tap.check(seen("192.0.2.9, 127.0.0.5, 10.9.1.1") == 401, "who comes through a proxy is never on this machine itself")
    tap.check(seen(["127.0.0.1," * 800, "192.0.2.9"]) == 401, "nor with a line longer than any real one")
    login = {"username": "admin", "password": PASSWORD}
    long = {"X-Forwarded-For": "198.51.100.7," * 600 + " 203.0.113.6"}
    tap.check(rig.ask("POST", "/auth/login", login, long, as_nobody=True).status == 200, "a long list is no way in or out")
    tap.check(audited(rig, "audit.signed_in", "address=203.0.113.6"), "its end counts, however long it is")
    answer = rig.ask("POST", "/auth/login", login, {"X-Forwarded-For": "198.51.100.1, 203.0.113.5, 10.9.3.3"}, as_nobody=True)
    tap.check("; Secure" in answer.headers["Set-Cookie"], "cookies are Secure behind a proxy")
    tap.check("max-age" in answer.headers["Strict-Transport-Security"], "and the browser is told to stay with TLS")
    tap.check(audited(rig, "audit.signed_in", "address=203.0.113.5"), "the audit names the client's address")
    rig.stop()
    rig.start()
    tap.check(rig.ask("GET", "/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, as_nobody=True).status == 401, "nor through a proxy that nobody told us of")
    tap.check(rig.ask("GET", "/metrics", as_nobody=True).status == 200, "who asks on this machine is")


def check_rates(tap, rig):
    """Strangers of one address ask no more than they may; who is signed in is counted apart, and /health not at all."""
    rig.stop()
    rig.start(**{"http.rate_stranger": 5, "http.rate_account": 50})
    nobody = [rig.ask("GET", "/api/openapi.json", as_nobody=True).status for _ in range(40)]
    tap.check(nobody[0] == 200 and nobody[-1] == 429, "a flood of a stranger's is refused", str(nobody))
    limited = rig.ask("GET", "/api/openapi.json", as_nobody=True)
    tap.check(limited.status == 429 and limited.headers["Retry-After"] == "1", "with when to come again")
    tap.check(rig.ask("GET", "/api/events").status == 200, "beside it, from the same address, the operator works")
    tap.check(rig.ask("GET", "/health", as_nobody=True).status == 200, "and /health is answered")
    mine = [rig.ask("GET", "/api/alerts").status for _ in range(400)]
    tap.check(429 in mine, "an account has its own limit", str(set(mine)))
    rig.stop()
    rig.start()


def check_guessing(tap, rig):
    """Last, as it locks this address out."""
    device = next(c.split(";")[0] for c in rig.sign_in().headers.get_all("Set-Cookie") if c.startswith("tocsin_device="))
    statuses = [rig.sign_in(f"guess number {i}").status for i in range(12)]
    tap.check(429 in statuses and statuses[0] == 401, "guessing is slowed down", str(statuses))
    last = rig.sign_in()
    tap.check(last.status == 429 and int(last.headers["Retry-After"]) > 0, "also for the right password meanwhile")
    tap.check(rig.ask("GET", "/api/events").status == 200, "who is signed in is not disturbed")
    login = {"username": "admin", "password": PASSWORD}
    again = rig.ask("POST", "/auth/login", login, {"Cookie": device}, as_nobody=True)
    tap.check(again.status == 200, "and who signed in from this browser before comes in beside the attacker", str(again.status))
    forged = rig.ask("POST", "/auth/login", login, {"Cookie": device[:-1] + ("A" if device[-1] != "A" else "B")}, as_nobody=True)
    tap.check(forged.status == 429, "which cannot be forged", str(forged.status))


def check_flood(tap, rig):
    """Half requests and idle connections do not keep others out."""
    idle = [socket.create_connection(("127.0.0.1", rig.port)) for _ in range(300)]
    for connection in idle[:150]:
        connection.sendall(b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    tap.check(rig.ask("GET", "/api/events").status == 200, "300 slow connections are borne")
    for connection in idle:
        connection.close()


def check_slow(tap, rig):
    """slowhttptest (Debian) holds 400 connections with slow headers, slow bodies, slow reading; the others do not feel it."""
    if not shutil.which("slowhttptest"):
        print("# slowhttptest is not installed: skipped")
        return
    for kind, name in (("-H", "headers"), ("-B", "bodies"), ("-X", "reading")):
        words = ["slowhttptest", kind, "-c", "400", "-r", "400", "-i", "2", "-l", "4", "-p", "5", "-u", f"http://127.0.0.1:{rig.port}/api/openapi.json"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as slow:
            times, wrong = [], 0
            while slow.poll() is None:
                begin = time.monotonic()
                wrong += rig.ask("GET", "/api/events").status != 200
                times.append(time.monotonic() - begin)
        p95 = percentile(times, 0.95) * 1000
        print(f"# slow {name}: {len(times)} requests beside it, p95 {p95:.1f} ms")
        tap.check(not wrong and len(times) > 50 and p95 < 100, f"slow {name} of 400 connections leave the others alone", f"{wrong} of {len(times)} failed, p95 {p95:.1f} ms")


def main():
    tap = Tap()
    with Rig() as rig:
        try:
            for check in (check_one_time, check_cookie, check_tokens, check_live, check_flood, check_kill, check_start, check_tls, check_proxy, check_rates, check_slow, check_guessing):
                check(tap, rig)
            log = rig.log()
            secrets = [PASSWORD, ONE_TIME, rig.token, "guess number", rig.secrets["TOCSIN_DATABASE_KEY"]]
            tap.check(not any(secret in log for secret in secrets), "no password, token or key is in the log")
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in rig.log().splitlines()[-30:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
