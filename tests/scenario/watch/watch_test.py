"""tocsin-watch with real RTSP cameras, and this script as the edge that listens to it.

Events arrive with snapshot and clip; a missing camera and one that sends garbage do not disturb; edge
goes away and comes back; watch is killed with -9 in the middle of an event, and the clip plays.
"""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(ROOT, "build", "release"))
DATA = os.path.join(ROOT, "..", "shared", "data", "video")
VIDEO = os.path.join(DATA, "derived", "vtest-h264.mp4")
MODELS = os.path.join(DATA, "models")
WEST, EAST = "0,0 .5,0 .5,1 0,1", ".5,0 1,0 1,1 .5,1"
count = 0
failures = 0


def check(passed, what):
    global count, failures
    count += 1
    failures += not passed
    print(f"{'ok' if passed else 'not ok'} {count} - {what}", flush=True)


def wait_for(condition, deadline_s, what):
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    print(f"# waited {deadline_s} s for {what}", flush=True)
    return None


class Edge:
    """Listens as tocsin-edge does: reads frames, keeps messages, acknowledges events."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.seen = {}  # event id -> newest message
        self.lock = threading.Lock()
        self.peers = []
        self.acknowledge = True
        self.open()

    def open(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(4)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.peers:
            try:
                peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            peer.close()
        self.peers = []

    def _accept(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self._read, args=(peer,), daemon=True).start()

    def _read(self, peer):
        stream = peer.makefile("rb")
        try:
            while True:
                head = stream.read(4)
                if len(head) < 4:
                    return
                body = stream.read(struct.unpack(">I", head)[0])
                self._take(peer, json.loads(body))
        except (OSError, ValueError):
            return

    def _take(self, peer, message):
        message["_at"] = time.time()
        with self.lock:
            self.messages.append(message)
            if message["type"] == "event":
                known = self.seen.get(message["event_id"])
                if not known or known["sequence"] < message["sequence"]:
                    self.seen[message["event_id"]] = message
        if message["type"] == "event" and self.acknowledge:
            ack = {"type": "ack", "event_id": message["event_id"], "sequence": message["sequence"]}
            text = json.dumps(ack).encode()
            peer.sendall(struct.pack(">I", len(text)) + text)

    def of(self, kind):
        with self.lock:
            return [message for message in self.messages if message["type"] == kind]

    def events(self, state=None):
        with self.lock:
            return [event for event in self.seen.values() if state in (None, event["state"])]


def probe(path):
    """(pictures, seconds) that an outside tool decodes, or None when it complains."""
    run = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,duration",
         "-of", "json", path], capture_output=True, text=True, timeout=60)
    if run.returncode != 0 or run.stderr.strip():
        print(f"# ffprobe {path}: {run.stderr.strip()[:200]}")
        return None
    stream = json.loads(run.stdout)["streams"][0]
    return int(stream["nb_read_frames"]), float(stream.get("duration", 0))


class World:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tocsin-watch-")
        self.media = os.path.join(self.folder, "media")
        self.children = []
        self.cameras = []
        self.settings = []  # for --set
        os.mkdir(os.path.join(self.folder, "run"))
        self.edge = Edge(os.path.join(self.folder, "run", "edge.sock"))
        self.model = self._model()

    def _model(self):
        shutil.copy(os.path.join(ROOT, "tools", "models", "yolo-fastest-1.1_body.ini"), self.folder)
        model = os.path.join(self.folder, "yolo-fastest-1.1_body")
        subprocess.run([sys.executable, os.path.join(ROOT, "tools", "darknet2onnx.py"),
                        os.path.join(MODELS, "yolo-fastest-1.1_body.cfg"),
                        os.path.join(MODELS, "yolo-fastest-1.1_body.weights"), model + ".onnx"], check=True)
        return model + ".ini"

    def camera(self, *arguments):
        child = subprocess.Popen(
            [os.path.join(BUILD, "tests", "camera"), "--port", "0", "--file", VIDEO, *arguments],
            stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        return child.stdout.readline().strip()

    def watch(self, *cameras):
        lines = [f"[edge]\nsocket = {self.edge.path}\n[media]\nfolder = {self.media}\n"
                 f"[vision]\nmodel = {self.model}\n[source]\nstall_s = 2\nretry_least_ms = 100\n"
                 "retry_most_ms = 500\n"]
        lines += [f"[camera {name}]\nurl = {url}\ntransport = {transport}\nzones = west: {WEST} | east: {EAST}\n"
                  for name, url, transport in cameras]
        config = os.path.join(self.folder, "watch.ini")
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        log = open(os.path.join(self.folder, "watch.log"), "a", encoding="utf-8")
        settings = [word for setting in self.settings for word in ("--set", setting)]
        child = subprocess.Popen([os.path.join(BUILD, "tocsin-watch"), "--config", config, *settings], stderr=log)
        self.children.append(child)
        return child

    def log(self):
        with open(os.path.join(self.folder, "watch.log"), encoding="utf-8") as file:
            return file.read()

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        self.edge.close()
        shutil.rmtree(self.folder)


def test_events(world, url):
    """Three cameras, one of which works: its events arrive whole."""
    garbage = world.camera("--mode", "garbage")
    secret = "rtsp://operator:s3cret-pass@127.0.0.1:9/none"
    started = time.time()
    watch = world.watch(("gate", url, "tcp"), ("gone", secret, "tcp"), ("noise", garbage, "udp"))
    edge = world.edge
    hello = wait_for(lambda: edge.of("hello"), 10, "hello")
    check(hello and hello[0]["version"] == 1 and hello[0]["media"] == world.media, "watch says hello")
    check(time.time() - started < 8, "and soon")
    begin = wait_for(edge.events, 60, "an event")
    check(bool(begin), "an event begins")
    ended = wait_for(lambda: edge.events("end"), 120, "an event's end")
    check(bool(ended), "an event ends")
    if not ended:
        return watch
    event = ended[0]
    history = [m for m in edge.of("event") if m["event_id"] == event["event_id"]]
    check([m["sequence"] for m in history] == list(range(1, len(history) + 1)), "states are numbered from 1")
    check(history[0]["state"] == "begin" and history[-1]["state"] == "end", "from begin to end")
    gaps = [b["_at"] - a["_at"] for a, b in zip(history[1:-1], history[2:-1])]
    check(all(gap > 1.5 for gap in gaps), "updates come at most every two seconds")
    check(event["camera"] == "gate" and event["label"] == "person" and event["count"] >= 1, "it is a person")
    check(0 < len(event["boxes"]) <= 256 and all(0 <= n <= 1 for b in event["boxes"] for n in b[1:]), "boxes lie in the frame")
    check(event.get("zones") in (["west"], ["east"], ["west", "east"]), f"zones say where: {event.get('zones')}")
    clip = os.path.join(world.media, event["clip_path"] or "none")
    check(os.path.isfile(clip) and os.path.getsize(clip) == event["clip"]["bytes"], "the clip is there, as long as told")
    seen = probe(clip)
    check(seen and abs(seen[1] - event["clip"]["duration_s"]) < 0.2, f"the clip plays: {seen}")
    check(event["clip"]["codec"].startswith("avc1.") and event["clip"].get("lead_s", -1) >= 0, "its facts are told")
    snapshot = os.path.join(world.media, event["snapshot_path"] or "none")
    check(event["snapshot"] and open(snapshot, "rb").read(3) == b"\xff\xd8\xff", "the snapshot is a JPEG")
    states = {(m["camera"], m["state"]) for m in edge.of("camera")}
    check(("gate", "online") in states, "the working camera is online")
    check(("gone", "offline") in states and ("noise", "offline") in states, "the others are offline")
    check(not any(m["camera"] != "gate" for m in edge.events()), "and tell nothing")
    log = world.log()
    check("sandbox.entered" in log and "s3cret" not in log, "sandboxed, and no password in the log")
    check("s3cret" not in json.dumps(edge.messages), "nor in any message")
    return watch


def test_edge_away(world):
    """Edge goes; what happens meanwhile arrives when it is back, and what was not acknowledged again."""
    edge = world.edge
    edge.acknowledge = False
    before = {event["event_id"] for event in edge.events()}
    fresh = wait_for(lambda: [e for e in edge.events() if e["event_id"] not in before], 60, "a new event")
    check(bool(fresh), "an event that edge did not acknowledge")
    edge.close()
    time.sleep(5)
    edge.acknowledge = True
    edge.messages, hellos = [], len(edge.of("hello"))
    edge.open()
    check(bool(wait_for(lambda: edge.of("hello"), 10, "hello again")), "watch comes back")
    again = fresh and wait_for(
        lambda: [m for m in edge.of("event") if m["event_id"] == fresh[0]["event_id"]], 10, "the event again")
    check(bool(again), "and tells again what was not acknowledged")
    del hellos


def test_killed(world, watch, url):
    """kill -9 in the middle of an event: its clip plays up to the last seconds, now and after the restart."""
    edge = world.edge
    open_event = wait_for(
        lambda: [e for e in edge.events() if e["state"] != "end" and e["clip"] and e["clip"]["duration_s"] > 6],
        90, "an open event with a clip")
    check(bool(open_event), "an event is open, its clip grows")
    if not open_event:
        return
    event = open_event[0]
    clip = os.path.join(world.media, event["clip_path"])
    told = [e for e in edge.events() if e["event_id"] == event["event_id"]][0]["clip"]["duration_s"]
    watch.send_signal(signal.SIGKILL)
    watch.wait()
    seen = probe(clip)
    check(seen and seen[1] >= told - 0.2, f"the clip plays after kill -9: {seen}, {told} s were told")
    run = edge.of("hello")[-1]["run"]
    watch = world.watch(("gate", url, "tcp"))
    check(bool(wait_for(lambda: edge.of("hello")[-1]["run"] != run, 10, "hello")), "watch is back, as another run")
    check(bool(wait_for(lambda: "camera.state camera=gate state=online" in world.log().split(f"run={run}")[-1],
                        20, "online")), "its camera too")
    after = probe(clip)
    check(after == seen, "recovery leaves a good clip as it is")
    with open(clip, "r+b") as file:
        file.truncate(os.path.getsize(clip) - 1000)
    watch.send_signal(signal.SIGTERM)
    began = time.monotonic()
    check(watch.wait(10) == 0, "SIGTERM ends it cleanly")
    check(time.monotonic() - began < 1.5, f"within a second: {time.monotonic() - began:.2f}")
    watch = world.watch(("gate", url, "tcp"))
    check(bool(wait_for(lambda: "media.mended" in world.log(), 20, "mending")), "a torn clip is mended at start")
    mended = probe(clip)
    check(mended and seen and mended[0] < seen[0] and mended[0] > 0, f"and plays: {mended}")
    watch.send_signal(signal.SIGTERM)
    check(watch.wait(10) == 0, "and again")
    whole = [probe(os.path.join(folder, name)) for folder, _, names in os.walk(world.media)
             for name in names if name.endswith(".mp4")]
    check(whole and all(whole), f"every one of {len(whole)} clips plays")


def main():
    needed = [VIDEO, MODELS, os.path.join(BUILD, "tests", "camera"), os.path.join(BUILD, "tocsin-watch")]
    for path in needed:
        if not os.path.exists(path):
            print(f"1..0 # SKIP no {path}")
            return 77
    world = World()
    try:
        url = world.camera()
        watch = test_events(world, url)
        test_edge_away(world)
        test_killed(world, watch, url)
    finally:
        if failures:
            print("\n".join("# " + line for line in world.log().splitlines()[-40:]))
        world.close()
    print(f"1..{count}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
