"""Requests a CPU second of `tocsin-map serve` beside nginx on the same file, and the memory of 10 000 idle clients.

Prints `name<TAB>value<TAB>unit`. Needs wrk; without nginx the shares of it are left out. Both servers run at once, and take
turns in short rounds, so that what else the machine does weighs on both; the figure is the median of the rounds.
"""
import http.client
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build" / "release"))
ROUNDS = int(os.environ.get("MAP_SERVE_ROUNDS", "5"))
SECONDS = int(os.environ.get("MAP_SERVE_SECONDS", "2"))
IDLE = int(os.environ.get("MAP_SERVE_IDLE", "10000"))
TICK = os.sysconf("SC_CLK_TCK")
RANGES = (("4k", 4096), ("270k", 270 * 1024))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def incidents(path, count):
    """Points of a town, by integers only: the same everywhere."""
    state = 0x9E3779B9
    with open(path, "w", encoding="ascii") as out:
        for number in range(1, count + 1):
            place = []
            for most in (104000, 161000):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                place.append((state >> 8) % most)
            x, y = 76237000 + place[0], 9889000 + place[1]
            out.write(
                f'{{"type":"Feature","id":{number},"properties":{{"kind":"k{number % 10}"}},"geometry":{{"type":"Point",'
                f'"coordinates":[{x // 1000000}.{x % 1000000:06d},{y // 1000000}.{y % 1000000:06d}]}}}}\n')


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def wait_port(port, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"map_serve_bench: nothing listens on port {port}")


def start_ours(work, archive):
    port = free_port()
    config = work / "serve.ini"
    config.write_text(f"[http]\nport = {port}\nconnections = {IDLE + 100}\n[metrics]\nport = 0\n[archive town]\nfile = {archive}\n", "ascii")
    log = open(work / "serve.log", "w", encoding="ascii")
    process = subprocess.Popen([BUILD / "tocsin-map", "serve", "--config", config], stderr=log)
    wait_port(port, process)
    return port, process, [process.pid]


def start_nginx(work, program):
    port = free_port()
    (work / "nginx").mkdir()
    config = work / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {work}/nginx/pid; error_log {work}/nginx/error.log;\n"
        f"events {{ worker_connections 4096; }}\nhttp {{ sendfile on; tcp_nopush on; access_log off; keepalive_requests 1000000000;\n"
        + "".join(f"{name}_temp_path {work}/nginx/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"server {{ listen 127.0.0.1:{port}; root {work}; default_type application/vnd.pmtiles; }} }}\n", "ascii")
    os.chmod(work, 0o755)  # its worker may be another user
    process = subprocess.Popen([program, "-c", config], stderr=subprocess.DEVNULL)
    wait_port(port, process)
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as children:
        workers = [int(word) for word in children.read().split()]
    return port, process, workers


def load(port, pids, script):
    """One round: answers a CPU second of the server."""
    before = cpu_seconds(pids)
    done = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{SECONDS}", "-s", script, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True)
    used = cpu_seconds(pids) - before
    count = next(int(line.split()[0]) for line in done.stdout.splitlines() if " requests in " in line)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout or count == 0:
        sys.exit(f"map_serve_bench: wrk reports errors:\n{done.stdout}")
    return count / max(used, 1 / TICK)


def range_script(work, name, size, length):
    """Ranges at places that wander through the file, as a map's reader does."""
    script = work / f"range_{name}.lua"
    script.write_text(
        "local at = 0\nrequest = function()\n"
        f"  at = (at + 7919 * 131) % {max(size - length, 1)}\n"
        f'  return wrk.format("GET", "/town.pmtiles", {{["Range"] = "bytes=" .. at .. "-" .. (at + {length} - 1)}})\nend\n', "ascii")
    return script


def tiles(port):
    """Addresses of tiles that are there, with 2 to 6 kB each, and their mean size."""
    client = http.client.HTTPConnection("127.0.0.1", port)
    found, total = [], 0
    for zoom in (14, 13, 12):
        first = int((76.237 + 180) / 360 * (1 << zoom)), int(0.4719 * (1 << zoom))
        span = 6 >> (14 - zoom)
        for x in range(first[0], first[0] + span + 2):
            for y in range(first[1] - 2, first[1] + span + 6):
                path = f"/town/{zoom}/{x}/{y}.mvt"
                client.request("GET", path, headers={"Accept-Encoding": "gzip"})
                answer = client.getresponse()
                body = answer.read()
                if answer.status == 200 and 2000 <= len(body) <= 6000:
                    found.append(path)
                    total += len(body)
    if len(found) < 8:
        sys.exit(f"map_serve_bench: only {len(found)} tiles of 2 to 6 kB")
    return found, total / len(found)


def tile_script(work, paths):
    script = work / "tiles.lua"
    listed = ",".join(f'"{path}"' for path in paths)
    script.write_text(
        f'local paths = {{{listed}}}\nlocal at = 0\nrequest = function()\n  at = at % #paths + 1\n'
        '  return wrk.format("GET", paths[at], {["Accept-Encoding"] = "gzip"})\nend\n', "ascii")
    return script


def memory_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def idle_clients(port, pid, path):
    """Each asks once, gets its tile, and stays."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    ask = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    clients = []
    for _ in range(IDLE):
        one = socket.create_connection(("127.0.0.1", port), 20)
        one.sendall(ask)
        clients.append(one)
        got = b""
        while b"\r\n\r\n" not in got:
            got += one.recv(65536)
        head, body = got.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        while len(body) < length:
            body += one.recv(65536)
    used = memory_mib(pid)
    for one in (clients[0], clients[IDLE // 2], clients[-1]):  # they are still served
        one.sendall(ask)
        if not one.recv(64).startswith(b"HTTP/1.1 200"):
            sys.exit("map_serve_bench: an idle client is not served any more")
    for one in clients:
        one.close()
    return used


def show(name, value, unit):
    print(f"{name}\t{value:.3f}\t{unit}", flush=True)


def measure(work, servers, scripts, paths):
    ours, nginx = servers
    figures = {}
    for _ in range(ROUNDS):
        for name, script in scripts.items():
            for who, server in (("ours", ours), ("nginx", nginx)):
                if server and not (who == "nginx" and name == "tiles"):
                    figures.setdefault((name, who), []).append(load(server[0], server[2], script))
    for name in scripts:
        mine = statistics.median(figures[name, "ours"])
        show(f"map_serve_{name}_per_cpu_s", mine, "requests")
        if (name, "nginx") in figures:
            theirs = statistics.median(figures[name, "nginx"])
            show(f"map_serve_{name}_nginx_per_cpu_s", theirs, "requests")
            show(f"map_serve_{name}_share_of_nginx", mine / theirs, "x")
    show("map_serve_idle_rss", idle_clients(ours[0], ours[2][0], paths[0]), "MiB")


def main():
    if not (BUILD / "tocsin-map").exists():
        sys.exit("map_serve_bench: build tocsin-map first")
    if not shutil.which("wrk"):
        sys.exit("map_serve_bench: wrk is not here")
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    with tempfile.TemporaryDirectory(prefix="tocsin-map-serve-") as folder:
        work = pathlib.Path(folder)
        incidents(work / "points.geojsonl", 60000)
        archive = work / "town.pmtiles"
        subprocess.run([BUILD / "tocsin-map", "build", "--quiet", "--minzoom", "8", "-o", archive, f"points:{work}/points.geojsonl"], check=True)
        servers = [start_ours(work, archive), start_nginx(work, nginx) if nginx else None]
        try:
            size = archive.stat().st_size
            paths, mean = tiles(servers[0][0])
            show("map_serve_tile_size", mean, "B")
            scripts = {f"range_{name}": range_script(work, name, size, length) for name, length in RANGES}
            scripts["tiles"] = tile_script(work, paths)
            measure(work, servers, scripts, paths)
        finally:
            for server in servers:
                if server:
                    server[1].terminate()
                    server[1].wait()


main()
