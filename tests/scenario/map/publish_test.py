#!/usr/bin/env python3
"""tocsin-map publish and rollback against a strict store: the way of a release, and what is refused."""

import hashlib
import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from site_runner import Tap  # noqa: E402
from store_rig import CURRENT_URL, ORIGIN, StoreRig  # noqa: E402


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def name_of(rig, archive):
    return f"tactical-{sha256(rig.read(archive))}.pmtiles"


def check_first(tap, rig):
    done = rig.publish(rig.path("a.pmtiles"))
    name = name_of(rig, "a.pmtiles")
    tap.check(done.returncode == 0 and done.report["changed"] and done.report["upload"] == "sent" and done.report["purge"] == "done", "the first archive is published", done.stderr)
    current = rig.current()
    tap.check(current["archive"] == name and current["size"] == len(rig.read("a.pmtiles")), "current.json names it by its hash")
    got = rig.get("/maps/" + name, port=rig.public_port)
    tap.check(got.body == rig.read("a.pmtiles") and "immutable" in got["Cache-Control"] and got["Content-Type"] == "application/vnd.pmtiles", "it is there as it is, for ever")
    tap.check(rig.get("/maps/current.json", port=rig.public_port)["Cache-Control"] == "public, max-age=60", "current.json for 60 s")
    put = rig.requests("PUT /maps/maps/tactical")
    tap.check(len(put) == 1 and put[0]["if"] == {"If-None-Match": "*"}, "created only where nothing was", str(put))
    put = rig.requests("PUT /maps/maps/current.json")
    tap.check(len(put) == 1 and put[0]["if"] == {"If-None-Match": "*"}, "current.json too, the first time", str(put))
    tap.check(rig.ask("purges") == [CURRENT_URL, {"url": CURRENT_URL, "headers": {"Origin": ORIGIN}}], "the CDN forgets current.json only, for the web origin too", str(rig.ask("purges")))
    tap.check(not [one for one in rig.ask("log") if one["status"] == 417], "without Expect: 100-continue")


def check_again(tap, rig):
    rig.tell("forget")
    done = rig.publish(rig.path("a.pmtiles"))
    tap.check(done.returncode == 0 and not done.report["changed"] and done.report["upload"] == "there", "the same again changes nothing", done.stderr)
    tap.check(not rig.requests("PUT|POST|DELETE"), "and writes nothing", str(rig.requests("PUT|POST|DELETE")))


def check_next(tap, rig):
    rig.tell("forget")
    before = rig.get("/maps/current.json", port=rig.public_port)["ETag"]
    done = rig.publish(rig.path("b.pmtiles"))
    put = rig.requests("PUT /maps/maps/current.json")
    tap.check(done.returncode == 0 and put[0]["if"] == {"If-Match": before}, "the next replaces the one that was read", done.stderr)
    current = rig.current()
    tap.check([one["archive"] for one in current["releases"]] == [name_of(rig, "b.pmtiles"), name_of(rig, "a.pmtiles")], "both releases are listed")


def check_rollback(tap, rig):
    done = rig.command("rollback")
    tap.check(done.returncode == 0 and rig.current()["archive"] == name_of(rig, "a.pmtiles"), "rollback: the one before", done.stderr)
    done = rig.command("rollback")
    tap.check(done.returncode == 1 and "no release before" in done.stderr, "there is none before that", done.stderr)
    wanted = sha256(rig.read("b.pmtiles"))
    done = rig.command("rollback", wanted[:12])
    tap.check(done.returncode == 0 and rig.current()["archive"] == name_of(rig, "b.pmtiles"), "rollback to a hash", done.stderr)
    tap.check(rig.command("rollback", "0" * 12).returncode == 1, "not to one that is not kept")
    tap.check(rig.command("rollback", "ab").returncode == 2, "nor to so short a hash")


def check_kept(tap, rig):
    done = rig.publish(rig.path("c.pmtiles"))
    tap.check(done.returncode == 0 and done.report["dropped"] == 0 and len(rig.current()["releases"]) == 3, "three releases are kept", done.stderr)
    done = rig.publish(rig.path("d.pmtiles"))
    there = [name for name in rig.ask("objects") if name.endswith(".pmtiles")]
    tap.check(done.report["dropped"] == 1 and len(there) == 3 and "maps/" + name_of(rig, "a.pmtiles") not in there, "the oldest is deleted", str(there))


def check_large(tap, rig):
    rig.tell("forget")
    done = rig.publish(rig.path("large.pmtiles"))
    name = name_of(rig, "large.pmtiles")
    data = rig.read("large.pmtiles")
    tap.check(done.returncode == 0 and rig.current()["archive"] == name, "a large archive goes in parts", done.stderr)
    parts = rig.requests("PUT .*partNumber")
    count = -(-len(data) // (5 << 20))
    tap.check(len(parts) == count and sorted(one["size"] for one in parts)[1:] == [5 << 20] * (count - 1), f"{count} parts, equal but the last", str([one["size"] for one in parts]))
    end = rig.requests("POST .*uploadId")
    tap.check(len(end) == 1 and end[0]["if"] == {"If-None-Match": "*"}, "put together only where nothing was")
    tap.check(sha256(rig.get("/maps/" + name, port=rig.public_port).body) == sha256(data), "and is whole")
    tap.check(not os.path.exists(os.path.join(rig.state, "upload.journal")), "no journal is left")


def check_refused(tap, rig):
    before = rig.current()
    rig.write("broken.pmtiles", "PMTiles\x03 and nothing else")
    done = rig.publish(rig.path("broken.pmtiles"))
    tap.check(done.returncode == 1 and "not valid" in done.stderr, "a broken archive is not published", done.stderr)
    done = rig.publish(rig.path("a.pmtiles"), env=rig.credentials(TOCSIN_S3_KEY="another"))
    tap.check(done.returncode == 1 and "SignatureDoesNotMatch" in done.stderr, "a wrong key is refused, and said so", done.stderr)
    done = rig.publish(rig.path("a.pmtiles"), env=rig.credentials(TOCSIN_S3_KEY=""))
    tap.check(done.returncode == 1 and "TOCSIN_S3_KEY" in done.stderr, "without a key: said which variable", done.stderr)
    tap.check(rig.publish(rig.path("none.pmtiles")).returncode == 1, "an archive that is not there")
    rig.config(s3__endpoint="http://192.0.2.1")
    tap.check("loopback" in rig.publish(rig.path("a.pmtiles")).stderr, "no plain HTTP beyond loopback")
    rig.config(s3__region="us-east-1")
    tap.check("AuthorizationHeaderMalformed" in rig.publish(rig.path("a.pmtiles")).stderr, "a wrong region")
    rig.config()
    tap.check(rig.current() == before, "and nothing has changed")


def check_clearance(tap, rig):
    """What is not anonymised, or says that it is private, never leaves; nothing makes an exception."""
    before, there = rig.current(), rig.ask("objects")
    rig.tell("forget")
    done = rig.publish(rig.archive("raw.pmtiles", "raw", 200, public=False))
    tap.check(done.returncode == 1 and "reason=denied" in done.stderr and "does not say that it is anonymised" in done.stderr, "what is not anonymised is not published", done.stderr)
    done = rig.publish(rig.archive("field.pmtiles", "field", 200, words=("--private",)))
    tap.check(done.returncode == 1 and "says that it is private" in done.stderr, "nor what is private, whatever else it says", done.stderr)
    for wish in ("--set", "release.force=yes"), ("--set", "archive.private=no"), ("--force",):
        tap.check(rig.command("publish", rig.path("raw.pmtiles"), *wish).returncode != 0, f"no override: {' '.join(wish)}")
    source = rig.points("mixed.geojson", "mixed", 20)
    done = rig.run("build", "--quiet", "-o", rig.path("mixed.pmtiles"), f"cells:{source}", f"cells:{rig.points('exact.geojsonl', 'x', 5, public=False)}")
    tap.check(done.returncode == 1 and "1 of its 2 files are anonymised" in done.stderr, "a layer that is anonymised in part is not built", done.stderr)
    named = rig.write("named.geojson", rig.read("mixed.geojson").decode().replace('"count"', '"premise"'))
    rig.run("build", "--quiet", "-o", rig.path("named.pmtiles"), f"cells:{named}")
    done = rig.publish(rig.path("named.pmtiles"))
    tap.check(done.returncode == 1 and 'has the attribute' in done.stderr and "premise" in done.stderr, "nor is a layer with more attributes than a release has", done.stderr)
    tap.check(rig.current() == before and rig.ask("objects") == there and not rig.requests("PUT|POST"), "and nothing was sent")


def check_cdn(tap, rig):
    rig.tell("forget")
    done = rig.publish(rig.path("b.pmtiles"), env=rig.credentials(TOCSIN_CDN_TOKEN=""))
    tap.check(done.returncode == 0 and "purge.skipped" in done.stderr and done.report["purge"] == "none", "without the CDN's token: a warning, success", done.stderr)
    done = rig.publish(rig.path("b.pmtiles"))
    tap.check(done.report["purge"] == "done" and len(rig.ask("purges")) == 2, "the next run with it makes up for that", done.stderr)
    rig.fault("purge_cache", "500", times=2)
    done = rig.publish(rig.path("c.pmtiles"))
    tap.check(done.returncode == 0 and len(rig.requests("purge_cache")) == 4, "a purge is tried again", done.stderr)
    done = rig.publish(rig.path("d.pmtiles"), env=rig.credentials(TOCSIN_CDN_TOKEN="wrong"))
    tap.check(done.returncode == 3 and "purge.failed" in done.stderr and done.report["changed"] and done.report["purge"] == "failed",
              "a purge that fails: status 3, in the log, in the report", done.stderr)
    done = rig.publish(rig.path("d.pmtiles"))
    tap.check(done.returncode == 0 and done.report["purge"] == "done" and not done.report["changed"], "it is made up for", done.stderr)


def check_write_only(tap, rig):
    rig.tell("write-only", True)
    rig.tell("forget")
    rig.config(state__folder=rig.path("nothing-known"))
    done = rig.publish(rig.path("a.pmtiles"))
    tap.check(done.returncode == 1 and "another publisher" in done.stderr, "a writer who knows nothing replaces nothing", done.stderr)
    rig.config()
    rig.tell("write-only", False)
    tap.check(rig.publish(rig.path("a.pmtiles")).returncode == 0, "once it has read and written,")
    rig.tell("write-only", True)
    for archive in ("b.pmtiles", "large2.pmtiles"):
        done = rig.publish(rig.path(archive))
        tap.check(done.returncode == 0 and rig.current()["archive"] == name_of(rig, archive), f"it goes on without reading: {archive}", done.stderr)
    tap.check(done.report["kept_on"] > 0 and "release.kept_on" in done.stderr, "what it may not delete stays, and is told")
    done = rig.command("rollback")
    tap.check(done.returncode == 0 and rig.current()["archive"] == name_of(rig, "b.pmtiles"), "and goes back", done.stderr)
    rig.config(state__folder=rig.path("elsewhere"))
    rig.tell("write-only", False)
    tap.check(rig.publish(rig.path("c.pmtiles")).returncode == 0, "another machine publishes")
    rig.tell("write-only", True)
    rig.config()
    done = rig.publish(rig.path("d.pmtiles"))
    tap.check(done.returncode == 1 and "another publisher" in done.stderr and rig.current()["archive"] == name_of(rig, "c.pmtiles"),
              "the first, who cannot see that, replaces nothing", done.stderr)
    rig.tell("write-only", False)


def read_whole(rig, seen):
    """A reader as the page is: current.json, then the archive that it names, piece by piece."""
    name = json.loads(rig.get("/maps/current.json", port=rig.public_port).body)["archive"]
    data, size, etag = b"", 1, None
    while len(data) < size:
        headers = {"Range": f"bytes={len(data)}-{len(data) + 39999}", **({"If-Match": etag} if etag else {})}
        got = rig.get("/maps/" + name, headers, port=rig.public_port)
        if got.status != 206:
            raise RuntimeError(f"{got.status} for {name}")
        etag, size = got["ETag"], int(got["Content-Range"].split("/")[1])
        data += got.body
    seen["mixed" if sha256(data) not in name else "whole"] += 1
    seen["names"].add(name)


def read_on(rig, seen, end):
    try:
        while not end.is_set():
            read_whole(rig, seen)
    except Exception as error:  # what went wrong is told by the test
        seen["error"] = f"{type(error).__name__}: {error}"


def check_switch(tap, rig):
    end, seen = threading.Event(), {"mixed": 0, "whole": 0, "names": set(), "error": ""}
    readers = [threading.Thread(target=read_on, args=(rig, seen, end)) for _ in range(2)]
    for reader in readers:
        reader.start()
    good = 0
    for archive in ("a.pmtiles", "b.pmtiles", "a.pmtiles", "d.pmtiles", "b.pmtiles"):
        good += rig.publish(rig.path(archive)).returncode == 0
    good += rig.command("rollback").returncode == 0
    end.set()
    for reader in readers:
        reader.join()
    tap.check(good == 6, "published and rolled back while people read")
    tap.check(not seen["error"] and not seen["mixed"] and seen["whole"] >= 6 and len(seen["names"]) >= 2, "nobody read a mixture of two archives", str(seen))


def check_tls(tap):
    """As in production: the store and the CDN's API over TLS, from within the sandbox."""
    with StoreRig() as rig:
        for name in ("store", "other"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=store",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", rig.path(f"{name}.pem"), "-out", rig.path(f"{name}.crt")],
                           capture_output=True, check=True, timeout=30)
            rig.write(f"{name}.pem", rig.read(f"{name}.pem").decode() + rig.read(f"{name}.crt").decode())
        rig.store_start("--certificate", rig.path("store.pem"))
        archive = rig.archive("a.pmtiles", "tls", 900)
        address = f"https://127.0.0.1:{rig.s3_port}"
        rig.config(s3__endpoint=address, cdn__api=address, s3__ca=rig.path("other.crt"))
        done = rig.publish(archive)
        tap.check(done.returncode == 1 and "reason=denied" in done.stderr, "TLS: a store of another authority is not trusted", done.stderr)
        rig.config(s3__endpoint=address, cdn__api=address, s3__ca=rig.path("store.crt"))
        done = rig.publish(archive)
        tap.check(done.returncode == 0 and done.report["purge"] == "done" and rig.current()["archive"] == name_of(rig, "a.pmtiles"), "TLS: published and purged", done.stderr)
        rig.config(s3__endpoint=address.replace("https", "http"), s3__attempts="2")
        tap.check(rig.publish(archive).returncode == 1, "TLS: no plain HTTP to it")


def main():
    tap = Tap()
    check_tls(tap)
    with StoreRig() as rig:
        for name, count in (("a", 1500), ("b", 1800), ("c", 1500), ("d", 1600)):
            rig.archive(f"{name}.pmtiles", name, count)
        rig.large("large.pmtiles", 1)
        rig.large("large2.pmtiles", 2)
        rig.store_start()
        rig.config()
        for check in (check_first, check_again, check_next, check_rollback, check_kept, check_large, check_refused, check_clearance, check_cdn, check_write_only, check_switch):
            check(tap, rig)
        found = rig.secrets_found()
        tap.check(not found, "credentials stand in no file, log or report", str(found))
        tap.check(not [name for name in os.listdir(rig.folder) if name.startswith("core")], "and no core was left")
    return tap.done()


sys.exit(main())
