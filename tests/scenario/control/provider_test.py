#!/usr/bin/env python3
"""Signing in with an outside OpenID Connect provider, a real one (npm oidc-provider) over TLS: who is linked comes in, nobody else
does; second factors stay; what is replayed, injected, begun elsewhere or forged opens nothing; the provider's troubles are not ours."""

import os
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from control_rig import PASSWORD, Rig  # noqa: E402
from factor_test import Person  # noqa: E402
from provider_rig import SECRET, Browser, Provider  # noqa: E402
from site_runner import ROOT, Tap, wait_for  # noqa: E402

CALLBACK = "/auth/provider/callback"


def signed_in(rig, provider, name):
    """A browser in which NAME has signed in with the password."""
    browser = Browser(rig, provider)
    answer = browser.ask("POST", "/auth/login", {"username": name, "password": PASSWORD})
    browser.csrf = answer.json["csrf_token"]
    return browser


def actions(rig):
    entries = rig.ask("GET", "/api/audit?limit=200").json["entries"]
    return [(entry["action"], entry.get("user"), entry.get("resource")) for entry in entries]


def restart(rig, provider, client="tocsin", secret=SECRET, **more):
    rig.stop()
    if secret:
        rig.secrets["TOCSIN_OIDC_SECRET"] = secret
    else:
        rig.secrets.pop("TOCSIN_OIDC_SECRET", None)
    rig.start(**{**provider.options(client), **more})


def check_absent(tap, rig):
    about = rig.ask("GET", "/auth/provider", as_nobody=True)
    tap.check(about.status == 200 and about.json == {"name": None}, "without a provider the page is told that there is none", str(about.body))
    begun = rig.ask("POST", "/auth/provider/begin", {}, as_nobody=True)
    tap.check(begun.status == 404, "and nothing begins", str(begun.status))


def check_link(tap, rig, provider):
    about = rig.ask("GET", "/auth/provider", as_nobody=True)
    tap.check(about.json == {"name": "Town ID"}, "the page is told the provider's name", str(about.body))
    stranger = Browser(rig, provider)
    where = stranger.sign_in("ann")
    tap.check(where == "/situation?provider=unknown" and not stranger.session(), "whom nobody has linked is sent away", str(where))
    for name in ("ann", "ben"):
        rig.invite(name, "operator")
    ann = signed_in(rig, provider, "ann")
    refused = ann.ask("POST", "/auth/provider/link", {"password": "not the password"})
    tap.check(refused.status == 403, "an open browser is not enough to link", str(refused.status))
    where = ann.link(PASSWORD, "ann")
    tap.check(where == "/account?provider=linked", "ann links her person of the provider", str(where))
    links = ann.ask("GET", "/auth/provider/links").json["links"]
    tap.check(len(links) == 1 and links[0]["label"] == "ann" and links[0]["used_at"] is None, "her account lists it", str(links))
    ben = signed_in(rig, provider, "ben")
    where = ben.link(PASSWORD, "ann")
    tap.check(where == "/account?provider=taken", "nobody else links the same person", str(where))
    tap.check(ben.ask("GET", "/auth/provider/links").json["links"] == [], "and has none")


def check_sign_in(tap, rig, provider):
    browser = Browser(rig, provider)
    begun = browser.ask("POST", "/auth/provider/begin", {"return": "/alerts/new"})
    cookie = browser.cookie("tocsin_provider")
    tap.check(cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "Lax", "the browser is known by a cookie that no script reads")
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(begun.json["location"]).query)
    tap.check(asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"] and asked["redirect_uri"] == [provider.origin + CALLBACK], "code, S256 and our own address are asked for", str(asked))
    tap.check(asked["state"][0] != cookie.value and asked["nonce"][0] != asked["state"][0], "state, nonce and cookie are three words")
    where = browser.come(browser.visit(begun.json["location"], "ann"))
    session = browser.session()
    tap.check(where == "/alerts/new" and session and session["user"]["username"] == "ann" and session["user"]["role"] == "operator", "ann comes in where she wanted to go, with the rights that she has here", f"{where} {session}")
    tap.check(browser.cookie("tocsin_provider") is None, "the cookie of the way is gone")
    mine = browser.ask("GET", "/auth/sessions").json["sessions"]
    tap.check(any(s["current"] and s["method"] == "provider" for s in mine), "the session says how it was begun", str(mine))
    links = browser.ask("GET", "/auth/provider/links").json["links"]
    tap.check(links[0]["used_at"] is not None, "the link says when it was used")
    seen = actions(rig)
    tap.check(("provider_linked", "ann", "ann") in seen, "linking is on record", str(seen[:6]))
    tap.check(any(a == "signed_in" and u == "ann" for a, u, _ in seen) and any(a == "sign_in_refused" for a, _, _ in seen), "so are a sign-in and a refusal")
    return browser


def check_returns(tap, rig, provider):
    browser = Browser(rig, provider)
    for path in ("https://other.example/", "//other.example", "/\\other.example", "/auth/logout", "/a?b=c", "x"):
        answer = browser.ask("POST", "/auth/provider/begin", {"return": path})
        tap.check(answer.status == 400, f"nobody is sent to {path}", str(answer.status))
    foreign = rig.ask("POST", "/auth/provider/begin", {}, {"Origin": "https://other.example"}, as_nobody=True)
    tap.check(foreign.status == 403, "another site's page begins nothing", str(foreign.status))


def way_back(browser, name="ann"):
    return browser.visit(browser.ask("POST", "/auth/provider/begin", {}).json["location"], name)


def changed(url, **parts):
    split = urllib.parse.urlsplit(url)
    query = {key: value[0] for key, value in urllib.parse.parse_qs(split.query).items()}
    query.update(parts)
    return urllib.parse.urlunsplit(split._replace(query=urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})))


def check_attacks(tap, rig, provider):
    """Each from a fresh beginning; none of them signs anybody in."""
    victim, attacker = Browser(rig, provider), Browser(rig, provider)
    theirs = way_back(attacker)
    where = victim.come(theirs)
    tap.check(where.endswith("provider=expired") and not victim.session(), "login CSRF: an answer that another browser began", where)
    tap.check(attacker.come(theirs) == "/situation" and attacker.session() is not None, "which that browser had not lost by it")
    again = attacker.come(theirs)
    tap.check(again.endswith("provider=expired"), "replayed: an answer is good once", again)

    victim, attacker = Browser(rig, provider), Browser(rig, provider)
    stolen = urllib.parse.parse_qs(urllib.parse.urlsplit(way_back(victim)).query)["code"][0]
    where = attacker.come(changed(way_back(attacker), code=stolen))
    tap.check(where.endswith("provider=refused") and not attacker.session(), "injected: a stolen code behind one's own state", where)

    for what, parts, word in (
        ("a state of nobody's", {"state": "A" * 43}, "expired"),
        ("no state", {"state": None}, "expired"),
        ("a long state", {"state": "A" * 500}, "expired"),
        ("mix-up: another issuer answers", {"iss": "https://other.example"}, "refused"),
        ("no issuer, of one that always says it (RFC 9207)", {"iss": None}, "refused"),
        ("no code", {"code": None}, "declined"),
        ("an invented code", {"code": "x" * 43}, "refused"),
        ("a very long code", {"code": "x" * 3000}, "refused"),
        ("a refusal", {"error": "access_denied", "code": None}, "declined"),
    ):
        browser = Browser(rig, provider)
        url = way_back(browser)
        where = browser.come(changed(url, **parts))
        tap.check(where == f"/situation?provider={word}" and not browser.session(), what, where)
        if word != "expired":
            tap.check(browser.come(url).endswith("provider=expired"), "and the good answer is spent with it")
    tap.check("x" * 43 not in rig.log() and stolen not in rig.log(), "no code stands in the log")


def check_factor(tap, rig, provider):
    """The provider vouches for the password only."""
    ben = Person(rig, "ben")
    codes = ben.set_up({"Authorization": "Bearer " + rig.sign_in(username="ben").json["access_token"]}).json["recovery_codes"]
    browser = Browser(rig, provider)
    answer = browser.ask("POST", "/auth/login", {"username": "ben", "password": PASSWORD, "code": codes[0]})
    browser.csrf = answer.json["csrf_token"]
    browser.link(PASSWORD, "ben")
    coming = Browser(rig, provider)
    where = coming.sign_in("ben", "/map")
    tap.check(where == "/map?provider=factor" and not coming.session(), "who has a second factor is not in yet", where)
    asked = coming.ask("POST", "/auth/provider/factor", {})
    tap.check(asked.status == 401 and asked.json["reason"] == "second_factor_required" and asked.json["app"] is True, "the page is told what to ask for", str(asked.body))
    elsewhere = Browser(rig, provider).ask("POST", "/auth/provider/factor", {"code": codes[1]})
    tap.check(elsewhere.status == 403, "another browser cannot answer", str(elsewhere.status))
    wrong = coming.ask("POST", "/auth/provider/factor", {"code": codes[0]})
    tap.check(wrong.status == 401 and wrong.json["reason"] == "second_factor_wrong", "a spent code does not open", str(wrong.body))
    good = coming.ask("POST", "/auth/provider/factor", {"code": codes[1]})
    tap.check(good.status == 200 and coming.session()["user"]["username"] == "ben", "the right one does", str(good.body))
    tap.check(coming.ask("POST", "/auth/provider/factor", {"code": codes[2]}).status == 403, "and the way is closed behind it")
    waiting = Browser(rig, provider)
    waiting.sign_in("ben")
    rig.ask("POST", "/api/users/ben/reset", {})
    late = waiting.ask("POST", "/auth/provider/factor", {"code": codes[3]})
    tap.check(late.status == 403, "a reset ends what was on its way", str(late.status))
    tap.check(Browser(rig, provider).sign_in("ben").endswith("provider=unknown"), "and takes the links away")


def check_rights(tap, rig, provider, browser):
    rig.ask("PUT", "/api/users/ann", {"disabled": True})
    where = Browser(rig, provider).sign_in("ann")
    tap.check(where.endswith("provider=unknown"), "who is kept out is told what a stranger is told", where)
    tap.check(browser.session() is None, "and is out")
    rig.ask("PUT", "/api/users/ann", {"disabled": False})
    waiting = signed_in(rig, provider, "ann")
    begun = waiting.ask("POST", "/auth/provider/link", {"password": PASSWORD}).json["location"]
    back = waiting.visit(begun, "second")
    waiting.ask("POST", "/auth/logout", {})
    where = waiting.come(back)
    tap.check(where == "/account?provider=expired", "a link is made in the session that asked for it, while it lasts", where)
    ann = Browser(rig, provider)
    ann.sign_in("ann")
    ann.session()
    link = ann.ask("GET", "/auth/provider/links").json["links"][0]["id"]
    tap.check(ann.ask("POST", f"/auth/provider/links/{link}/remove", {"password": "no"}).status == 403, "unlinking needs the password")
    gone = ann.ask("POST", f"/auth/provider/links/{link}/remove", {"password": PASSWORD})
    tap.check(gone.status == 204 and Browser(rig, provider).sign_in("ann").endswith("provider=unknown"), "unlinked, the person is a stranger")
    tap.check(("provider_unlinked", "ann", "ann") in actions(rig), "which is on record")
    tap.check(ann.link(PASSWORD, "ann") == "/account?provider=linked", "and may be linked again")


def check_rotation(tap, rig, provider):
    """The keys change; the set is fetched anew, though not more than once a minute."""
    provider.rotate()
    asked = time.monotonic()
    wait_for(lambda: Browser(rig, provider).sign_in("ann") == "/situation", 75, "the new keys", 5)
    tap.check(True, f"new keys are taken, {time.monotonic() - asked:.0f} s after")
    begin = time.monotonic()
    provider.rotate()
    refused = [Browser(rig, provider).sign_in("ann") for _ in range(3)]
    tap.check(all(w.endswith("provider=refused") for w in refused) and time.monotonic() - begin < 55, "and not asked for again within the minute", str(refused))


def check_clients(tap, rig, provider):
    for client, secret in (("tocsin-post", SECRET), ("tocsin-public", None), ("tocsin-rs256", SECRET), ("tocsin-ps256", SECRET), ("tocsin-es256", SECRET), ("tocsin-eddsa", SECRET)):
        restart(rig, provider, client, secret)
        browser = Browser(rig, provider)
        where = browser.sign_in("ann")
        tap.check(where == "/situation" and browser.session() is not None, f"the client {client}", where)
    restart(rig, provider, "tocsin", "not the secret")
    where = Browser(rig, provider).sign_in("ann")
    tap.check(where.endswith("provider=refused"), "with a wrong secret nobody comes in", where)
    with open(f"/proc/{rig.control.pid}/environ", "rb") as environment:
        tap.check(b"not the secret" not in environment.read(), "and the secret does not stand in the environment any more")
    tap.check("not the secret" not in rig.log(), "nor in the log")


def check_elsewhere(tap, rig, provider):
    """What is under way stands in the database: another server, or the next process, takes the answer."""
    restart(rig, provider)
    browser = Browser(rig, provider)
    back = way_back(browser)
    restart(rig, provider)
    tap.check(browser.come(back) == "/situation" and browser.session() is not None, "begun at one process, ended at another")


def check_fresh(tap, rig, provider):
    """A desk that people share: the provider's own session does not sign the next person in."""
    restart(rig, provider, **{"oidc.max_age_s": 1})
    browser = Browser(rig, provider)
    tap.check(browser.sign_in("ann") == "/situation" and browser.session(), "who is asked at the provider comes in")
    wait_for(lambda: browser.get(browser.ask("POST", "/auth/provider/begin", {}).json["location"]).headers["Location"].startswith("/interaction/"), 10, "the provider to ask again", 0.5)
    tap.check(True, "and some seconds later is asked again")


def check_flood(tap, rig, provider):
    begun = [rig.ask("POST", "/auth/provider/begin", {}, as_nobody=True).status for _ in range(90)]
    tap.check(begun.count(200) >= 50 and begun[-1] == 429, "who begins without end is slowed down", str(begun))
    tap.check(rig.sign_in().status == 200, "with the password as ever")


def check_down(tap, rig, provider):
    restart(rig, provider, **{"oidc.ca": rig.path("ca/ca.crt")})
    begun = rig.ask("POST", "/auth/provider/begin", {}, as_nobody=True)
    tap.check(begun.status == 503 and "password" in begun.json["detail"], "a certificate of another CA: the way is not there", str(begun.body))
    provider.stop()
    restart(rig, provider)
    begin = time.monotonic()
    begun = rig.ask("POST", "/auth/provider/begin", {}, as_nobody=True)
    tap.check(begun.status == 503 and time.monotonic() - begin < 5, "down: the page is told at once", str(begun.body))
    tap.check(rig.sign_in().status == 200, "and a password signs in as ever")
    provider.start()
    wait_for(lambda: rig.ask("POST", "/auth/provider/begin", {}, as_nobody=True).status == 200, 20, "the provider to be found again", 0.5)
    browser = Browser(rig, provider)
    tap.check(browser.sign_in("ann") == "/situation", "up again, it is found again")
    back = way_back(Browser(rig, provider))
    provider.stop()
    tap.check(Browser(rig, provider).come(back).endswith("provider=expired"), "a strange browser is refused before anything is asked")


def check_slow(tap, rig, provider):
    """Something accepts and never answers: half of the workers wait, the others serve."""
    mute = socket.create_server(("127.0.0.1", provider.port))
    restart(rig, provider)
    answers = []

    def ask():
        begin = time.monotonic()
        answers.append((rig.ask("POST", "/auth/provider/begin", {}, as_nobody=True).status, time.monotonic() - begin))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    worst = 0
    while any(thread.is_alive() for thread in threads):
        begin = time.monotonic()
        rig.ask("GET", "/health", as_nobody=True)
        rig.ask("GET", "/api/alerts")
        worst = max(worst, time.monotonic() - begin)
    tap.check(all(status == 503 for status, _ in answers) and max(took for _, took in answers) < 15, "a mute provider: eight people are told in time", str(answers))
    tap.check(worst < 1, f"and nobody else waits for it (the slowest of the others: {1000 * worst:.0f} ms)")
    mute.close()


def check_tls(tap, rig, provider):
    """As on a real site: TLS, and the cookie that no other host can set."""
    rig.stop()
    rig.tocsin("ca", "issue", "control", "web", "--web", "--host", "127.0.0.1", "--dir", rig.path("ca"), "--out", rig.folder)
    provider.stop()
    provider.origin = f"https://127.0.0.1:{rig.port}"
    provider.start()
    restart(rig, provider, **{"http.certificate": rig.path("web.crt"), "http.key": rig.path("web.key")})
    browser = Browser(rig, provider)
    begun = browser.ask("POST", "/auth/provider/begin", {})
    cookie = browser.cookie("__Host-tocsin_provider")
    tap.check(cookie and cookie.secure and cookie.path == "/" and not cookie.domain_specified, "over TLS the cookie is __Host-", str(cookie))
    tap.check(browser.come(browser.visit(begun.json["location"], "ann")) == "/situation" and browser.session() is not None, "and ann comes in")


def main():
    if not os.path.isdir(os.path.join(ROOT, "web", "node_modules", "oidc-provider")):
        print("1..0 # SKIP web/node_modules has no oidc-provider: npm ci")
        return 77
    tap = Tap()
    with Rig() as rig:
        rig.begin()
        check_absent(tap, rig)
        provider = Provider(rig.folder, f"http://127.0.0.1:{rig.port}")
        try:
            restart(rig, provider)
            check_link(tap, rig, provider)
            browser = check_sign_in(tap, rig, provider)
            check_returns(tap, rig, provider)
            check_attacks(tap, rig, provider)
            check_factor(tap, rig, provider)
            check_rights(tap, rig, provider, browser)
            check_rotation(tap, rig, provider)
            check_clients(tap, rig, provider)
            check_elsewhere(tap, rig, provider)
            check_fresh(tap, rig, provider)
            check_flood(tap, rig, provider)
            check_down(tap, rig, provider)
            check_slow(tap, rig, provider)
            check_tls(tap, rig, provider)
        finally:
            provider.stop()
            if tap.failures:
                print("# control:\n# " + "\n# ".join(rig.log().splitlines()[-25:]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
