"""Opening connections towards origins: the emulated Internet, the real one, or a configured upstream.

Every dial is for one line and one target that was allowed; the address that is dialled is one that the resolver gave
in this very dial, checked after resolution. Connecting takes five seconds at the most, resolution included.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from socket import AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, socket
from typing import Any, TypedDict, TypeVar

from nfemu.carrier.ports import LineState
from nfemu.gateway.addresses import NO_PUBLIC_ADDRESS, is_foreign
from nfemu.gateway.engine import responses
from nfemu.gateway.ports import DialTarget, Direct, Emulated, GatewayRules, Resolver, Route, UeAddress, Upstream
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound, Unavailable
from nfemu.wire.proxy_protocol import ProxyHeader, encode

TIMEOUT_S = 5.0
Opened = TypeVar("Opened")


class _Tls(TypedDict, total=False):
    ssl: ssl.SSLContext
    server_hostname: str


@dataclass(frozen=True, slots=True)
class DialRequest:
    """`plain_http`: the connection is for plain HTTP requests; else for a tunnel. Equal requests may share one.

    `rules` are those that it was allowed by: with new ones a name may lead elsewhere. None where nothing is kept.
    """

    host: str
    port: int
    plain_http: bool
    line: LineState
    rules: GatewayRules | None = None


@dataclass(frozen=True, slots=True)
class Dialled:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    target: DialTarget
    addresses: tuple[IpAddress, ...]


class DialError(Exception):
    """Nothing was opened. `status`: 403 forbidden after resolution, 429, 502 no such thing or refused, 503, 504
    late."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status

    def page(self) -> bytes:
        """The whole response that tells a browser."""
        return responses.failure(self.status, str(self))


class OverRate(DialError):
    """The line has run ahead of its rate, in bits per second, and too much of it waits already."""

    def __init__(self, rate: int) -> None:
        super().__init__(429, "the line has run ahead of its rate; try again in a moment")
        self._rate = rate

    def page(self) -> bytes:
        return responses.over_rate(self._rate)


class Dialler:
    """One per worker. `may_dial` is the guard on resolved addresses, `timeout_s` bounds resolution and connecting."""

    def __init__(
        self,
        resolver: Resolver,
        origin_socket: Path,
        origin_token: bytes,
        *,
        may_dial: Callable[[IpAddress], bool] = is_foreign,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._resolver = resolver
        self._may_dial = may_dial
        self._timeout_s = timeout_s
        self._origin_socket = origin_socket
        self._origin_token = origin_token
        self._tls = ssl.create_default_context()

    async def dial(self, request: DialRequest, source_port: int) -> Dialled:
        """Resolve and connect. `source_port` is announced as the UE's. Raises DialError."""
        return await self._in_time(self._streams(request, source_port))

    async def connect(self, request: DialRequest, source_port: int) -> socket:
        """As `dial` for a tunnel, but the bare non-blocking socket: for who moves the octets himself."""
        sock, _, _ = await self._in_time(self._connect(request, source_port))
        return sock

    async def addresses(self, host: str) -> tuple[IpAddress, ...]:
        """What a name resolves to, or did of late; none when it does not exist. Raises DialError when that cannot be
        told.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                route = await self._resolver.resolve(host)
                return route.addresses + route.earlier
        except NotFound:
            return ()
        except (TimeoutError, Unavailable):
            raise DialError(503, f"`{host}` cannot be resolved now") from None

    async def _in_time(self, opening: Awaitable[Opened]) -> Opened:
        """Whatever fails is a DialError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await opening
        except TimeoutError:
            raise DialError(504, f"no answer within {self._timeout_s:g} seconds") from None
        except NotFound as error:
            raise DialError(502, str(error)) from None
        except Unavailable as error:
            raise DialError(503, str(error)) from None
        except OSError as error:
            raise DialError(502, error.strerror or str(error)) from None

    async def _streams(self, request: DialRequest, source_port: int) -> Dialled:
        sock, target, addresses = await self._connect(request, source_port)
        tls = self._tls_to(target) if request.plain_http else {}
        reader, writer = await asyncio.open_connection(sock=sock, **tls)
        return Dialled(reader, writer, target, addresses)

    async def _connect(
        self, request: DialRequest, source_port: int
    ) -> tuple[socket, DialTarget, tuple[IpAddress, ...]]:
        """With what it leads to, and the addresses that the host has."""
        route = await self._resolver.resolve(request.host)
        target = route.http if request.plain_http else route.other
        return await self._socket(request, route, target, source_port), target, route.addresses

    async def _socket(self, request: DialRequest, route: Route, target: DialTarget, source_port: int) -> socket:
        match target:
            case Emulated():
                header = proxy_header(request, route, source_port, self._origin_token)
                return await _unix_socket(self._origin_socket, header)
            case Upstream():
                proxied = target.ue_address is UeAddress.PROXY2
                header = proxy_header(request, route, source_port, b"") if proxied else b""
                return await _tcp_socket(target.host, target.port, header)
            case Direct():
                return await self._direct_socket(route, request.port)

    def _tls_to(self, target: DialTarget) -> _Tls:
        if isinstance(target, Upstream) and target.tls:
            return {"ssl": self._tls, "server_hostname": target.host}
        return {}

    async def _direct_socket(self, route: Route, port: int) -> socket:
        """To the first address that answers, of those that may be dialled."""
        permitted = [address for address in route.addresses if self._may_dial(address)]
        if not permitted:
            raise DialError(403, NO_PUBLIC_ADDRESS)
        return await _first_to_answer(
            (AF_INET if address.version == 4 else AF_INET6, (str(address), port)) for address in permitted
        )


async def _unix_socket(path: Path, header: bytes) -> socket:
    sock = socket(AF_UNIX, SOCK_STREAM)
    await _connected(sock, str(path), header)
    return sock


async def _tcp_socket(host: str, port: int, header: bytes) -> socket:
    """To the first address of `host` that answers. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return await _first_to_answer(((family, address) for family, _, _, _, address in found), header)


async def _first_to_answer(places: Iterable[tuple[int, Any]], header: bytes = b"") -> socket:
    """`places`: families with addresses of theirs. Raises OSError as the last of them does."""
    failed = OSError("there is no address")
    for family, address in places:
        sock = socket(family, SOCK_STREAM)
        try:
            await _connected(sock, address, header)
        except OSError as error:
            failed = error
        else:
            return sock
    raise failed


async def _connected(sock: socket, address: Any, header: bytes) -> None:
    """Connect, and say at once what is to be said first. Raises OSError; then the socket is closed."""
    loop = asyncio.get_running_loop()
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
        await loop.sock_sendall(sock, header)
    except BaseException:
        sock.close()
        raise


def proxy_header(request: DialRequest, route: Route, source_port: int, token: bytes) -> bytes:
    """PROXY version 2 from the UE to the first of the route's addresses that is of one of the UE's families."""
    for address in route.addresses:
        source = _ue_address(request.line, address)
        if source is not None:
            return encode(ProxyHeader(source, source_port, address, request.port, token))
    raise DialError(502, "the line has no address of the destination's family")


def suit(headers: MutableMapping[str, str], upstream: Upstream, line: LineState) -> None:
    """Make a request's headers what its upstream wants: the UE's address, and its own name in `Host`."""
    address = ue_address(line)
    if upstream.ue_address is UeAddress.XFF and address is not None:
        headers["X-Forwarded-For"] = str(address)
    if not upstream.preserve_host:
        default = 443 if upstream.tls else 80
        headers["Host"] = upstream.host if upstream.port == default else f"{upstream.host}:{upstream.port}"


def ue_address(line: LineState) -> IpAddress | None:
    """The address that the UE is known by: IPv4 where it has one."""
    return line.ue_ipv4 or (line.ue_ipv6[1] if line.ue_ipv6 is not None else None)


def _ue_address(line: LineState, destination: IpAddress) -> IPv4Address | IPv6Address | None:
    if destination.version == 4:
        return line.ue_ipv4
    return line.ue_ipv6[1] if line.ue_ipv6 is not None else None
