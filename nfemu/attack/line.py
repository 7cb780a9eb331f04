"""Sockets of a subscriber's line on an IP bearer, used from outside it."""

import contextlib
import socket
import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address
from typing import Self

from nfemu.attack.on_line import Kind
from nfemu.model.errors import Unavailable

_ENDING_S = 10.0
_PATIENCE_S = 5.0
_DNS, _MOST = 53, 512
_QUESTION = b"\x12\x34\1\0\0\1\0\0\0\0\0\0"
_ADDRESS = b"\0\0\1\0\1"


class LineSockets:
    """A context. `command` runs `nfemu.attack.on_line` on the line; what it passes back is used here."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def __enter__(self) -> Self:
        self._asking, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(self._command, stdin=theirs.fileno())  # noqa: S603 - our own command
        return self

    def __exit__(self, *_: object) -> None:
        self._asking.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_S)
        self._process.kill()
        self._process.wait()

    def make(self, kind: Kind) -> socket.socket:
        """Raises Unavailable: the line is not there, or the caller may not have such a socket."""
        try:
            self._asking.sendall(kind.value)
            _, descriptors, _, _ = socket.recv_fds(self._asking, 1, 1)
        except OSError:
            descriptors = []
        if not descriptors:
            raise Unavailable("there is no such socket on the line; is it attached, and are there IP bearers?")
        return socket.socket(fileno=descriptors[0])

    def ask(self, name: str, resolver: str, port: int = _DNS, patience_s: float = _PATIENCE_S) -> None:
        """Have the DNS tell the line a name's IPv4 address, or what it tells instead (RFC 1035 section 4)."""
        labels = b"".join(bytes((len(label),)) + label for label in name.encode().split(b"."))
        with self.make(Kind.UDP6 if ":" in resolver else Kind.UDP4) as sock:
            sock.connect((resolver, port))
            sock.settimeout(patience_s)
            with contextlib.suppress(OSError):
                sock.send(_QUESTION + labels + _ADDRESS)
                sock.recv(_MOST)

    def tcp(self, address: str) -> socket.socket:
        """Not connected yet. Raises Unavailable."""
        return self.make(Kind.TCP4 if isinstance(ip_address(address), IPv4Address) else Kind.TCP6)
