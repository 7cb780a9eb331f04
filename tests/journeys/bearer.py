"""A phone on an IP bearer as attackers and testers have it: sockets of the line itself, and what arrives behind it."""

import contextlib
import os
import re
import ssl
import subprocess
from shutil import which
from socket import socket
from typing import Self

import pytest
from dnslib import QTYPE, DNSRecord

from nfemu.attack.line import LineSockets
from nfemu.attack.on_line import Kind
from nfemu.client.values import Session
from nfemu.model.errors import Unavailable
from tests.journeys.carrier import CarrierProcess

POSSIBLE = subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0
NEEDS_BEARERS = pytest.mark.skipif(not POSSIBLE, reason="needs network namespaces")
NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or which("nft") is None or which("nsenter") is None,
    reason="needs root, nft and nsenter: raw sockets on the line, a counter behind it",
)
OF_NEWS = b"Example News"
"""What only news.example says."""


class OnLine:
    """A context: sockets of one line, and the usual exchanges on them."""

    def __init__(self, carrier: CarrierProcess, number: str) -> None:
        program = (carrier.python, "-m", "nfemu.attack.on_line")
        self.sockets = LineSockets(carrier.command("--state", str(carrier.state.path), "exec", number, "--", *program))

    def __enter__(self) -> Self:
        """On the line when it returns, so that nothing that is done next comes before; or there is no way there."""
        self.sockets.__enter__()
        with contextlib.suppress(Unavailable):
            self.sockets.make(Kind.UDP4).close()
        return self

    def __exit__(self, *_: object) -> None:
        self.sockets.__exit__()

    def connect(self, address: str, port: int, within_s: float = 20) -> socket:
        """Raises OSError: refused, reset, or nothing in time."""
        sock = self.sockets.tcp(address)
        sock.settimeout(within_s)
        try:
            sock.connect((address, port))
        except OSError:
            sock.close()
            raise
        return sock

    def opens(self, address: str, port: int) -> bool:
        """Whether somebody accepts there. Refused is refused at once: whoever lets the phone wait fails the test."""
        try:
            self.connect(address, port).close()
        except ConnectionError:
            return False
        return True

    def exchange(self, address: str, port: int, data: bytes) -> bytes:
        """All that comes back until the end; nothing where the connection is refused or reset."""
        try:
            with self.connect(address, port) as sock:
                sock.sendall(data)
                return _rest(sock)
        except ConnectionError:
            return b""

    def hears(self, sign: bytes, address: str, port: int, data: bytes) -> bool:
        """Whether it comes back; waits for no more than that, and not long for a line that is gone."""
        heard = b""
        try:
            with self.connect(address, port, within_s=3) as sock:
                sock.sendall(data)
                while sign not in heard and (part := sock.recv(65536)):
                    heard += part
        except ConnectionError:
            pass
        return sign in heard

    def http(self, address: str, host: str, *fields: str, port: int = 80) -> bytes:
        return self.exchange(address, port, request(host, *fields))

    def https(self, address: str, host: str) -> bytes:
        """Whatever certificate is shown; nothing where the connection ends before."""
        try:
            with self.connect(address, 443) as plain, unverified().wrap_socket(plain, server_hostname=host) as tls:
                tls.sendall(request(host))
                return _rest(tls)
        except (ConnectionError, ssl.SSLError):
            return b""

    def ask(self, name: str, kind: str = "A", resolver: str = "10.45.0.1") -> DNSRecord:
        """By UDP."""
        with self.sockets.make(Kind.UDP6 if ":" in resolver else Kind.UDP4) as sock:
            sock.settimeout(20)
            sock.connect((resolver, 53))
            sock.send(DNSRecord.question(name, kind).pack())
            return DNSRecord.parse(sock.recv(4096))

    def address(self, name: str, kind: str = "A") -> str:
        """The first."""
        return next(str(record.rdata) for record in self.ask(name, kind).rr if record.rtype == getattr(QTYPE, kind))


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def hello(name: str | None) -> bytes:
    """The first flight of a TLS client that asks for `name`."""
    sent = ssl.MemoryBIO()
    client = unverified().wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def request(host: str, *fields: str, connection: str = "close") -> bytes:
    lines = (f"GET / HTTP/1.1\r\nHost: {host}", "Accept: application/json", f"Connection: {connection}", *fields)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(sock: socket) -> bytes:
    """One response with Content-Length, no octet more."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(sock, 1)
    length = re.search(rb"(?i)content-length: ([0-9]+)", data)
    assert length is not None, data
    body = b""
    while len(body) < int(length[1]):
        body += _some(sock, int(length[1]) - len(body))
    return data + body


def status(response: bytes) -> int:
    """0: no response."""
    return int(response.split(b" ")[1]) if response.startswith(b"HTTP/1.1 ") else 0


def session(carrier: CarrierProcess, number: str) -> Session:
    with carrier.client() as client:
        found = client.subscriber(number).session
    assert found is not None
    return found


def core_of(carrier: CarrierProcess) -> int:
    """The first process of the core's PID namespace."""
    with carrier.client() as client:
        return next(
            client.plug(each.number).pid for each in client.subscribers().subscribers if _attached(each.session)
        )


def _attached(found: Session | None) -> bool:
    return found is not None and found.state == "active"


def _some(sock: socket, most: int) -> bytes:
    part = sock.recv(most)
    if not part:
        raise ConnectionResetError
    return part


def _rest(sock: socket) -> bytes:
    data = b""
    while part := sock.recv(65536):
        data += part
    return data
