"""An authenticator in software (WebAuthn Level 3, ES256) and the browser around it, for tests of what control believes.

The key lies in a file for the `openssl` command. Python 3.11 standard library only.
"""

import base64
import hashlib
import json
import subprocess

PRESENT, VERIFIED, CREDENTIAL = 0x01, 0x04, 0x40


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class SoftPasskey:
    def __init__(self, key_path, origin, domain):
        self.key, self.origin, self.domain, self.count = str(key_path), origin, domain, 0
        self.id = hashlib.sha256(self.key.encode()).digest()
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key], check=True)

    def _openssl(self, *words, data=b""):
        return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout

    def _head(self, flags):
        self.count += 1
        return hashlib.sha256(self.domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind, challenge):
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def make(self, question):
        """The body of POST /auth/passkeys, without the name."""
        point = self._openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-64:]
        cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + point[:32] + b"\x22\x58\x20" + point[32:]
        data = self._head(PRESENT | VERIFIED | CREDENTIAL) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        return {"client_data": url64(self._client("webauthn.create", question["challenge"])), "authenticator_data": url64(data)}

    def answer(self, question):
        """What stands in a body as "passkey"."""
        client, data = self._client("webauthn.get", question["challenge"]), self._head(PRESENT | VERIFIED)
        signature = self._openssl("dgst", "-sha256", "-sign", self.key, data=data + hashlib.sha256(client).digest())
        return {"credential": url64(self.id), "client_data": url64(client), "authenticator_data": url64(data), "signature": url64(signature)}
