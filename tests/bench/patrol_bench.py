"""What a patrol's phone fetches for 25 views of the town: vector tiles by byte range against pictures of the same map.

The made-up town, anonymised, in one archive, shown by the map page itself in Chromium. The pictures are of that very page:
one large picture a zoom, cut into tiles as a raster server would (256 px, 512 px for a screen of two pixels a point) and
into one picture a view as a WMS would. All are files of one nginx. Bytes are what came over the wire, with headers.
Prints `name<TAB>value<TAB>unit`; what it measures against is in docs/benchmarks.md.
"""
import hashlib
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "browser")]
from control_rig import ONE_TIME, PASSWORD, Rig  # noqa: E402
from edge_rig import free_port, port_open  # noqa: E402
from map_site import build_town  # noqa: E402
from site_runner import wait_for  # noqa: E402

try:
    from PIL import Image
except ImportError:
    sys.exit("patrol_bench: python3-pil is missing, the pictures cannot be made")

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{}}
http {{
  access_log off; sendfile on;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  types {{ text/html html; image/png png; image/webp webp; application/json json; application/vnd.pmtiles pmtiles; }}
  server {{
    listen 127.0.0.1:{port}; root {folder}/www;
    add_header Access-Control-Allow-Origin *; add_header Access-Control-Expose-Headers ETag;
    add_header Cache-Control "public, max-age=31536000, immutable";
    location = /current.json {{ add_header Access-Control-Allow-Origin *; add_header Cache-Control "public, max-age=60"; }}
  }}
}}
"""
# Points, pixels a point, and presses of an arrow key from view to view.
DEVICES = {"desk": {"width": 1280, "height": 800, "ratio": 1, "presses": 3}, "phone": {"width": 390, "height": 844, "ratio": 2, "presses": 2}}


class Server:
    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.www = folder / "www"
        self.www.mkdir()
        self.www.chmod(0o755)
        folder.chmod(0o755)

    def start(self):
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, port=self.port), encoding="ascii")
        (self.www / "blank.html").write_text('<!doctype html><link rel="icon" href="data:,"><title>pictures</title>', encoding="ascii")
        command = ["nginx", "-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")]
        self.process = subprocess.Popen(command)
        wait_for(lambda: port_open(self.port), 10, "nginx")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def publish(self, archive):
        data = archive.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        (self.www / f"town-{digest}.pmtiles").write_bytes(data)
        about = {"format": 1, "archive": f"town-{digest}.pmtiles", "sha256": digest, "size": len(data), "published_at": "2026-11-20T00:00:00Z"}
        (self.www / "current.json").write_text(json.dumps(about), encoding="ascii")
        return len(data)


class Browser:
    """patrol.mjs: one JSON order a line in, one JSON answer a line out."""

    def __init__(self, rig, server):
        environment = {**os.environ, "BASE_URL": f"http://127.0.0.1:{rig.port}", "MAP_URL": f"http://127.0.0.1:{server.port}", "ADMIN_PASSWORD": PASSWORD}
        script = str(pathlib.Path(__file__).with_name("patrol.mjs"))
        self.node = subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, **order):
        self.node.stdin.write(json.dumps(order) + "\n")
        self.node.stdin.flush()
        line = self.node.stdout.readline()
        if not line:
            sys.exit("patrol_bench: the browser ended")
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(f"patrol_bench: {answer['error']}")
        return answer

    def close(self):
        self.node.stdin.close()
        self.node.wait(20)


# ---- places: world pixels of 512 * 2^zoom, as MapLibre counts ----


def pixels(view):
    world = 512 * 2 ** view["zoom"]
    angle = math.radians(view["latitude"])
    return (view["longitude"] + 180) / 360 * world, (1 - math.asinh(math.tan(angle)) / math.pi) / 2 * world


def place(x, y, zoom):
    world = 512 * 2**zoom
    return {"longitude": x / world * 360 - 180, "latitude": math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / world)))), "zoom": zoom}


def corners(view, size):
    x, y = pixels(view)
    return x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2


def tiles_of(view, size):
    """Columns and rows of 256 points: a raster map's tiles at this view."""
    left, top, right, bottom = (math.floor(edge / 256) for edge in corners(view, size))
    return [(round(view["zoom"]) + 1, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


# ---- pictures ----


def save_all(picture, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(256).save(path.with_suffix(".png"), optimize=True)
    picture.save(path.with_suffix(".webp"), quality=80, method=6)


def cut(browser, server, name, views, size, ratio):
    """One picture for each zoom; out of it the tiles of its views, and the views themselves."""
    for zoom in sorted({view["zoom"] for view in views}):
        here = [view for view in views if view["zoom"] == zoom]
        boxes = [corners(view, size) for view in here]
        left, top = (math.floor(min(box[side] for box in boxes) / 256) * 256 for side in (0, 1))
        right, bottom = (math.floor(max(box[side] for box in boxes) / 256) * 256 + 256 for side in (2, 3))
        middle = place((left + right) / 2, (top + bottom) / 2, zoom)
        path = server.folder / f"{name}-{zoom}.png"
        browser.ask(do="picture", path=str(path), width=right - left, height=bottom - top, ratio=ratio, **middle)
        with Image.open(path) as file:
            whole = file.convert("RGB")
        expected = ((right - left) * ratio, (bottom - top) * ratio)
        if whole.size != expected:
            sys.exit(f"patrol_bench: the picture has {whole.size}, expected {expected}")
        for tile in {tile for view in here for tile in tiles_of(view, size)}:
            x, y = tile[1] * 256 - left, tile[2] * 256 - top
            part = whole.crop((x * ratio, y * ratio, (x + 256) * ratio, (y + 256) * ratio))
            save_all(part, server.www / name / "tiles" / f"{tile[0]}-{tile[1]}-{tile[2]}")
        for view, box in zip(here, boxes):
            x, y = round((box[0] - left) * ratio), round((box[1] - top) * ratio)
            part = whole.crop((x, y, x + size[0] * ratio, y + size[1] * ratio))
            save_all(part, server.www / name / "views" / str(views.index(view)))


def pictures_of(name, kind, ending, views, size):
    """For each view the addresses of its pictures."""
    if kind == "views":
        return [[f"/{name}/views/{number}.{ending}"] for number in range(len(views))]
    return [[f"/{name}/tiles/{z}-{x}-{y}.{ending}" for z, x, y in tiles_of(view, size)] for view in views]


def show(name, answer):
    print(f"{name}_bytes\t{answer['bytes']}\tB", flush=True)
    print(f"{name}_requests\t{answer['requests']}\trequests", flush=True)


def measure(browser, server, name):
    device = DEVICES[name]
    first = browser.ask(do="patrol", **device, slow=False)
    views, size = first["views"], (first["size"]["width"], first["size"]["height"])
    show(f"patrol_{name}_vector_cold", first["cold"])
    show(f"patrol_{name}_vector_warm", first["warm"])
    print(f"patrol_{name}_vector_free\t{first['cold']['seconds']:.1f}\ts", flush=True)
    cut(browser, server, name, views, size, device["ratio"])
    for title, kind, ending in (("png8", "tiles", "png"), ("webp", "tiles", "webp"), ("wms_png8", "views", "png"), ("wms_webp", "views", "webp")):
        sources = pictures_of(name, kind, ending, views, size)
        answer = browser.ask(do="pictures", **device, sources=sources, slow=False)
        show(f"patrol_{name}_{title}_cold", answer["cold"])
        show(f"patrol_{name}_{title}_warm", answer["warm"])
        if name == "phone":
            slow = browser.ask(do="pictures", **device, sources=sources, slow=True)
            print(f"patrol_{name}_{title}_slow\t{slow['cold']['seconds']:.1f}\ts", flush=True)
    if name == "phone":
        slow = browser.ask(do="patrol", **device, slow=True)
        print(f"patrol_{name}_vector_slow\t{slow['cold']['seconds']:.1f}\ts", flush=True)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-patrol-"))
    server = Server(folder)
    try:
        size = server.publish(build_town(folder))
        print(f"patrol_archive_bytes\t{size}\tB", flush=True)
        server.start()
        with Rig() as rig:
            rig.stop()
            rig.start(**{"web.folder": ROOT / "web" / "dist", "map.url": f"http://127.0.0.1:{server.port}/"})
            rig.token = rig.sign_in(ONE_TIME).json["access_token"]
            rig.ask("POST", "/auth/password", {"current": ONE_TIME, "new": PASSWORD})
            browser = Browser(rig, server)
            for name in DEVICES:
                measure(browser, server, name)
            browser.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
