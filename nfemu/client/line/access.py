"""How the agent opens a connection: from inside the phone's network, or through the line's proxy."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

from nfemu.client.line.asking import ask
from nfemu.client.line.deadline import Deadline
from nfemu.client.line.values import Stage, Told
from nfemu.client.line.way import ByProxy, OnBearer, Way
from nfemu.model.signs import LATE, NO_HTTP, NOT_SENT, REFUSED, RESET

_DNS = 53
_MOST_HEAD = 64 * 1024


class Lost(Exception):
    """It came to an end before there was an answer. `status` and `headers` are a proxy's, where it answered CONNECT."""

    def __init__(
        self, stage: Stage, sign: str, status: int = 0, headers: tuple[tuple[str, str], ...] = (), address: str = ""
    ) -> None:
        super().__init__(sign)
        self.stage = stage
        self.sign = sign
        self.status = status
        self.headers = headers
        self.address = address


@dataclass(frozen=True, slots=True)
class Place:
    """Where to: `host` as it is spelled. `at`: the address to connect to, instead of asking for the name."""

    host: str
    port: int
    at: str = ""

    @property
    def authority(self) -> str:
        """`news.example:80`, `[2001:2::9]:443`."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A TCP connection. `address` of the far end; empty where a proxy knows it."""

    sock: socket.socket
    address: str


class Access(Protocol):
    def stream(self, place: Place, deadline: Deadline) -> Opened:
        """What is sent on it reaches the place itself. Raises Lost."""

    def for_request(self, place: Place, deadline: Deadline) -> Opened:
        """For a request over plain HTTP. Raises Lost."""

    def address(self, host: str) -> str:
        """Of the host, as the line's DNS tells it. Raises Lost."""

    def target(self, authority: str, path: str) -> str:
        """What the request line of that request names."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Further header fields of that request."""


@dataclass(frozen=True, slots=True)
class FromBearer:
    way: OnBearer

    def stream(self, place: Place, deadline: Deadline) -> Opened:
        address = place.at or self.address(place.host)
        return Opened(connect(address, place.port, deadline), address)

    def for_request(self, place: Place, deadline: Deadline) -> Opened:
        return self.stream(place, deadline)

    def target(self, authority: str, path: str) -> str:  # noqa: ARG002 - the port's signature
        return path

    @property
    def fields(self) -> Mapping[str, str]:
        return {}

    def address(self, host: str) -> str:
        """A literal is its own; else the sign that is raised is of the answer for the family that comes first."""
        try:
            return str(ip_address(host))
        except ValueError:
            pass
        signs = []
        for family in self.way.families:
            kind = "A" if family == 4 else "AAAA"
            told = Told.of(ask(self.way.resolvers[0], _DNS, host, kind))
            if told.addresses:
                return str(told.addresses[0])
            signs.append(told.sign)
        raise Lost(Stage.NAME, signs[0])


@dataclass(frozen=True, slots=True)
class ThroughProxy:
    way: ByProxy

    def stream(self, place: Place, deadline: Deadline) -> Opened:
        """By CONNECT."""
        opened = self.for_request(place, deadline)
        try:
            _tunnel(deadline.allot(opened.sock), place.authority, self.fields)
        except Lost:
            opened.sock.close()
            raise
        return opened

    def for_request(self, place: Place, deadline: Deadline) -> Opened:  # noqa: ARG002 - the port's signature
        return Opened(connect(self.way.host, self.way.port, deadline), "")

    def address(self, host: str) -> str:  # noqa: ARG002 - the port's signature
        raise Lost(Stage.NAME, NOT_SENT)

    def target(self, authority: str, path: str) -> str:
        return f"http://{authority}{path}"

    @property
    def fields(self) -> Mapping[str, str]:
        return self.way.credentials


def access_by(way: Way) -> FromBearer | ThroughProxy:
    return FromBearer(way) if isinstance(way, OnBearer) else ThroughProxy(way)


def connect(address: str, port: int, deadline: Deadline) -> socket.socket:
    """Raises Lost."""
    try:
        return socket.create_connection((address, port), deadline.left())
    except TimeoutError:
        raise Lost(Stage.CONNECT, LATE, address=address) from None
    except OSError:
        raise Lost(Stage.CONNECT, REFUSED, address=address) from None


def _tunnel(sock: socket.socket, authority: str, fields: Mapping[str, str]) -> None:
    """Raises Lost unless the proxy opens it. What follows the answer's head stays unread."""
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *(f"{name}: {fields[name]}" for name in fields)]
    head = b""
    try:
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        while not head.endswith(b"\r\n\r\n") and len(head) < _MOST_HEAD:
            octet = sock.recv(1)
            if not octet:
                raise Lost(Stage.TUNNEL, RESET)
            head += octet
    except TimeoutError:
        raise Lost(Stage.TUNNEL, LATE) from None
    except OSError:
        raise Lost(Stage.TUNNEL, RESET) from None
    status, headers = _read_head(head)
    if status != 200:
        raise Lost(Stage.TUNNEL, f"CONNECT answered with {status}" if status else NO_HTTP, status, headers)


def _read_head(head: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Status 0 where it is none."""
    first, *rest = head.decode("latin-1").split("\r\n")
    protocol, _, status = first.partition(" ")
    if not protocol.startswith("HTTP/1.") or not status[:3].isdigit():
        return 0, ()
    fields = (line.partition(":") for line in rest if line)
    return int(status[:3]), tuple((name, value.strip()) for name, _, value in fields)
