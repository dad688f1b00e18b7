#!/usr/bin/env python3
"""Every TLS listener of the site, asked from outside over every version, cipher and group: TLS 1.3 or nothing.

OpenSSL asks for each setting; testssl.sh, where it is installed, says the same in its own way.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from site_runner import Tap  # noqa: E402
from street_rig import Street  # noqa: E402

OLD = ["-ssl3", "-tls1", "-tls1_1", "-tls1_2"]
SUITES = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]
GROUPS = ["X25519", "P-256", "P-384"]


def shake(port, *words, timeout=20):
    """The protocol and the suite that were agreed on, or None."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *words]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=timeout)
    text = done.stdout.decode(errors="replace")
    for line in text.splitlines():
        if line.startswith("New, ") and "(NONE)" not in line:
            _, protocol, suite = line.split(", ")
            return protocol, suite.removeprefix("Cipher is ")
    return None


def settings(tap, street, what, port):
    identity = ["-cert", street.path("id/control.crt"), "-key", street.path("id/control.key"), "-CAfile", street.ca_certificate]
    usual = shake(port, *identity)
    tap.check(usual and usual[0] == "TLSv1.3", f"{what}: TLS 1.3 is agreed on", usual)
    tap.check(not any(shake(port, version, *identity) for version in OLD), f"{what}: nothing older is")
    # SECLEVEL=0 so that it is the server that refuses, and not our own client.
    weak = shake(port, "-tls1_2", "-cipher", "ALL:eNULL:@SECLEVEL=0", *identity)
    tap.check(weak is None, f"{what}: nor with every cipher that OpenSSL has, null ones too", weak)
    for suite in SUITES:
        agreed = shake(port, "-ciphersuites", suite, *identity)
        tap.check(agreed in (None, ("TLSv1.3", suite)), f"{what}: {suite} or nothing", agreed)
    fresh = [group for group in GROUPS if shake(port, "-groups", group, *identity)]
    tap.check("X25519" in fresh, f"{what}: keys are agreed on anew each time, by {', '.join(fresh)}")


def speaks_with_nobody(street):
    tls = ssl.create_default_context(cafile=street.ca_certificate)
    with socket.create_connection(("127.0.0.1", street.ports["zone"]), timeout=20) as raw:
        try:
            with tls.wrap_socket(raw, server_hostname="127.0.0.1") as stream:
                stream.sendall(b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x01x")
                return stream.recv(100) == b""
        except ssl.SSLCertVerificationError:
            return False  # it is we who refuse
        except (ssl.SSLError, ConnectionError):
            return True


def scan(tap, street, what, port):
    """The opinion of testssl.sh; what it cannot know of a private CA is left out."""
    report = street.path(f"{what}.json")
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--protocols", "--server-defaults", "--vulnerable", "--jsonfile", report, f"127.0.0.1:{port}"]
    subprocess.run(command, capture_output=True, timeout=400, env={**os.environ, "TERM": "dumb"})
    with open(report, encoding="utf-8") as file:
        findings = {entry["id"]: entry for entry in json.load(file)}
    for protocol in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2"):
        found = findings.get(protocol, {}).get("finding", "")
        tap.check("not offered" in found, f"testssl.sh: {what}: {protocol} is not offered", found)
    found = findings.get("TLS1_3", {}).get("finding", "")
    tap.check(found.startswith("offered"), f"testssl.sh: {what}: TLS 1.3 is offered", found)
    holes = {name: entry["finding"] for name, entry in findings.items() if entry.get("cve") and entry["severity"] not in ("OK", "INFO", "WARN")}
    tap.check(not holes, f"testssl.sh: {what}: no known hole", holes)


def main():
    tap = Tap()
    with Street() as street:
        street.begin()
        street.member("edge", "sign-1", token=street.invite("sign-1", "--host", "127.0.0.1"))
        media = int(street.log_of("sign-1").split("media_port=")[1].split()[0])
        listeners = {"enrol": street.port, "central": street.ports["central"], "zone": street.ports["zone"], "media": media}
        for what, port in listeners.items():
            settings(tap, street, what, port)
        tap.check(speaks_with_nobody(street), "a broker speaks with nobody who has no certificate")
        if shutil.which("testssl"):
            scan(tap, street, "enrol", street.port)
        else:
            tap.check(True, "testssl.sh's opinion # SKIP testssl.sh is not installed")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
