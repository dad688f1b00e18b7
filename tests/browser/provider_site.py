#!/usr/bin/env python3
"""Signing in through a real identity provider's own page, in a real Chromium: npm's oidc-provider and control, both over TLS.

Starts both and runs provider.mjs.
"""

import json
import os
import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "lib"))
sys.path.insert(0, str(TESTS / "scenario" / "control"))
from control_rig import PASSWORD, Rig  # noqa: E402
from factor_test import Person  # noqa: E402
from provider_rig import SECRET, Provider  # noqa: E402
from site_runner import ROOT  # noqa: E402


def main():
    with Rig() as rig:
        rig.begin()
        rig.invite("ann", "operator")
        codes = Person(rig, "ben").set_up(rig.invite("ben", "operator")).json["recovery_codes"]
        guest = rig.ask("POST", "/api/invitations", {"username": "gita", "role": "viewer", "zones": None}).json["href"]
        rig.stop()
        rig.tocsin("ca", "issue", "control", "web", "--web", "--host", "127.0.0.1", "--dir", rig.path("ca"), "--out", rig.folder)
        provider = Provider(rig.folder, f"https://127.0.0.1:{rig.port}")
        try:
            rig.secrets["TOCSIN_OIDC_SECRET"] = SECRET
            tls = {"http.certificate": rig.path("web.crt"), "http.key": rig.path("web.key")}
            rig.start(**provider.options(), **tls, **{"web.folder": os.path.join(ROOT, "web", "dist")})
            told = {"ORIGIN": provider.origin, "ISSUER": provider.issuer, "PASSWORD": PASSWORD, "CODES": json.dumps(codes), "INVITATION": provider.origin + guest}
            node = subprocess.Popen(
                ["node", str(pathlib.Path(__file__).with_name("provider.mjs"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **told}
            )  # fmt: skip
            for line in node.stdout:
                if line == "!stop\n":
                    provider.stop()
                    node.stdin.write("done\n")
                    node.stdin.flush()
                else:
                    print(line, end="", flush=True)
            status = node.wait()
            if status != 0:
                print("# control:\n# " + "\n# ".join(rig.log().splitlines()[-20:]))
            return status
        finally:
            provider.stop()


if __name__ == "__main__":
    sys.exit(main())
