#!/usr/bin/env python3
"""tocsin-map publish against OpenStack Swift's S3 API: signatures, parts and ETags as somebody else reads the rules."""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from site_runner import Tap  # noqa: E402
from store_rig import StoreRig  # noqa: E402
from swift_peer import KEY, KEY_ID, SwiftPeer, missing  # noqa: E402


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def publish(rig, archive, key=KEY):
    return rig.publish(archive, env=rig.credentials(TOCSIN_S3_KEY_ID=KEY_ID, TOCSIN_S3_KEY=key, TOCSIN_CDN_TOKEN=""))


def check_archive(tap, rig, peer, archive, what):
    done = publish(rig, archive)
    tap.check(done.returncode == 0 and done.report["changed"], f"{what}: published", done.stderr)
    _, _, body = peer.ask("GET", "/maps/maps/current.json")
    name = json.loads(body)["archive"]
    status, headers, data = peer.ask("GET", f"/maps/maps/{name}")
    tap.check(status == 200 and sha256(data) == sha256(rig.read(archive)) and sha256(data) in name, f"{what}: there as it is", str(status))
    return headers


def main():
    lacking = missing()
    if lacking:
        print(f"1..0 # SKIP {lacking} is not here: apt-get install --no-install-recommends swift swift-proxy swift-account swift-container swift-object")
        return 77
    tap = Tap()
    with StoreRig() as rig:
        peer = SwiftPeer(rig.path("swift"))
        try:
            peer.start()
            rig.s3_port = peer.port
            rig.config(s3__conditional="no", s3__idle_ms="30000")
            small, large = rig.archive("a b+c=ü.pmtiles", "swift"), rig.large("large.pmtiles", 5)
            headers = check_archive(tap, rig, peer, small, "one request")
            tap.check(headers["ETag"].strip('"') == hashlib.md5(rig.read(small)).hexdigest(), "its ETag is its MD5", str(headers["ETag"]))
            headers = check_archive(tap, rig, peer, large, "parts")
            tap.check(headers["ETag"].strip('"').endswith("-" + str(-(-len(rig.read(large)) // (5 << 20)))), "its ETag is of its parts", str(headers["ETag"]))
            done = publish(rig, large)
            tap.check(done.returncode == 0 and not done.report["changed"] and done.report["upload"] == "there", "the same again changes nothing", done.stderr)
            done = rig.command("rollback", env=rig.credentials(TOCSIN_S3_KEY_ID=KEY_ID, TOCSIN_S3_KEY=KEY, TOCSIN_CDN_TOKEN=""))
            tap.check(done.returncode == 0, "rollback", done.stderr)
            done = publish(rig, large, key="wrong")
            tap.check(done.returncode == 1 and "SignatureDoesNotMatch" in done.stderr, "Swift refuses another key", done.stderr)
            rig.config(s3__idle_ms="30000")
            done = publish(rig, large)
            tap.check(done.returncode == 1 and "501" in done.stderr and "conditional PUT" in done.stderr, "a conditional PUT, which Swift does not know, is an error, no silence", done.stderr)
            rig.config(s3__conditional="no", s3__prefix="a b/ü+=&/", s3__idle_ms="30000")
            done = publish(rig, small)
            tap.check(done.returncode == 0, "keys with every kind of letter are signed as Swift signs them", done.stderr)
        finally:
            peer.stop()
    return tap.done()


sys.exit(main())
