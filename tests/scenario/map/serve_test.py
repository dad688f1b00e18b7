#!/usr/bin/env python3
"""tocsin-map serve: ranges, tiles, TileJSON, private archives, and archives replaced under their readers."""

import gzip
import hashlib
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from serve_rig import TOKEN, MapRig  # noqa: E402
from site_runner import Tap, wait_for  # noqa: E402

BEARER = {"Authorization": f"Bearer {TOKEN}"}
TILE = "12/2915/1934"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def check_ranges(tap, rig, data):
    etag = f'"{sha256(data)}"'
    whole = rig.get("/town.pmtiles")
    tap.check(whole.status == 200 and whole.body == data and whole["ETag"] == etag, "the whole archive, with its hash as ETag")
    tap.check(whole["Content-Type"] == "application/vnd.pmtiles" and whole["Accept-Ranges"] == "bytes", "its type, and that ranges may be asked")
    tap.check(whole["Content-Encoding"] is None, "no coding around an archive")
    size = len(data)
    cases = [("bytes=0-126", data[:127], f"bytes 0-126/{size}"), ("bytes=-5", data[-5:], f"bytes {size - 5}-{size - 1}/{size}"),
             (f"bytes={size - 1}-", data[-1:], f"bytes {size - 1}-{size - 1}/{size}"), (f"bytes=100-{size * 9}", data[100:], f"bytes 100-{size - 1}/{size}"),
             ("bytes=100-50099", data[100:50100], f"bytes 100-50099/{size}")]
    for asked, body, told in cases:
        got = rig.get("/town.pmtiles", {"Range": asked, "If-Match": etag})
        tap.check(got.status == 206 and got.body == body and got["Content-Range"] == told, f"range {asked}", f"{got.status} {got['Content-Range']}")
    got = rig.get("/town.pmtiles", {"Range": f"bytes={size}-"})
    tap.check(got.status == 416 and got["Content-Range"] == f"bytes */{size}", "a range beyond the end is 416 with the size")
    tap.check(rig.get("/town.pmtiles", {"Range": "bytes=0-1,5-6"}).body == data, "several ranges: the whole")
    head = rig.get("/town.pmtiles", {"Range": "bytes=0-1"}, "HEAD")
    tap.check(head.status == 200 and head.body == b"" and head["Content-Length"] == str(size), "HEAD: no range, no body, the size")
    got = rig.get("/town.pmtiles", {"If-Match": '"other"', "Range": "bytes=0-1"})
    tap.check(got.status == 412 and got["ETag"] == etag, "If-Match of another edition is 412, and tells the ETag")
    tap.check(rig.get("/town.pmtiles", {"If-None-Match": etag}).status == 304, "If-None-Match is 304")
    got = rig.get("/town.pmtiles", {"If-Range": '"other"', "Range": "bytes=0-1"})
    tap.check(got.status == 200 and got.body == data, "If-Range of another edition: the whole")


def check_documents(tap, rig, data):
    hashed = f"town-{sha256(data)}"
    current = json.loads(rig.get("/current.json").body)
    tap.check(current["archive"] == hashed + ".pmtiles" and current["size"] == len(data), "current.json names the edition by its hash")
    got = rig.get(f"/{current['archive']}", {"Range": "bytes=0-6"})
    tap.check(got.body == b"PMTiles" and "immutable" in got["Cache-Control"], "which is there, for ever")
    tap.check("immutable" not in rig.get("/town.pmtiles", method="HEAD")["Cache-Control"], "the name alone is not for ever")
    tap.check(rig.get(f"/town-{'0' * 64}.pmtiles").status == 404, "an edition that is not here is 404")
    about = json.loads(rig.get("/town.json").body)
    tap.check(about["tilejson"] == "3.0.0" and about["minzoom"] == 6 and about["maxzoom"] == 12 and len(about["bounds"]) == 4, "TileJSON 3.0")
    tap.check([layer["id"] for layer in about["vector_layers"]] == ["points"], "with the layers")
    url = about["tiles"][0]
    tap.check(url == f"http://127.0.0.1:{rig.port}/{hashed}/{{z}}/{{x}}/{{y}}.mvt", "and tiles of one edition", url)
    tap.check(rig.get("/town.json", {"Host": 'x"y'}).status == 400, "a Host that is none is not repeated")
    for path in ("/", "/other.pmtiles", "/town", "/town.txt", "/serve.ini", "/town/1/2/3.png", "/town/99/0/0.mvt", "/town/06/0/0.mvt", "/town/6/64/0.mvt"):
        tap.check(rig.get(path).status == 404, f"{path} is 404")
    tap.check(rig.get("/town.pmtiles", method="POST").status == 405, "POST is 405")


def check_tiles(tap, rig):
    tile = rig.get(f"/town/{TILE}.mvt", {"Accept-Encoding": "br, gzip"})
    tap.check(tile.status == 200 and tile["Content-Encoding"] == "gzip" and tile["Content-Type"] == "application/vnd.mapbox-vector-tile", "a tile as it is stored")
    tap.check(rig.get(f"/town/{TILE}.pbf", {"Accept-Encoding": "gzip"}).body == tile.body, "by its other ending too")
    plain = rig.get(f"/town/{TILE}.mvt", {"Accept-Encoding": "identity"})
    tap.check(plain.status == 200 and plain["Content-Encoding"] is None and plain.body == gzip.decompress(tile.body), "unpacked for who takes no gzip")
    tap.check(plain["ETag"] != tile["ETag"] and tile["Vary"] == "Accept-Encoding", "under another ETag")
    tap.check(rig.get(f"/town/{TILE}.mvt", {"Accept-Encoding": "gzip;q=0"}).body == plain.body, "gzip;q=0 is no gzip")
    tap.check(rig.get(f"/town/{TILE}.mvt", {"If-None-Match": tile["ETag"], "Accept-Encoding": "gzip"}).status == 304, "and 304 for who has it")
    tap.check(rig.get("/town/12/0/0.mvt").status == 204, "where nothing is: 204")
    tap.check(rig.get("/town/13/5830/3868.mvt").status == 404, "beyond the zooms: 404")


def check_private(tap, rig):
    for path in ("/field.pmtiles", "/field.json", "/field.current.json", f"/field/{TILE}.mvt"):
        bare = rig.get(path)
        tap.check(bare.status == 401 and bare["WWW-Authenticate"].startswith("Bearer"), f"{path} without a token is 401")
        tap.check(rig.get(path, {"Authorization": "Bearer " + TOKEN[:-1]}).status == 401, f"{path} with another token is 401")
        got = rig.get(path, BEARER)
        tap.check(got.status == 200 and got["Cache-Control"].startswith("private") and got["Access-Control-Allow-Origin"] is None,
                  f"{path} with the token, for no cache of others and no other origin")


def check_origins(tap, rig):
    got = rig.get("/town.pmtiles", {"Origin": "https://x.example", "Range": "bytes=0-1"})
    tap.check(got["Access-Control-Allow-Origin"] == "*" and "ETag" in got["Access-Control-Expose-Headers"] and
              "Content-Range" in got["Access-Control-Expose-Headers"], "CORS: any origin, ETag and Content-Range exposed")
    got = rig.get("/town.pmtiles", {"Origin": "https://x.example", "Access-Control-Request-Headers": "range,if-match"}, "OPTIONS")
    tap.check(got.status == 204 and "If-Match" in got["Access-Control-Allow-Headers"] and "Range" in got["Access-Control-Allow-Headers"],
              "the question before: range and if-match are allowed")


def read_archive(rig, path, seen):
    """Reads a whole archive piece by piece, as one edition: its bytes, or None when it was told that it has changed."""
    first = rig.get(path, {"Range": "bytes=0-16383"})
    etag, size = first["ETag"], int(first["Content-Range"].split("/")[1])
    data = first.body
    while len(data) < size:
        part = rig.get(path, {"Range": f"bytes={len(data)}-{len(data) + 20000}", "If-Match": etag})
        if part.status == 412:
            seen["told"] += 1
            return None
        if part.status != 206 or part["ETag"] != etag:
            raise RuntimeError(f"{part.status} {part['ETag']}")
        data += part.body
    if f'"{sha256(data)}"' != etag:
        seen["mixed"] += 1
    seen["whole"] += 1
    return data


def read_on(rig, seen, end, by_current):
    """A reader who goes on for ever: by the name alone, or by what current.json says."""
    try:
        while not end.is_set():
            if not by_current:
                read_archive(rig, "/town.pmtiles", seen)
                continue
            name = json.loads(rig.get("/current.json").body)["archive"]
            data = read_archive(rig, "/" + name, seen)
            if data is None or sha256(data) not in name:
                seen["mixed"] += 1
    except Exception as error:  # what went wrong is told by the test
        seen["error"] = f"{type(error).__name__}: {error}"


def check_switch(tap, rig):
    end = threading.Event()
    kinds = (False, False, True)
    seen = [{"told": 0, "mixed": 0, "whole": 0, "error": ""} for _ in kinds]
    readers = [threading.Thread(target=read_on, args=(rig, seen[i], end, kind)) for i, kind in enumerate(kinds)]
    for reader in readers:
        reader.start()
    switches, deadline = 0, time.monotonic() + 60
    while time.monotonic() < deadline and (switches < 4 or seen[0]["told"] + seen[1]["told"] == 0):
        data = rig.read(f"edition{switches % 2}.pmtiles")
        with open(rig.path("next"), "wb") as file:
            file.write(data)
        os.rename(rig.path("next"), rig.path("town.pmtiles"))
        wait_for(lambda d=data: rig.get("/town.pmtiles", method="HEAD")["ETag"] == f'"{sha256(d)}"', 10, "the new edition")
        switches += 1
    end.set()
    for reader in readers:
        reader.join()
    tap.check(not any(one["error"] for one in seen), "readers go on while the archive is replaced", str(seen))
    tap.check(not any(one["mixed"] for one in seen), "nobody ever holds a mixture of two editions", str(seen))
    tap.check(all(one["whole"] > 0 for one in seen), "and all get whole ones", str(seen))
    tap.check(seen[0]["told"] + seen[1]["told"] > 0, "those by name alone were told of a change (412)", str(seen))
    tap.check(seen[2]["told"] == 0, "those by current.json never needed it", str(seen))


def check_damage(tap, rig):
    before = rig.get("/town.pmtiles", method="HEAD")["ETag"]
    rig.write("broken", "this is no map")
    os.rename(rig.path("broken"), rig.path("town.pmtiles"))
    tap.attempt("a broken archive is told in the log", lambda: wait_for(lambda: b"archive.refused" in rig.read("serve.log"), 10, "a line in the log"))
    got = rig.get("/town.pmtiles", {"Range": "bytes=0-6"})
    tap.check(got.status == 206 and got["ETag"] == before, "and the edition before goes on")
    with open(rig.path("field.pmtiles"), "r+b") as file:  # in place, as nobody should
        file.write(b"PMTiles\x04")
    got = rig.get("/field.pmtiles", BEARER)
    tap.check(got.status == 503, "a file that somebody writes into is not served", str(got.status))


def check_outside(tap, rig):
    metrics = rig.get("/metrics", port=rig.metrics_port).body.decode()
    tap.check('tocsin_map_requests_total{kind="tile",status="200"} ' in metrics and
              'tocsin_map_requests_total{kind="archive",status="416"} 1' in metrics, "requests are counted")
    tap.check(rig.get("/metrics").status == 404, "on another port than the map's")
    with open(f"/proc/{rig.server.pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    tap.check(status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1", "it runs in its sandbox")
    with open(f"/proc/{rig.server.pid}/limits", encoding="ascii") as file:
        core = next(line for line in file if line.startswith("Max core file size"))
    tap.check(core.split()[4] == "0", "and leaves no core", core)


def check_start(tap, rig):
    env = {"PATH": os.environ["PATH"]}
    rig.write("private.ini", f"[archive field]\nfile = {rig.path('field.pmtiles')}\nprivate = yes\n")
    done = rig.run("serve", "--config", rig.path("private.ini"), env=env)
    tap.check(done.returncode == 1 and "TOCSIN_MAP_TOKEN" in done.stderr, "private without a token: refused, and said why", done.stderr)
    done = rig.run("serve", env=env)
    tap.check(done.returncode == 1 and "archive" in done.stderr, "nothing to serve: refused", done.stderr)
    done = rig.run("serve", "--set", "http.prot=1", env=env)
    tap.check(done.returncode == 2 and "http.prot" in done.stderr, "an unknown key: refused", done.stderr)


def main():
    tap = Tap()
    with MapRig() as rig:
        for name, seed, count in (("edition0.pmtiles", "one", 9000), ("edition1.pmtiles", "two", 9500), ("field.pmtiles", "field", 2000)):
            rig.archive(name, seed, count)
        data = rig.read("edition0.pmtiles")
        with open(rig.path("town.pmtiles"), "wb") as file:
            file.write(data)
        check_start(tap, rig)
        rig.serve({"field": (rig.path("field.pmtiles"), True), "town": (rig.path("town.pmtiles"), False)})
        check_ranges(tap, rig, data)
        check_documents(tap, rig, data)
        check_tiles(tap, rig)
        check_private(tap, rig)
        check_origins(tap, rig)
        check_outside(tap, rig)
        check_switch(tap, rig)
        check_damage(tap, rig)
        rig.stop()
        tap.check(b"map.stopped" in rig.read("serve.log"), "it ends in order")
        tap.check(TOKEN.encode() not in rig.read("serve.log"), "the token stands in no log")
    return tap.done()


sys.exit(main())
