"""OpenStack Swift with its S3 API, as Debian packages it: an independent store that verifies signatures.

Four small processes on free loopback ports, everything in one folder. Python 3.11 standard library only.
"""

import datetime
import hashlib
import hmac
import http.client
import os
import shutil
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from edge_rig import free_port, port_open  # noqa: E402
from site_runner import wait_for  # noqa: E402

KEY_ID, KEY, REGION = "test:tester", "testing", "auto"
SERVERS = ("account", "container", "object")


def missing():
    """Which program is not here; None when all are."""
    return next((name for name in ("swift-ring-builder", "swift-proxy-server", *(f"swift-{one}-server" for one in SERVERS)) if not shutil.which(name)), None)


class SwiftPeer:
    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.port = free_port()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def ring(self, name, port):
        builder = self.path(f"{name}.builder")
        for words in (("create", "6", "1", "1"), ("add", f"r1z1-127.0.0.1:{port}/d1", "1"), ("rebalance",)):
            subprocess.run(["swift-ring-builder", builder, *words], stdout=subprocess.DEVNULL, check=False, timeout=60)

    def start(self):
        os.makedirs(self.path("node", "d1"))
        self.write("swift.conf", "[swift-hash]\nswift_hash_path_prefix = test\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = p0\ndefault = yes\n")
        common = f"bind_ip = 127.0.0.1\nworkers = 0\nswift_dir = {self.folder}\nlog_level = ERROR\n"
        for name in SERVERS:
            port = free_port()
            self.ring(name, port)
            self.write(f"{name}.conf", f"[DEFAULT]\nbind_port = {port}\n{common}devices = {self.folder}/node\nmount_check = false\ndisable_fallocate = true\n"
                       f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
                       + ("allowed_headers = Content-Disposition, Content-Encoding, X-Static-Large-Object, Cache-Control\n" if name == "object" else ""))
        filters = {"catch_errors": "", "cache": "memcache_servers = 127.0.0.1:1\n", "s3api": f"s3_acl = false\nlocation = {REGION}\n",
                   "tempauth": "user_test_tester = testing .admin\n", "bulk": "", "slo": ""}
        self.write("proxy.conf", f"[DEFAULT]\nbind_port = {self.port}\n{common}[pipeline:main]\npipeline = {' '.join(filters)} proxy-server\n"
                   "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
                   + "".join(f"[filter:{name}]\nuse = egg:swift#{'memcache' if name == 'cache' else name}\n{more}" for name, more in filters.items()))
        for name in (*SERVERS, "proxy"):
            log = open(self.path(f"{name}.log"), "wb")
            self.processes.append(subprocess.Popen([f"swift-{name}-server", self.path(f"{name}.conf")], stdout=log, stderr=log))
            log.close()
        wait_for(lambda: port_open(self.port), 90, "Swift's proxy")
        wait_for(lambda: self.ask("PUT", "/maps")[0] in (200, 409), 60, "a bucket in Swift", 0.5)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def ask(self, method, path, body=b""):
        """A signed request of our own making: status, headers, body."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        payload, host = hashlib.sha256(body).hexdigest(), f"127.0.0.1:{self.port}"
        names = "host;x-amz-content-sha256;x-amz-date"
        canonical = f"{method}\n{urllib.parse.quote(path)}\n\nhost:{host}\nx-amz-content-sha256:{payload}\nx-amz-date:{now}\n\n{names}\n{payload}"
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        key = ("AWS4" + KEY).encode()
        for step in scope.split("/"):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        headers = {"Host": host, "X-Amz-Date": now, "X-Amz-Content-Sha256": payload,
                   "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}"}
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            client.request(method, path, body, headers)
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()
