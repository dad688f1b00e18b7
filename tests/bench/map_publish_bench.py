"""How fast `tocsin-map publish` fills its link, beside rclone where it is in PATH: both send the same file to the same store, taking turns.

Prints `name<TAB>value<TAB>unit`. The store is tests/fake/s3.py on this machine. Throughput is the file's size over the time from the
store's first answer about it (the upload is begun) to its last (the upload is ended), median of the rounds; the whole command's time, with our
verification and hashing before, is a figure of its own.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from store_rig import KEY, KEY_ID, StoreRig  # noqa: E402

ROUNDS = int(os.environ.get("MAP_PUBLISH_ROUNDS", "5"))
TILES, TILE_SIZE = 85, 2 << 20  # zooms 0 to 3
PART_MB, AT_ONCE = 16, 4
PNG = b"\x89PNG\r\n\x1a\n"


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def archive(path, seed):
    """PMTiles v3 with pictures' worth of noise: nothing compressed, every tile different."""
    columns = [[1 if i else 0 for i in range(TILES)], [1] * TILES, [TILE_SIZE] * TILES, [0 if i else 1 for i in range(TILES)]]
    root = varint(TILES) + b"".join(varint(number) for column in columns for number in column)
    metadata = b"{}"
    tiles = 127 + len(root) + len(metadata)
    sections = (127, len(root), 127 + len(root), len(metadata), tiles, 0, tiles, TILES * TILE_SIZE, TILES, TILES, TILES)
    header = b"PMTiles\x03" + b"".join(number.to_bytes(8, "little") for number in sections) + bytes([1, 1, 1, 2, 0, 3])
    header += b"".join(number.to_bytes(4, "little", signed=True) for number in (-1800000000, -850000000, 1800000000, 850000000)) + bytes([1]) + bytes(8)
    with open(path, "wb") as file:
        file.write(header + root + metadata)
        for number in range(TILES):
            file.write(PNG + seed.to_bytes(4, "little") + number.to_bytes(4, "little") + os.urandom(TILE_SIZE - 16))
    return os.path.getsize(path)


def window(rig):
    """Seconds between the beginning and the end of the upload, as the store saw it."""
    begun = [one["at"] for one in rig.requests(r"POST .*\?uploads") if one["status"] == 200]
    ended = [one["at"] for one in rig.requests("POST .*uploadId") if one["status"] == 200]
    if not begun or not ended:
        sys.exit("map_publish_bench: no upload in parts was seen")
    return ended[-1] - begun[0]


def rclone(rig, path, number):
    remote = f":s3,provider=Other,endpoint='http://127.0.0.1:{rig.s3_port}',region=auto,access_key_id={KEY_ID},secret_access_key='{KEY}':maps/rclone-{number}"
    words = ["rclone", "copyto", path, remote, "--config", os.devnull, "--s3-no-check-bucket", "--s3-chunk-size", f"{PART_MB}M",
             "--s3-upload-concurrency", str(AT_ONCE), "--s3-upload-cutoff", f"{PART_MB}M", "--retries", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300,
                          env={"PATH": os.environ["PATH"], "HOME": rig.folder})
    if done.returncode != 0:
        sys.exit(f"map_publish_bench: rclone: {done.stderr[-400:]}")


def show(name, value, unit):
    print(f"{name}\t{value:.3f}\t{unit}", flush=True)


def main():
    with StoreRig() as rig:
        if not os.path.exists(rig.program):
            sys.exit("map_publish_bench: build tocsin-map first")
        rig.store_start("--lenient")  # rclone wants 100-continue
        rig.config(s3__part_mb=str(PART_MB), s3__at_once=str(AT_ONCE), s3__idle_ms="30000", release__keep="2")
        path = rig.path("noise.pmtiles")
        ours, theirs, whole = [], [], []
        for number in range(ROUNDS):
            size = archive(path, number)
            rig.tell("forget")
            begun = time.monotonic()
            done = rig.publish(path)
            whole.append(time.monotonic() - begun)
            if done.returncode != 0:
                sys.exit(f"map_publish_bench: {done.stderr}")
            ours.append(size / window(rig) / 1e6)
            if shutil.which("rclone"):
                rig.tell("forget")
                rclone(rig, path, number)
                theirs.append(size / window(rig) / 1e6)
        show("map_publish_throughput", statistics.median(ours), "MB/s")
        show("map_publish_whole", statistics.median(whole), "s")
        if theirs:
            show("map_publish_rclone_throughput", statistics.median(theirs), "MB/s")
            show("map_publish_share_of_rclone", statistics.median(ours) / statistics.median(theirs), "x")


main()
