"""The OpenID Connect provider of tests/fake/provider.mjs, and a browser of a few lines. Python 3.11 standard library only."""

import http.cookiejar
import json
import os
import re
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from edge_rig import free_port
from openapi import Document
from site_runner import ROOT

SECRET = "a secret: of & the/client"


def certify(folder):
    """A CA, and a certificate for localhost: FOLDER/provider-ca.crt, provider.crt, provider.key."""
    ca, key, name = os.path.join(folder, "provider-ca"), os.path.join(folder, "provider.key"), ["-subj", "/CN=localhost"]
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    for command in (
        [*new, "-subj", "/CN=test provider CA", "-keyout", ca + ".key", "-out", ca + ".crt"],
        [*new, *name, "-CA", ca + ".crt", "-CAkey", ca + ".key", "-addext", "subjectAltName=DNS:localhost",
         "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", os.path.join(folder, "provider.crt")],
    ):  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=30)


class Provider:
    def __init__(self, folder, origin):
        self.folder, self.origin, self.port, self.node = folder, origin, free_port(), None
        certify(folder)
        self.start()

    @property
    def issuer(self):
        return f"https://localhost:{self.port}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        script = os.path.join(ROOT, "tests", "fake", "provider.mjs")
        words = ["node", "--no-warnings", script, self.path("provider.crt"), self.path("provider.key"), self.origin + "/auth/provider/callback", str(self.port)]
        with open(self.path("provider.log"), "ab") as log:
            self.node = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        said = self.node.stdout.readline()
        while said and not said.startswith("ready"):
            said = self.node.stdout.readline()
        if not said:
            with open(self.path("provider.log"), encoding="utf-8") as log:
                raise RuntimeError("the provider did not start:\n" + log.read())

    def rotate(self):
        self.node.stdin.write("rotate\n")
        self.node.stdin.flush()
        assert self.node.stdout.readline() == "done\n"

    def stop(self):
        if self.node and self.node.poll() is None:
            self.node.kill()
            self.node.wait()

    def options(self, client="tocsin"):
        return {
            "oidc.issuer": self.issuer, "oidc.client_id": client, "oidc.origin": self.origin, "oidc.name": "Town ID",
            "oidc.ca": self.path("provider-ca.crt"),
        }  # fmt: skip


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Page:
    def __init__(self, url, response):
        self.url, self.status, self.headers = url, response.status, response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Browser:
    """Keeps cookies as the standard library's jar does; knows the test's provider."""

    def __init__(self, rig, provider):
        self.origin, self.jar = provider.origin, http.cookiejar.CookieJar()
        context = ssl.create_default_context(cafile=provider.path("provider-ca.crt"))
        if rig.tls:
            context.load_verify_locations(rig.path("ca/web-ca.crt"))
        self.opener = urllib.request.build_opener(Stay(), urllib.request.HTTPCookieProcessor(self.jar), urllib.request.HTTPSHandler(context=context))
        self.csrf, self.document = None, Document()

    def get(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            return Page(url, self.opener.open(urllib.request.Request(url, data), timeout=30))
        except urllib.error.HTTPError as answer:
            return Page(url, answer)

    def ask(self, method, path, body=None):
        """Of control, as the page does; the answer must be one that is documented."""
        headers = {"Content-Type": "application/json", "Origin": self.origin}
        if self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        data = json.dumps(body).encode() if body is not None else None
        try:
            page = Page(path, self.opener.open(urllib.request.Request(self.origin + path, data, headers, method=method), timeout=30))
        except urllib.error.HTTPError as answer:
            page = Page(path, answer)
        operation = (method, re.sub(r"(?<=/auth/provider/links/)[^/]+", "{id}", path))
        self.document.check_answer(operation, page.status, page.headers.get("Content-Type", ""), page.body)
        return page

    def cookie(self, name):
        return next((cookie for cookie in self.jar if cookie.name == name), None)

    def session(self):
        """Who is signed in here, or None."""
        answer = self.ask("GET", "/auth/session")
        if answer.status != 200:
            return None
        self.csrf = answer.json.get("csrf_token")
        return answer.json

    def visit(self, location, name):
        """Signs in at the provider's page as NAME; answers with the address that the provider sends the browser back to."""
        page = self.get(location)
        for _ in range(12):
            if page.status in (302, 303):
                target = urllib.parse.urljoin(page.url, page.headers["Location"])
                if target.startswith(self.origin):
                    return target
                page = self.get(target)
                continue
            action = re.search(r'action="([^"]+)"', page.body.decode())
            if page.status != 200 or not action:
                raise RuntimeError(f"{page.url}: {page.status} {page.body[:400]}")
            login = b'name="login"' in page.body
            form = {"prompt": "login", "login": name, "password": "x"} if login else {"prompt": "consent"}
            page = self.get(urllib.parse.urljoin(page.url, action.group(1)), form)
        raise RuntimeError("the provider's page never sent us back")

    def come(self, url):
        """Follows the way back; answers with where the page is told to go."""
        return self.get(url).headers["Location"]

    def sign_in(self, name, path=None):
        begun = self.ask("POST", "/auth/provider/begin", {"return": path} if path else {})
        if begun.status != 200:
            raise RuntimeError(f"begin: {begun.status} {begun.body}")
        return self.come(self.visit(begun.json["location"], name))

    def link(self, password, name):
        begun = self.ask("POST", "/auth/provider/link", {"password": password})
        if begun.status != 200:
            raise RuntimeError(f"link: {begun.status} {begun.body}")
        return self.come(self.visit(begun.json["location"], name))
