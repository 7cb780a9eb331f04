"""A program that is told of events, and believes only what is signed with its secret, fresh, and not told before.

    python3 receiver.py 127.0.0.1:9000 crm.secret        # crm.secret: the file with the secret

It prints each event once, as a line of JSON. Standard library only; `verify` is all that you need of it.
"""

import hashlib
import hmac
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

TOLERANCE_S = 300


def verify(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> bool:
    """Is `body` from the carrier, and not somebody's copy of yesterday's?"""
    signed = timestamp.encode() + b"." + body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    genuine = hmac.compare_digest(expected.encode(), signature.encode())
    return genuine and abs(now - int(timestamp)) <= TOLERANCE_S


class Receiver(BaseHTTPRequestHandler):
    """An event may come twice: what is known is answered, and nothing else is done."""

    secret = ""
    known: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        timestamp, signature = (self.headers.get(f"Nfemu-{name}", "") for name in ("Timestamp", "Signature"))
        genuine = verify(self.secret, timestamp, signature, body, time.time())
        if genuine and self.headers["Nfemu-Event-Id"] not in self.known:
            self.known.add(self.headers["Nfemu-Event-Id"])
            print(body.decode(), flush=True)
        self.send_response(204 if genuine else 403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Bodies have numbers in them; a log of requests says nothing more."""


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    Receiver.secret = Path(sys.argv[2]).read_text(encoding="ascii").strip()
    HTTPServer((host, int(port)), Receiver).serve_forever()
