#!/usr/bin/env python3
"""A strict S3 store for tests and the demo: one bucket in a folder, and the CDN before it.

Python 3.11 standard library only. It verifies every signature (AWS Signature Version 4, by its own code, none of the
project's), the hash of every body, the clock (15 minutes), conditions (412), the rules of parts (5 MiB and more, all equal but the last),
and answers as Cloudflare R2 does: region `auto`, ETags that are MD5s, no `Expect: 100-continue`. Credentials come from the
environment: FAKE_S3_KEY_ID and FAKE_S3_KEY, FAKE_CDN_TOKEN for the purge API.

  /BUCKET/KEY                          the store, signed
  /client/v4/zones/ZONE/purge_cache    the CDN's purge API (bearer token)
  /_fake/faults, /_fake/log, ...       for tests: what shall go wrong, what was asked
On --public-port anybody may GET and HEAD objects, by range, from any web origin. Nothing is kept in memory alone.
"""

import argparse
import datetime
import hashlib
import hmac
import html
import http.server
import json
import os
import re
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

EMPTY = hashlib.sha256(b"").hexdigest()
PART_LEAST = 5 << 20
BODY_MOST = 64 << 20


class Refusal(Exception):
    def __init__(self, status, code, message=""):
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message = status, code, message


def quote(text, safe="-._~"):
    return urllib.parse.quote(text, safe=safe)


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Store:
    """Objects and uploads, in files: NAME and NAME.json beside it."""

    def __init__(self, options):
        self.options, self.lock = options, threading.RLock()
        self.faults, self.log, self.purges, self.skew_s = [], [], [], 0
        for name in ("objects", "parts"):
            os.makedirs(os.path.join(options.root, name), exist_ok=True)

    def file(self, kind, name):
        return os.path.join(self.options.root, kind, quote(name, ""))

    def write(self, kind, name, data, about):
        for path, content in ((self.file(kind, name), data), (self.file(kind, name) + ".json", json.dumps(about).encode())):
            handle, temporary = tempfile.mkstemp(dir=self.options.root)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.rename(temporary, path)

    def about(self, kind, name):
        try:
            with open(self.file(kind, name) + ".json", encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    def data(self, kind, name):
        with open(self.file(kind, name), "rb") as file:
            return file.read()

    def remove(self, kind, name):
        for path in (self.file(kind, name), self.file(kind, name) + ".json"):
            if os.path.exists(path):
                os.unlink(path)

    def names(self, kind):
        return sorted(urllib.parse.unquote(name[:-5]) for name in os.listdir(os.path.join(self.options.root, kind)) if name.endswith(".json"))

    def check_conditions(self, key, headers):
        about = self.about("objects", key)
        wanted, unwanted = headers.get("If-Match"), headers.get("If-None-Match")
        if wanted is not None and (about is None or wanted.strip('"') not in ("*", about["etag"])):
            raise Refusal(412, "PreconditionFailed", "If-Match")
        if unwanted is not None and about is not None and unwanted.strip('"') in ("*", about["etag"]):
            raise Refusal(412, "PreconditionFailed", "If-None-Match")

    def fault_for(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault["times"] > 0 and re.search(fault["match"], f"{method} {path}"):
                    fault["times"] -= 1
                    return fault
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fake-s3", ""
    store = None
    public = False

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.store.skew_s)

    def handle_expect_100(self):
        if self.store.options.lenient:
            return super().handle_expect_100()
        self.store.log.append({"method": self.command, "path": self.path, "status": 417})
        self.close_connection = True
        self.send_error(417)
        return False

    # -- answers --

    def answer(self, status, body=b"", headers=None, length=None):
        self.status = status
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, status, value):
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def answer_xml(self, status, name, members):
        text = "".join(f"<{key}>{value}</{key}>" for key, value in members.items())
        self.answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{text}</{name}>'.encode(), {"Content-Type": "application/xml"})

    def refuse(self, refusal):
        if self.command == "HEAD":
            self.answer(refusal.status)
        else:
            self.answer_xml(refusal.status, "Error", {"Code": refusal.code, "Message": refusal.message})

    # -- requests --

    def serve(self):
        self.status = 0
        body = b""
        try:
            length = int(self.headers.get("Content-Length") or 0)
            fault = None if self.path.startswith("/_fake/") else self.store.fault_for(self.command, self.path)
            if fault and fault["do"] == "drop":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if length > BODY_MOST or self.headers.get("Transfer-Encoding"):
                self.close_connection = True
                raise Refusal(400, "EntityTooLarge")
            body = self.rfile.read(length)
            if fault and fault["do"] == "slow":
                time.sleep(fault.get("seconds", 1))
            if fault and str(fault["do"]).isdigit():
                raise Refusal(int(fault["do"]), fault.get("code", "SlowDown"))
            if fault and fault["do"] == "lose":  # done, but nobody hears of it
                self.wfile = open(os.devnull, "wb")
                self.close_connection = True
            if self.public:
                self.serve_public()
            else:
                self.route(body)
            if fault and fault["do"] == "lose":
                self.connection.shutdown(socket.SHUT_RDWR)
        except Refusal as refusal:
            self.refuse(refusal)
        except (BrokenPipeError, ConnectionResetError, OSError):
            self.close_connection = True
        finally:
            if not self.path.startswith("/_fake/"):
                with self.store.lock:
                    self.store.log.append({"method": self.command, "path": self.path, "status": self.status, "size": len(body), "public": self.public,
                                           "date": self.headers.get("X-Amz-Date"), "range": self.headers.get("Range"), "at": time.time(),
                                           "signature": (self.headers.get("Authorization") or "").rpartition("Signature=")[2],
                                           "if": {name: self.headers[name] for name in ("If-Match", "If-None-Match") if name in self.headers}})

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = serve

    def route(self, body):
        path = urllib.parse.urlsplit(self.path).path
        if path.startswith("/_fake/"):
            return self.serve_test(path[7:], body)
        if path.startswith("/client/v4/zones/"):
            return self.serve_purge(path, body)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
        self.verify(body)
        bucket, _, key = urllib.parse.unquote(path)[1:].partition("/")
        if bucket != self.store.options.bucket:
            raise Refusal(404, "NoSuchBucket")
        if self.store.options.write_only and (self.command in ("GET", "HEAD", "DELETE") and "uploadId" not in query):
            raise Refusal(403, "AccessDenied", "this key may only write")
        with self.store.lock:
            return self.serve_object(key, query, body)

    # -- Signature Version 4 --

    def verify(self, body):
        header = self.headers.get("Authorization", "")
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})", header)
        if not match:
            raise Refusal(403, "AccessDenied", "no signature of version 4")
        key_id, day, region, names, signature = match.groups()
        if key_id != os.environ["FAKE_S3_KEY_ID"]:
            raise Refusal(403, "InvalidAccessKeyId")
        if region != "auto":
            raise Refusal(400, "AuthorizationHeaderMalformed", "the region is auto")
        date, payload = self.headers.get("X-Amz-Date", ""), self.headers.get("X-Amz-Content-Sha256")
        names = names.split(";")
        if names != sorted(names) or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names) or not payload:
            raise Refusal(400, "InvalidRequest", "headers that must be signed are not")
        for name in self.headers.keys():
            if name.lower().startswith("x-amz-") and name.lower() not in names:
                raise Refusal(403, "AccessDenied", f"{name} is not signed")
        self.check_clock(date, day)
        split = urllib.parse.urlsplit(self.path)
        pairs = sorted((quote(name), quote(value)) for name, value in urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        canonical = "\n".join([
            self.command, quote(urllib.parse.unquote(split.path), "/-._~"), "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{' '.join((self.headers.get(name) or '').split())}\n" for name in names), ";".join(names), payload])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", date, f"{day}/{region}/s3/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + os.environ["FAKE_S3_KEY"]).encode()
        for step in (day, region, "s3", "aws4_request"):
            key = hmac_sha256(key, step)
        if not hmac.compare_digest(hmac_sha256(key, to_sign).hex(), signature):
            raise Refusal(403, "SignatureDoesNotMatch")
        if payload == "UNSIGNED-PAYLOAD" and self.store.options.lenient:
            return
        if payload != hashlib.sha256(body).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch")

    def check_clock(self, date, day):
        try:
            told = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        except ValueError:
            raise Refusal(403, "AccessDenied", "no X-Amz-Date") from None
        if not date.startswith(day):
            raise Refusal(403, "SignatureDoesNotMatch", "two days")
        if abs(told - time.time() - self.store.skew_s) > 900:
            raise Refusal(403, "RequestTimeTooSkewed")

    # -- objects --

    def serve_object(self, key, query, body):
        if self.command == "POST" and "uploads" in query:
            return self.begin_upload(key)
        if "uploadId" in query:
            return self.serve_upload(key, query, body)
        if self.command == "PUT":
            self.store.check_conditions(key, self.headers)
            about = {"etag": hashlib.md5(body).hexdigest(), "size": len(body), "type": self.headers.get("Content-Type"), "cache": self.headers.get("Cache-Control")}
            self.store.write("objects", key, body, about)
            return self.answer(200, headers={"ETag": f'"{about["etag"]}"'})
        if self.command == "DELETE":
            self.store.remove("objects", key)
            return self.answer(204)
        if self.command in ("GET", "HEAD"):
            return self.serve_content(key, {})
        raise Refusal(405, "MethodNotAllowed")

    def serve_content(self, key, headers):
        with self.store.lock:
            about = self.store.about("objects", key)
            data = self.store.data("objects", key) if about else b""
        if not about:
            raise Refusal(404, "NoSuchKey")
        etag = f'"{about["etag"]}"'
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": about["type"] or "application/octet-stream", **headers}
        if about["cache"]:
            headers["Cache-Control"] = about["cache"]
        if self.headers.get("If-Match") not in (None, "*", etag):
            raise Refusal(412, "PreconditionFailed")
        if self.headers.get("If-None-Match") in ("*", etag):
            self.status = 304
            self.send_response(304)
            for name, value in headers.items():
                self.send_header(name, value)
            return self.end_headers()
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not match or self.command == "HEAD":
            return self.answer(200, data, headers)
        first, last = int(match[1]), min(int(match[2] or len(data) - 1), len(data) - 1)
        if first > last:
            raise Refusal(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return self.answer(206, data[first:last + 1], headers)

    # -- parts --

    def begin_upload(self, key):
        upload = uuid.uuid4().hex + "/+="  # such as R2's: it must be encoded
        self.store.write("parts", upload, b"", {"key": key, "type": self.headers.get("Content-Type"), "cache": self.headers.get("Cache-Control")})
        self.answer_xml(200, "InitiateMultipartUploadResult", {"Bucket": self.store.options.bucket, "Key": key, "UploadId": upload})

    def serve_upload(self, key, query, body):
        upload = query["uploadId"]
        about = self.store.about("parts", upload)
        if not about or about["key"] != key:
            raise Refusal(404, "NoSuchUpload")
        if self.command == "PUT":
            number = int(query.get("partNumber", "0"))
            if not 1 <= number <= 10000:
                raise Refusal(400, "InvalidArgument", "partNumber")
            etag = hashlib.md5(body).hexdigest()
            self.store.write("parts", f"{upload}#{number:05}", body, {"etag": etag, "size": len(body), "number": number})
            return self.answer(200, headers={"ETag": f'"{etag}"'})
        if self.command == "DELETE":
            for name in self.store.names("parts"):
                if name.startswith(upload):
                    self.store.remove("parts", name)
            return self.answer(204)
        if self.command == "POST":
            return self.end_upload(key, upload, about, body)
        raise Refusal(405, "MethodNotAllowed")

    def end_upload(self, key, upload, about, body):
        self.store.check_conditions(key, self.headers)
        listed = [(re.search(r"<PartNumber>(\d+)</PartNumber>", part), re.search(r'<ETag>"?([0-9a-f]{32})"?</ETag>', part))
                  for part in re.findall(r"<Part>(.*?)</Part>", html.unescape(body.decode()), re.DOTALL)]
        if not all(number and etag for number, etag in listed):
            raise Refusal(400, "MalformedXML")
        listed = [(int(number[1]), etag[1]) for number, etag in listed]
        data, sizes, sums = b"", [], b""
        if [number for number, _ in listed] != list(range(1, len(listed) + 1)) or not listed:
            raise Refusal(400, "InvalidPartOrder")
        for number, etag in listed:
            part = self.store.about("parts", f"{upload}#{number:05}")
            if not part or part["etag"] != etag:
                raise Refusal(400, "InvalidPart")
            data += self.store.data("parts", f"{upload}#{number:05}")
            sizes.append(part["size"])
            sums += bytes.fromhex(part["etag"])
        if len(sizes) > 1 and (sizes[0] < PART_LEAST or len(set(sizes[:-1])) > 1 or sizes[-1] > sizes[0]):
            raise Refusal(400, "InvalidPart" if sizes[0] >= PART_LEAST else "EntityTooSmall", "all parts but the last have one size")
        etag = f"{hashlib.md5(sums).hexdigest()}-{len(sizes)}"
        self.store.write("objects", key, data, {"etag": etag, "size": len(data), "type": about["type"], "cache": about["cache"]})
        for name in self.store.names("parts"):
            if name.startswith(upload):
                self.store.remove("parts", name)
        self.answer_xml(200, "CompleteMultipartUploadResult", {"Key": key, "ETag": f"&quot;{etag}&quot;"})

    # -- the CDN, and the public --

    def serve_purge(self, path, body):
        if not hmac.compare_digest(self.headers.get("Authorization", ""), "Bearer " + os.environ.get("FAKE_CDN_TOKEN", "none")):
            return self.answer_json(403, {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]})
        asked = json.loads(body)
        if self.command != "POST" or not path.endswith("/purge_cache") or not isinstance(asked.get("files"), list) or not 0 < len(asked["files"]) <= 30:
            return self.answer_json(400, {"success": False, "errors": [{"code": 1012, "message": "bad request"}]})
        with self.store.lock:
            self.store.purges += asked["files"]
        return self.answer_json(200, {"success": True, "errors": [], "result": {"id": "x"}})

    def serve_public(self):
        open_to_all = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Content-Range, Content-Length, Accept-Ranges"}
        key = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)[1:]
        if self.command == "OPTIONS":
            return self.answer(204, headers={**open_to_all, "Access-Control-Allow-Methods": "GET, HEAD", "Access-Control-Allow-Headers": "Range, If-Match, If-None-Match"})
        if self.command not in ("GET", "HEAD"):
            raise Refusal(405, "MethodNotAllowed")
        return self.serve_content(key, open_to_all)

    # -- for tests --

    def serve_test(self, what, body):
        store = self.store
        with store.lock:
            if what == "faults" and self.command == "POST":
                store.faults = json.loads(body)
            elif what == "skew" and self.command == "POST":
                store.skew_s = json.loads(body)
            elif what == "write-only" and self.command == "POST":
                store.options.write_only = json.loads(body)
            elif what == "forget" and self.command == "POST":
                store.log, store.purges, store.faults = [], [], []
            known = {"faults": store.faults, "log": store.log, "purges": store.purges, "objects": store.names("objects"), "parts": store.names("parts")}
            self.answer_json(200, known.get(what, {}))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def main():
    arguments = argparse.ArgumentParser(description="a strict S3 store for tests and the demo")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--public-port", type=int, default=0)
    arguments.add_argument("--bucket", default="maps")
    arguments.add_argument("--root", required=True)
    arguments.add_argument("--write-only", action="store_true")
    arguments.add_argument("--lenient", action="store_true", help="other clients too: Expect: 100-continue, bodies that are not signed")
    arguments.add_argument("--certificate", help="PEM with chain and key: the store speaks TLS")
    options = arguments.parse_args()
    for name in ("FAKE_S3_KEY_ID", "FAKE_S3_KEY"):
        if not os.environ.get(name):
            sys.exit(f"s3.py: {name} is not in the environment")
    store = Store(options)
    servers = []
    for port, public in ((options.port, False), (options.public_port, True)):
        handler = type("H", (Handler,), {"store": store, "public": public})
        servers.append(Server(("127.0.0.1", port), handler))
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        servers[0].socket = context.wrap_socket(servers[0].socket, server_side=True, do_handshake_on_connect=False)
    print(f"ready {servers[0].server_address[1]} {servers[1].server_address[1]}", flush=True)
    threading.Thread(target=servers[1].serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
