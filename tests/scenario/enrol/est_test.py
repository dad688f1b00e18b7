#!/usr/bin/env python3
"""tocsin-enrol as an EST server: strongSwan's client and OpenSSL's enrol and renew there, strangers do not."""

import base64
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from enrol_rig import HSM, SITE, Office  # noqa: E402
from site_runner import Tap  # noqa: E402

EST = "/.well-known/est"
STRONGSWAN = "libtls {\n version_min = 1.3\n version_max = 1.3\n}\npki {\n tls {\n  version_min = 1.3\n  version_max = 1.3\n }\n}\n"


def pki(office, *words, output=None):
    """strongSwan's pki; False when it refuses. Its TLS stops at 1.2 unless told otherwise."""
    with open(office.path("strongswan.conf"), "w", encoding="ascii") as file:
        file.write(STRONGSWAN)
    environment = {**os.environ, "STRONGSWAN_CONF": office.path("strongswan.conf")}
    done = subprocess.run(["pki", *words], capture_output=True, timeout=60, env=environment)
    if output and done.returncode == 0:
        with open(office.path(output), "wb") as file:
            file.write(done.stdout)
    return done.returncode == 0


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, timeout=60)
    return done.stdout if done.returncode == 0 else None


def names(office, file):
    return (openssl("x509", "-in", office.path(file), "-noout", "-ext", "subjectAltName") or b"").decode()


def strongswan(tap, office):
    if not shutil.which("pki"):
        tap.check(True, "strongSwan's pki is not here # SKIP strongswan-pki")
        return
    tap.check(pki(office, "--estca", "--url", office.url, "--cacert", office.ca_certificate, "--caout", office.path("fetched"), "--outform", "pem"), "strongSwan fetches the CA over TLS 1.3")
    same = openssl("x509", "-in", office.path("fetched.pem"), "-outform", "der") == openssl("x509", "-in", office.ca_certificate, "-outform", "der")
    tap.check(same, "and it is the site's")
    token = office.invite("north-1", "--host", "192.0.2.7", "--host", "north-1.example")
    pki(office, "--gen", "--type", "ed25519", "--outform", "pem", output="one.key")
    pki(office, "--req", "--in", office.path("one.key"), "--dn", "CN=north-1", output="one.req")
    enrol = ["--est", "--url", office.url, "--in", office.path("one.req"), "--cacert", office.ca_certificate, "--outform", "pem", "--userpass", token]
    tap.check(pki(office, *enrol, output="one.crt"), "strongSwan enrols an Ed25519 key with a one-time token")
    san = names(office, "one.crt")
    tap.check(f"URI:spiffe://{SITE}/edge/north-1" in san and "192.0.2.7" in san and "DNS:north-1.example" in san, "the identity and the hosts are those of the token", san)
    tap.check(openssl("verify", "-CAfile", office.ca_certificate, office.path("one.crt")) is not None, "OpenSSL verifies the certificate")
    tap.check(not pki(office, *enrol), "the token is used up")
    pki(office, "--gen", "--type", "ed25519", "--outform", "pem", output="two.key")
    pki(office, "--req", "--in", office.path("two.key"), "--dn", "CN=north-1", output="two.req")
    renew = ["--est", "--url", office.url, "--in", office.path("two.req"), "--cacert", office.ca_certificate, "--outform", "pem"]
    tap.check(pki(office, *renew, "--cert", office.path("one.crt"), "--key", office.path("one.key"), output="two.crt"), "strongSwan renews with the old certificate, for a new key")
    tap.check(names(office, "two.crt") == san, "the renewed one has the same names")
    pki(office, "--gen", "--type", "ecdsa", "--size", "256", "--outform", "pem", output="ec.key")
    pki(office, "--req", "--in", office.path("ec.key"), "--dn", "CN=north-1", output="ec.req")
    other = ["--est", "--url", office.url, "--in", office.path("ec.req"), "--cacert", office.ca_certificate, "--outform", "pem"]
    tap.check(not pki(office, *other, "--cert", office.path("two.crt"), "--key", office.path("two.key")), "a key that is not Ed25519 is refused")


def make_request(office, name, file):
    openssl("genpkey", "-algorithm", "ed25519", "-out", office.path(file + ".key"))
    der = openssl("req", "-new", "-key", office.path(file + ".key"), "-subj", f"/CN={name}", "-outform", "der")
    return base64.b64encode(der)


def enrol(office, body, token=None, kind="application/pkcs10", scheme="Basic"):
    headers = {"Content-Type": kind, "Content-Transfer-Encoding": "base64"}
    if token is not None:
        headers["Authorization"] = f"{scheme} " + base64.b64encode(token.encode()).decode()
    return office.request("POST", EST + "/simpleenroll", body, headers)


def by_hand(tap, office):
    status, headers, body = office.request("GET", EST + "/cacerts")
    tap.check(status == 200 and headers["Content-Type"] == "application/pkcs7-mime" and headers["Content-Transfer-Encoding"] == "base64", "cacerts answers as RFC 7030 says")
    listed = openssl("pkcs7", "-inform", "der", "-print_certs", data=base64.b64decode(body)) or b""
    tap.check(listed.count(b"BEGIN CERTIFICATE") == 1, "one CA is in the PKCS#7")
    status, headers, body = office.request("GET", EST + "/csrattrs")
    tap.check(status == 200 and base64.b64decode(body) == bytes.fromhex("300506032b6570"), "csrattrs asks for Ed25519")

    body = make_request(office, "hand-1", "hand")
    status, headers, _ = enrol(office, body)
    tap.check(status == 401 and headers["WWW-Authenticate"].startswith("Basic"), "without a token: 401, and what is expected")
    token = office.invite("hand-1")
    for what, answer in {
        "an invented token": enrol(office, body, "hand-1:AAAAAAAAAAAAAAAAAAAAAA"),
        "another name's token": enrol(office, body, "hand-2:" + token.split(":")[1]),
        "no colon": enrol(office, body, "hand-1"),
        "a bearer scheme": enrol(office, body, token, scheme="Bearer"),
    }.items():
        tap.check(answer[0] == 401, f"401 for {what}", answer[0])
    for what, answer in {
        "rubbish": enrol(office, b"!!!", token),
        "an empty body": enrol(office, b"", token),
        "a request cut short": enrol(office, body[:-8], token),
        "a request for another name": enrol(office, make_request(office, "control", "other"), token),
        "a request in PEM": enrol(office, b"-----BEGIN CERTIFICATE REQUEST-----\n" + body, token),
        "200 KiB": enrol(office, b"A" * 200000, token),
        "JSON": enrol(office, body, token, kind="application/json"),
    }.items():
        tap.check(answer[0] in (400, 413, 415), f"refused: {what}", answer[0])
    status, _, answer = enrol(office, body, token)
    tap.check(status == 200, "none of that used up the token", status)
    made = openssl("pkcs7", "-inform", "der", "-print_certs", data=base64.b64decode(answer)) or b""
    with open(office.path("hand.crt"), "wb") as file:
        file.write(made)
    tap.check(f"spiffe://{SITE}/edge/hand-1" in names(office, "hand.crt"), "OpenSSL's request is certified")
    tap.check(enrol(office, body, token)[0] == 401, "a second time it is not")

    lines = base64.encodebytes(base64.b64decode(make_request(office, "hand-1", "again")))
    headers = {"Content-Type": "application/pkcs10"}
    tap.check(office.request("POST", EST + "/simplereenroll", lines, headers)[0] == 403, "renewal without a certificate is refused")
    tap.check(office.request("POST", EST + "/simplereenroll", lines, headers, identity=office.path("hand"))[0] == 200, "renewal with it is granted, line breaks or not")
    foreign = make_request(office, "hand-2", "foreign")
    tap.check(office.request("POST", EST + "/simplereenroll", foreign, headers, identity=office.path("hand"))[0] == 400, "renewal does not change the name")
    tap.check(office.request("GET", EST + "/serverkeygen")[0] == 404, "the server makes no keys")


def offices(tap, office):
    status, _, _ = office.request("GET", "/members", identity=office.path("hand"))
    tap.check(status == 403, "an edge may not list members")
    tap.check(office.request("POST", "/members", b'{"role":"ops","name":"chief"}')[0] == 403, "a stranger may not invite")
    control = office.path("id/control")
    for what, body in {
        "no name": b'{"role":"edge"}',
        "no role": b'{"name":"a"}',
        "the CA's own role": b'{"role":"enrol","name":"a"}',
        "a life of a year": b'{"role":"edge","name":"a","life_s":31536000}',
        "a host that is two": b'{"role":"edge","name":"a","hosts":["a,b"]}',
        "no JSON": b"{",
    }.items():
        status, _, answer = office.request("POST", "/members", body, identity=control)
        tap.check(status == 400 and b"detail" in answer, f"an invitation with {what} is refused", status)
    office.tocsin("ca", "issue", "ops", "chief", "--dir", office.path("ca"), "--out", office.path("id"))
    for role in ("operator", "ops"):
        body = json.dumps({"role": role, "name": "anna"}).encode()
        status, _, answer = office.request("POST", "/members", body, identity=control)
        tap.check(status == 400 and b"invited by ops" in answer, f"control invites no {role}: it would approve its own emergencies", answer)
        tap.check(office.request("POST", "/members", body, identity=office.path("id/chief"))[0] == 201, f"ops does invite one ({role})")
        body = json.dumps({"role": role, "name": "chief"}).encode()
        status, _, answer = office.request("POST", "/members/revoke", body, identity=control)
        tap.check(status == 400 and b"withdrawn by ops" in answer, f"nor withdraws one ({role}) by name", answer)
    revoke_files(tap, office)
    tap.check({m["name"] for m in office.members()} >= {"hand-1"}, "members are listed")
    shown = office.tocsin("device", "add", "shown", *office.office())
    tap.check("█" in shown and office.fingerprint() in shown, "device add prints a QR code and the CA's fingerprint")
    file = office.path("token")
    office.tocsin("device", "add", "filed", "--token-file", file, *office.office())
    tap.check(os.stat(file).st_mode & 0o777 == 0o600, "or writes the token where nobody else reads it")
    wrong = office.run("device", "add", "x", "--url", office.url, "--ca", office.ca_certificate, "--identity", office.path("hand"))
    tap.check(wrong.returncode == 1 and "control and ops" in wrong.stderr, "device add says why it was refused", wrong.stderr)
    log = office.log()
    tap.check(len(office.tokens) > 1 and "enrol.asked" in log and not any(token in log for token in office.tokens), "no token is in the log")


def revoke_files(tap, office):
    """A certificate is withdrawn when this CA has issued it, and those of ops by ops only."""
    control = office.path("id/control")

    def revoke(path, identity):
        with open(path, encoding="ascii") as file:
            body = json.dumps({"certificate": file.read()}).encode()
        status, _, answer = office.request("POST", "/members/revoke", body, identity=identity)
        return status, answer

    office.tocsin("ca", "init", "--site", SITE, "--dir", office.path("fake"))
    office.tocsin("ca", "issue", "edge", "foreign", "--dir", office.path("fake"), "--out", office.path("fake"))
    status, answer = revoke(office.path("fake/foreign.crt"), control)
    tap.check(status == 400 and b"no CA of this site" in answer, "a certificate that another CA made does not come on the list", answer)
    status, answer = revoke(office.path("id/chief.crt"), control)
    tap.check(status == 400 and b"withdrawn by ops" in answer, "control withdraws no certificate of ops", answer)
    office.tocsin("ca", "issue", "operator", "gone", "--dir", office.path("ca"), "--out", office.path("id"))
    tap.check(revoke(office.path("id/gone.crt"), office.path("id/chief"))[0] == 200, "ops withdraws an operator's")
    office.tocsin("ca", "issue", "edge", "spare", "--dir", office.path("ca"), "--out", office.path("id"))
    tap.check(revoke(office.path("id/spare.crt"), control)[0] == 200, "control withdraws a device's")


def hand_made(tap, office):
    """A certificate of `tocsin ca issue` is renewed no more once its member was revoked by name."""
    office.tocsin("ca", "issue", "edge", "stolen", "--dir", office.path("ca"), "--out", office.path("id"))
    headers = {"Content-Type": "application/pkcs10"}

    def renew():
        return office.request("POST", EST + "/simplereenroll", make_request(office, "stolen", "stolen"), headers, identity=office.path("id/stolen"))[0]

    done = office.run("device", "revoke", "nobody", *office.office())
    tap.check(done.returncode == 1 and "--certificate" in done.stderr, "device revoke fails when it finds nothing", done.stderr)
    tap.check(renew() == 200, "a certificate made by hand is renewed")
    said = office.tocsin("device", "revoke", "stolen", *office.office())
    tap.check("2 certificates are revoked" in said, "and revoked by name with the new one", said)
    tap.check(renew() == 403, "then it is renewed no more")
    office.tocsin("ca", "issue", "edge", "lurker", "--dir", office.path("ca"), "--out", office.path("id"))
    office.run("device", "revoke", "lurker", *office.office())
    status = office.request("POST", EST + "/simplereenroll", make_request(office, "lurker", "lurker"), headers, identity=office.path("id/lurker"))[0]
    tap.check(status == 403, "nor is one that the register first sees afterwards", status)


def kept(tap, office):
    token = office.invite("kept-1")
    body = make_request(office, "kept-1", "kept")
    office.server.kill()
    office.server.wait()
    office.start()
    tap.check(enrol(office, body, token)[0] == 200, "a token outlives kill -9 of the server")
    office.server.kill()
    office.server.wait()
    office.start()
    tap.check(enrol(office, body, token)[0] == 401, "and so does that it is used")


def main():
    tap = Tap()
    with Office() as office:
        office.start()
        strongswan(tap, office)
        by_hand(tap, office)
        offices(tap, office)
        hand_made(tap, office)
        kept(tap, office)
    with Office(passphrase="correct horse") as office:
        office.start()
        tap.check(office.invite("sealed-1") != "", "a sealed CA key is opened with its passphrase")
        with open(office.ca_key, encoding="ascii") as file:
            tap.check("ENCRYPTED" in file.read(), "and lies sealed")
        office.stop()
        office.passphrase = {"TOCSIN_CA_PASSPHRASE": "wrong"}
        tap.check(refuses_to_start(office), "with a wrong one nothing starts")
    if os.path.exists(HSM):
        with Office(hsm=True) as office:
            office.start()
            in_token(tap, office)
    else:
        tap.check(True, "the CA's key in a token # SKIP softhsm2")
    return tap.done()


def in_token(tap, office):
    tap.check(not os.path.exists(office.path("ca/ca.key")), "with a CA key in a token there is no key file")
    body = make_request(office, "token-1", "token")
    status, _, answer = enrol(office, body, office.invite("token-1"))
    with open(office.path("token.crt"), "wb") as file:
        file.write(openssl("pkcs7", "-inform", "der", "-print_certs", data=base64.b64decode(answer)) or b"")
    tap.check(status == 200 and openssl("verify", "-CAfile", office.ca_certificate, office.path("token.crt")), "the token signs certificates that OpenSSL verifies", status)
    office.tocsin("device", "revoke", "token-1", *office.office())
    with open(office.path("list.crl"), "wb") as file:
        file.write(office.request("GET", "/crl")[2])
    checked = subprocess.run(["openssl", "crl", "-in", office.path("list.crl"), "-inform", "der", "-CAfile", office.ca_certificate, "-noout"], capture_output=True)
    tap.check(b"verify OK" in checked.stderr, "and lists", checked.stderr)
    office.stop()
    office.passphrase = {**office.passphrase, "TOCSIN_CA_PASSPHRASE": "9999"}
    try:
        office.start()
        tap.check(False, "with a wrong PIN nothing starts")
    except RuntimeError as error:
        tap.check("token cannot log in" in str(error), "with a wrong PIN nothing starts", str(error)[-200:])


def refuses_to_start(office):
    try:
        office.start()
    except RuntimeError as error:
        return "passphrase" in str(error)
    return False


if __name__ == "__main__":
    sys.exit(main())
