#!/usr/bin/env python3
"""Programs and their tokens: signed in without a cookie, refreshed in a race, a stolen refresh token noticed, keys that
rotate under load, the attacks of RFC 8725 refused, and everything over within a second of the sign-out."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD, Rig  # noqa: E402
from site_runner import Tap, percentile, wait_for  # noqa: E402

KEY_S = 10  # the shortest that control takes
CLIENTS = 100


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign_in(rig, username="admin"):
    return rig.ask("POST", "/auth/login", {"username": username, "password": PASSWORD, "program": True}, as_nobody=True)


def refresh(rig, token):
    return rig.ask("POST", "/auth/refresh", {"refresh_token": token}, as_nobody=True)


def status(rig, token, path="/api/alerts"):
    return rig.ask("GET", path, headers={"Authorization": f"Bearer {token}"}, as_nobody=True).status


def check_program(tap, rig):
    answer = sign_in(rig)
    tap.check("Set-Cookie" not in answer.headers and "csrf_token" not in answer.json, "a program gets no cookie")
    access = answer.json["access_token"]
    head, payload, _ = access.split(".")
    header, claims = json.loads(unb64(head)), json.loads(unb64(payload))
    tap.check(header == {"alg": "EdDSA", "typ": "at+jwt", "kid": header["kid"]}, "the header says what RFC 9068 wants", str(header))
    tap.check(claims["exp"] - claims["iat"] == 300 and claims["iss"] == "tocsin:test" and claims["aud"] == "tocsin:test/api", "five minutes, for this site", str(claims))
    tap.check(status(rig, access) == 200, "the access token reads")
    order = {"tier": "advisory", "texts": [{"language": "en", "text": "x"}], "targets": {"zones": ["north"]}, "duration_s": 60}
    got = rig.ask("POST", "/api/alerts", order, {"Authorization": f"Bearer {access}"}, as_nobody=True)
    tap.check(got.status == 202, "and writes without a CSRF token", str(got.status))
    tap.check("refresh_token" not in rig.sign_in().json, "a browser gets no refresh token")
    sessions = rig.ask("GET", "/auth/sessions", headers={"Authorization": f"Bearer {access}"}, as_nobody=True).json["sessions"]
    tap.check([s["kind"] for s in sessions if s["current"]] == ["program"], "its session is listed as a program's")


def check_keys(tap, rig):
    """Another implementation (node's) verifies our token with the published key."""
    keys = rig.ask("GET", "/.well-known/jwks.json", as_nobody=True).json["keys"]
    access = sign_in(rig).json["access_token"]
    kid = json.loads(unb64(access.split(".")[0]))["kid"]
    key = [k for k in keys if k["kid"] == kid]
    tap.check(len(key) == 1 and all("d" not in k for k in keys), "the key of the token is published once, without its secret")
    script = (
        "const [k,t]=process.argv.slice(1);const c=require('crypto');const p=t.split('.');"
        "const key=c.createPublicKey({key:JSON.parse(k),format:'jwk'});"
        "process.stdout.write(String(c.verify(null,Buffer.from(p[0]+'.'+p[1]),key,Buffer.from(p[2],'base64url'))))"
    )
    done = subprocess.run(["node", "-e", script, json.dumps(key[0]), access], capture_output=True, timeout=30)
    tap.check(done.stdout == b"true", "node verifies the token with it", done.stderr.decode()[-200:])


def check_attacks(tap, rig):
    """The good payload under other heads and hands (RFC 8725, 2.1 to 2.10)."""
    access = sign_in(rig).json["access_token"]
    head, payload, signature = access.split(".")
    header = json.loads(unb64(head))
    key = next(k for k in rig.ask("GET", "/.well-known/jwks.json").json["keys"] if k["kid"] == header["kid"])
    public, cookie = unb64(key["x"]), rig.sign_in().headers["Set-Cookie"].split(";")[0].split("=")[1]

    def headed(sign=signature, **changed):
        return f"{b64(json.dumps({**header, **changed}).encode())}.{payload}.{sign}"

    def macced(secret, **changed):
        words = headed(**{"alg": "HS256", **changed}).rsplit(".", 1)[0]
        return f"{words}.{b64(hmac.new(secret, words.encode(), hashlib.sha256).digest())}"

    other = json.loads(unb64(payload))
    attacks = {
        "alg none": headed(sign="", alg="none"),
        "alg none, with a signature": headed(alg="none"),
        "alg nOnE": headed(alg="nOnE"),
        "HS256 with the public key": macced(public),
        "HS256 with the published text of it": macced(key["x"].encode()),
        "HS256 with nothing": macced(b""),
        "its own key in the head": headed(jwk=key),
        "a key to be fetched": headed(jku=f"http://127.0.0.1:{rig.port}/.well-known/jwks.json"),
        "crit": headed(crit=["exp"]),
        "unencoded payload": headed(b64=False),
        "a path as kid": headed(kid="../../../dev/null"),
        "SQL as kid": headed(kid="1' OR '1'='1"),
        "the next day's kid": headed(kid=str(int(header["kid"]) + 1)),
        "another type": headed(typ="JWT"),
        "no type": f"{b64(json.dumps({'alg': 'EdDSA', 'kid': header['kid']}).encode())}.{payload}.{signature}",
        "another payload": f"{head}.{b64(json.dumps({**other, 'gen': other['gen'] + 1}).encode())}.{signature}",
        "no signature": f"{head}.{payload}.",
        "two parts": f"{head}.{payload}",
        "padding": access + "=",
        "a duplicate member": f"{b64(unb64(head)[:-1] + b',' + unb64(head)[1:])}.{payload}.{signature}",
        "a session's cookie as bearer": cookie,
        "very long": f"{head}.{payload * 20}.{signature}",
    }
    for name, token in attacks.items():
        tap.check(status(rig, token) == 401, f"{name}: 401", str(status(rig, token)))
    as_cookie = rig.ask("GET", "/api/alerts", headers={"Cookie": f"tocsin_session={access}"}, as_nobody=True).status
    tap.check(as_cookie == 401, "an access token is no cookie", str(as_cookie))
    tap.check(status(rig, access) == 200, "the good one still is good")
    tap.check("reason=token_forged" in rig.log() and "reason=token_malformed" in rig.log(), "forgeries are audited by name")


def check_refresh(tap, rig):
    first = sign_in(rig).json["refresh_token"]
    second = refresh(rig, first)
    tap.check(second.status == 200 and second.json["refresh_token"] != first, "a refresh token gives the next one")
    tap.check(status(rig, second.json["access_token"]) == 200, "and an access token")
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: refresh(rig, second.json["refresh_token"]), range(CLIENTS)))
    successors = {answer.json.get("refresh_token") for answer in answers}
    tap.check({a.status for a in answers} == {200} and len(successors) == 1, f"{CLIENTS} at once get the same successor", str({a.status for a in answers}))
    third = successors.pop()
    fourth = refresh(rig, third).json
    stolen = refresh(rig, first)
    tap.check(stolen.status == 401, "one that was used up long ago: 401")
    tap.check(refresh(rig, fourth["refresh_token"]).status == 401, "and its whole family has ended")
    tap.check(status(rig, fourth["access_token"]) == 401, "with the access token of the same session")
    tap.check("audit.refresh_refused" in rig.log() and "reason=reused" in rig.log(), "which is audited")
    for wrong in ("", "x", fourth["refresh_token"][:-1] + "A", fourth["access_token"][:120], f"{first.split('.')[0]}.0.AAAA"):
        tap.check(refresh(rig, wrong).status == 401, f"{wrong[:12]!r}...: 401")


def check_ends(tap, rig):
    one, two = sign_in(rig).json, sign_in(rig).json

    def ended(token, begin):
        wait_for(lambda: status(rig, token) == 401, 1, "the token to end", 0.01)
        return time.monotonic() - begin < 1

    begin = time.monotonic()
    rig.ask("POST", "/auth/logout", headers={"Authorization": f"Bearer {one['access_token']}"}, as_nobody=True)
    tap.attempt("sign-out ends the access token within a second", lambda: ended(one["access_token"], begin))
    tap.check(refresh(rig, one["refresh_token"]).status == 401, "and the refresh token")
    rig.token = sign_in(rig).json["access_token"]
    begin = time.monotonic()
    rig.ask("POST", "/auth/password", {"current": PASSWORD, "new": PASSWORD + "!"})
    tap.attempt("so does a new password, elsewhere", lambda: ended(two["access_token"], begin))
    tap.check(refresh(rig, two["refresh_token"]).status == 401 and status(rig, rig.token) == 200, "but not where it was changed")
    rig.ask("POST", "/auth/password", {"current": PASSWORD + "!", "new": PASSWORD})
    rig.invite("program", "operator")
    three = sign_in(rig, "program").json
    rig.ask("PUT", "/api/users/program", {"role": "viewer"})
    tap.check(status(rig, three["access_token"]) == 401, "another role: the access token is outdated")
    renewed = refresh(rig, three["refresh_token"]).json
    tap.check(status(rig, renewed["access_token"]) == 200, "the refresh token brings one of the new role")


def check_rotation(tap, rig):
    """Clients that keep their tokens for as long as they live, over several keys, and refresh in between."""
    begin, stop, failures, kids, times = time.monotonic(), threading.Event(), [], set(), []

    def client(_):
        tokens, connection, since = sign_in(rig).json, rig.connect(), time.monotonic()
        while not stop.is_set():
            if time.monotonic() - since > 3:
                tokens, since = refresh(rig, tokens["refresh_token"]).json, time.monotonic()
            kids.add(json.loads(unb64(tokens["access_token"].split(".")[0]))["kid"])
            asked = time.monotonic()
            connection.request("GET", "/auth/session", headers={"Authorization": f"Bearer {tokens['access_token']}"})
            answer = connection.getresponse()
            answer.read()
            times.append(time.monotonic() - asked)
            if answer.status != 200:
                failures.append(answer.status)

    old = sign_in(rig).json["access_token"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(client, i) for i in range(8)]
        tap.attempt("three keys are used", lambda: wait_for(lambda: len(kids) >= 3, 4 * KEY_S, "three keys", 0.2))
        stop.set()
        for done in clients:
            done.result()
    p99 = percentile(times, 0.99) * 1000
    print(f"# {len(times)} requests in {time.monotonic() - begin:.0f} s over {len(kids)} keys: p99 {p99:.1f} ms")
    tap.check(not failures and len(times) > 1000, f"none of {len(times)} requests failed while the keys rotated", str(failures[:10]))
    tap.check(status(rig, old) == 200, "a token of the first key is still good")
    keys = {k["kid"] for k in rig.ask("GET", "/.well-known/jwks.json").json["keys"]}
    tap.check(kids <= keys, "every key whose tokens live is published")


def check_flood(tap, rig):
    """Whoever makes tokens up is counted by address before any signature is checked; a known token goes on."""
    known, fresh = sign_in(rig).json["access_token"], sign_in(rig).json["access_token"]
    wait_for(lambda: status(rig, known) == 200, 10, "the address to be forgiven its sign-ins")
    forged = [f"{fresh[:-8]}{number:08d}" for number in range(400)]
    connection, seen = rig.connect(), []
    for token in forged:
        connection.request("GET", "/api/alerts", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        seen.append(answer.status)
    verified = rig.log().count("reason=token_forged") + rig.log().count("reason=token_malformed")
    tap.check(set(seen) == {401, 429} and seen.count(401) < 200, "a flood of forged tokens is cut off", str({s: seen.count(s) for s in set(seen)}))
    tap.check(verified < 200, "before their signatures are looked at", str(verified))
    tap.check(status(rig, fresh) == 429, "so is a good token that was never seen")
    tap.check(status(rig, known) == 200, "one that was seen goes on")
    wait_for(lambda: status(rig, fresh) == 200, 10, "the address to be forgiven")


def main():
    tap = Tap()
    with Rig() as rig:
        try:
            rig.begin()
            rig.stop()
            rig.start(**{"auth.token_key_s": KEY_S, "http.rate_account": 100000})
            tap.check(rig.ask("GET", "/api/alerts").status == 401, "a token of a key span of another length is none")
            rig.token = rig.sign_in().json["access_token"]
            for check in (check_program, check_keys, check_attacks, check_refresh, check_ends, check_rotation):
                check(tap, rig)
            rig.control.kill()
            rig.control.wait()
            rig.start(**{"auth.token_key_s": KEY_S})
            tap.check(rig.ask("GET", "/api/alerts").status == 200, "an access token outlives kill -9")
            tap.check(rig.token not in rig.log(), "no token is in the log")
            rig.stop()
            os.truncate(rig.path("control.log"), 0)
            rig.start(**{"http.rate_stranger": 20})
            check_flood(tap, rig)
        except (OSError, ValueError, KeyError, TimeoutError, RuntimeError, http.client.HTTPException) as error:
            tap.check(False, "the test ran to its end", f"{type(error).__name__}: {error}")
        if tap.failures:
            print("\n".join("# " + line for line in rig.log().splitlines()[-30:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
