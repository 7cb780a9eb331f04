"""200 requests and more, from tables: what each one is, how it travels, and what must become of it.

`kind` is written by hand; the expected fate follows from it, and the tests hold it against `decide()` as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain, count

import idna


class Kind(Enum):
    """What a host is, whatever its spelling."""

    PORTAL = "the portal: allowed, and trusted"
    PAYMENT = "the payment provider: allowed"
    OTHER = "another name"
    VIRTUAL = "an address of the emulated Internet"
    NOWHERE = "a public address that the emulated Internet does not have"
    PRIVATE = "an address that is never dialled"
    NO_HOST = "neither a name nor an address"


class Way(Enum):
    """How a request travels."""

    PROXY = "absolute target, shared listener"
    OWN = "absolute target, own listener"
    PATH = "origin form, own listener"
    CONNECT_TLS = "CONNECT, then TLS"
    CONNECT_HTTP = "CONNECT, then plain HTTP"
    CONNECT_RAW = "CONNECT, then neither"
    SOCKS_TLS = "SOCKS5, then TLS"
    SOCKS_HTTP = "SOCKS5, then plain HTTP"
    OTHER_SNI = "CONNECT, then TLS for another name"
    NO_SNI = "CONNECT, then TLS without a name"


class Body(Enum):
    NONE = "no body"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"


PLAIN = (Way.PROXY, Way.OWN, Way.PATH)
SOCKS = (Way.SOCKS_TLS, Way.SOCKS_HTTP)
PLAIN_INSIDE = (Way.CONNECT_HTTP, Way.SOCKS_HTTP)
TLS = (Way.CONNECT_TLS, Way.SOCKS_TLS, Way.OTHER_SNI, Way.NO_SNI)

_CYRILLIC = "рortal.carrier.example"

HOSTS: dict[str, Kind] = {
    "portal.carrier.example": Kind.PORTAL,
    "PORTAL.Carrier.EXAMPLE": Kind.PORTAL,
    "portal.carrier.example.": Kind.PORTAL,
    "pOrTaL.cArRiEr.ExAmPlE.": Kind.PORTAL,
    "ｐｏｒｔａｌ.carrier.example": Kind.PORTAL,
    "portal。carrier。example": Kind.PORTAL,
    "pay.provider.example": Kind.PAYMENT,
    "Pay.Provider.Example.": Kind.PAYMENT,
    "ⓟay.provider.example": Kind.PAYMENT,
    "news.example": Kind.OTHER,
    "NEWS.example.": Kind.OTHER,
    "evilportal.carrier.example": Kind.OTHER,
    "portal.carrier.example.evil.test": Kind.OTHER,
    "sub.portal.carrier.example": Kind.OTHER,
    "carrier.example": Kind.OTHER,
    "portal-carrier.example": Kind.OTHER,
    "portal.carrier.examples": Kind.OTHER,
    "portal_carrier.example": Kind.OTHER,
    "_portal.carrier.example": Kind.OTHER,
    "portal.carrier": Kind.OTHER,
    "evilpay.provider.example": Kind.OTHER,
    "pay.provider.example.evil.test": Kind.OTHER,
    "pay.provider.examp1e": Kind.OTHER,
    "provider.example": Kind.OTHER,
    "bücher.example": Kind.OTHER,
    "xn--bcher-kva.example": Kind.OTHER,
    _CYRILLIC: Kind.OTHER,
    idna.encode(_CYRILLIC).decode(): Kind.OTHER,
    "中国.example": Kind.OTHER,
    "captive.apple.com": Kind.OTHER,
    "198.18.0.77": Kind.VIRTUAL,
    "[2001:2::4d]": Kind.VIRTUAL,
    "[::ffff:198.18.0.77]": Kind.VIRTUAL,
    "[2001:0002:0000:0000:0000:0000:0000:004D]": Kind.VIRTUAL,
    "8.8.8.8": Kind.NOWHERE,
    "[2606:4700::1111]": Kind.NOWHERE,
    "127.0.0.1": Kind.PRIVATE,
    "0.0.0.0": Kind.PRIVATE,
    "10.45.0.1": Kind.PRIVATE,
    "169.254.169.254": Kind.PRIVATE,
    "192.168.1.1": Kind.PRIVATE,
    "[::1]": Kind.PRIVATE,
    "[::]": Kind.PRIVATE,
    "[fe80::1]": Kind.PRIVATE,
    "[::ffff:127.0.0.1]": Kind.PRIVATE,
    "[64:ff9b::7f00:1]": Kind.PRIVATE,
    "127.1": Kind.NO_HOST,
    "2130706433": Kind.NO_HOST,
    "0x7f.0.0.1": Kind.NO_HOST,
    "0177.0.0.1": Kind.NO_HOST,
    "017700000001": Kind.NO_HOST,
    "127.0.0.1.": Kind.NO_HOST,
    "198.18.0.077": Kind.NO_HOST,
    "1.2.3.4.5": Kind.NO_HOST,
    "portal..carrier.example": Kind.NO_HOST,
    ".portal.carrier.example": Kind.NO_HOST,
    "portal.carrier.example..": Kind.NO_HOST,
    "portal%2ecarrier.example": Kind.NO_HOST,
    "portal.carrier.example%00.evil.test": Kind.NO_HOST,
    "xn--a.example": Kind.NO_HOST,
    "user@portal.carrier.example": Kind.NO_HOST,
    "portal.carrier.example@evil.test": Kind.NO_HOST,
    "evil.test\\@portal.carrier.example": Kind.NO_HOST,
    "[fe80::1%251]": Kind.NO_HOST,
    "a" * 64 + ".example": Kind.NO_HOST,
}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get")
PORTS = (80, 443, 81, 8080, 8443, 65535)
LISTED_PORTS = (80, 443)


@dataclass(frozen=True, slots=True)
class Case:
    """`number` is its mark: the path it asks for."""

    number: int
    way: Way
    host: str
    kind: Kind
    port: int | None = None
    method: str = "GET"
    body: Body = Body.NONE

    @property
    def path(self) -> str:
        return f"/case-{self.number}"

    @property
    def effective_port(self) -> int:
        if self.port is not None:
            return self.port
        return 80 if self.way in PLAIN or self.way in PLAIN_INSIDE else 443

    @property
    def authority(self) -> str:
        return self.host if self.port is None and self.way in PLAIN else f"{self.host}:{self.effective_port}"

    def __str__(self) -> str:
        return f"{self.path}: {self.way.value}: {self.method} {self.authority}, {self.body.value}"

    @property
    def passes_restricted(self) -> bool:
        """Whether it reaches its origin from a restricted line."""
        listed = self.kind in (Kind.PORTAL, Kind.PAYMENT) and self.effective_port in LISTED_PORTS
        return listed and self.way not in (Way.CONNECT_RAW, Way.OTHER_SNI, Way.NO_SNI)

    @property
    def passes_open(self) -> bool:
        """The same from an open line. What is neither TLS nor HTTP to us may be HTTP to a trusted origin."""
        raw_to_trusted = (
            self.way is Way.CONNECT_RAW and self.kind is Kind.PORTAL and self.effective_port in LISTED_PORTS
        )
        return self.kind in (Kind.PORTAL, Kind.PAYMENT, Kind.OTHER, Kind.VIRTUAL) and not raw_to_trusted


def _every_host(way: Way) -> Iterator[tuple[Way, str, int | None, str, Body]]:
    for host in HOSTS:
        yield way, host, None, "GET", Body.NONE


def _socks_hosts() -> Iterator[tuple[Way, str, int | None, str, Body]]:
    """By name or by address type; no other spellings of literals exist there."""
    for index, (host, kind) in enumerate(HOSTS.items()):
        if kind is not Kind.NO_HOST or index % 2:
            yield SOCKS[index % 2], host, None, "GET", Body.NONE


def _methods() -> Iterator[tuple[Way, str, int | None, str, Body]]:
    hosts = ("news.example", "portal.carrier.example", "198.18.0.77")
    for index, method in enumerate(METHODS):
        for host in hosts:
            for body in (Body.NONE, Body.LENGTH, Body.CHUNKED):
                yield PLAIN[(index + 1) % 3], host, None, method, body


def _ports() -> Iterator[tuple[Way, str, int | None, str, Body]]:
    for port in PORTS:
        for host in ("news.example", "portal.carrier.example", "pay.provider.example"):
            for way in (Way.OWN, Way.CONNECT_TLS, Way.CONNECT_HTTP, Way.CONNECT_RAW, Way.SOCKS_HTTP):
                yield way, host, port, "GET", Body.NONE


def _names_inside_tls() -> Iterator[tuple[Way, str, int | None, str, Body]]:
    for host in ("portal.carrier.example", "pay.provider.example", "news.example"):
        for way in (Way.OTHER_SNI, Way.NO_SNI):
            yield way, host, None, "GET", Body.NONE


def _make() -> list[Case]:
    numbers = count(1)
    rows = chain(
        _every_host(Way.PROXY),
        _every_host(Way.CONNECT_TLS),
        _socks_hosts(),
        _methods(),
        _ports(),
        _names_inside_tls(),
    )
    return [Case(next(numbers), way, host, HOSTS[host], port, method, body) for way, host, port, method, body in rows]


CORPUS = _make()
