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

    def tcp(self, address: str) -> socket.socket:
        """Not connected yet. Raises Unavailable."""
        return self.make(Kind.TCP4 if isinstance(ip_address(address), IPv4Address) else Kind.TCP6)
