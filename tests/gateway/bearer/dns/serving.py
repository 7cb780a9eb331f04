"""A DNS service on loopback, its collaborators, and a phone's resolver."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import cast

from dnslib import QTYPE, DNSRecord

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.dns import DnsService, DnsSockets
from nfemu.gateway.bearer.dns.upstream import Resolver
from nfemu.gateway.link.host import Answer
from nfemu.gateway.ports import DialTarget, Direct, Emulated, GatewayRules, Route
from nfemu.gateway.rules import RuleSource
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.sinkholes import Sinkholes
from tests.gateway.samples import ARREARS, OPEN, PORTAL, line

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
PAY = DestinationGroup(GroupName("pay"), (".pay.example",))
RULES = RuleSource(
    (PORTAL, PAY),
    (
        OPEN,
        PolicyProfile(ARREARS.name, ARREARS.default, (*ARREARS.allow, PAY.name), ARREARS.redirect_to),
        PolicyProfile(PolicyName("training"), Verdict.REJECT, (PAY.name,)),
    ),
).compile()
ME = IPv4Address("127.0.0.1")


@dataclass
class Line:
    """Implements Lines: one line, at 127.0.0.1 and at ::1."""

    state: LineState | None
    gateway: GatewayRules = RULES
    is_fresh: bool = True

    def line_at(self, address: IpAddress) -> LineState | None:
        return self.state if address in (ME, IPv6Address("::1")) else None

    def rules(self) -> GatewayRules:
        return self.gateway

    def fresh(self) -> bool:
        return self.is_fresh


async def _at_once() -> None:
    """What a collaborator does when nothing holds it up."""


@dataclass
class World:
    """Implements NameService: where names lead. `before` is awaited in each look-up."""

    names: dict[str, Route | NfemuError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] = _at_once
    ttl_s: float = 3600.0

    async def answer(self, host: str) -> Answer:
        self.asked.append(host)
        await self.before()
        found = self.names.get(host, route("198.18.0.16", "2001:2::10"))
        if isinstance(found, NfemuError):
            raise found
        return Answer(found, self.ttl_s)


@dataclass
class Bindings:
    """Implements Binder. `before` is awaited in each binding."""

    bound: list[tuple[int, str, tuple[IpAddress, ...], datetime]] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] = _at_once
    failure: NfemuError | None = None

    async def bind(self, line: LineState, name: str, addresses: Sequence[IpAddress], until: datetime) -> None:
        await self.before()
        if self.failure is not None:
            raise self.failure
        self.bound.append((line.version, name, tuple(addresses), until))


def route(*addresses: str, target: DialTarget | None = None) -> Route:
    found = target if target is not None else Emulated()
    return Route(tuple(map(ip_address, addresses)), found, found)


def real(*addresses: str) -> Route:
    return route(*addresses, target=Direct())


@dataclass
class Phone:
    """What a test needs at hand. `port` serves UDP and TCP."""

    lines: Line
    world: World
    bindings: Bindings
    sinkholes: Sinkholes
    service: DnsService
    port: int

    async def change(self, policy: str | None) -> LineState:
        """The line as the carrier changes it; acknowledged when this returns."""
        version = self.lines.state.version + 1 if self.lines.state is not None else 1
        self.lines.state = state = replace(line(policy=policy), version=version)
        await self.service.apply(state)
        return state

    async def ask(self, name: str, kind: str = "A") -> DNSRecord:
        return await self.exchange(DNSRecord.question(name, kind))

    async def exchange(self, question: DNSRecord) -> DNSRecord:
        """By UDP; the answer must be to this question."""
        answer = DNSRecord.parse(await self.send(question.pack()))
        assert (answer.header.id, answer.header.qr, answer.q) == (question.header.id, 1, question.q)
        return answer

    async def send(self, data: bytes) -> bytes:
        async with udp_client(self.port) as client:
            client.send(data)
            return await client.receive()

    async def addresses(self, name: str, kind: str = "A") -> list[str]:
        return [str(each.rdata) for each in (await self.ask(name, kind)).rr if QTYPE[each.rtype] == kind]


class UdpClient(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._arrived.put_nowait(data)

    def send(self, data: bytes) -> None:
        self._transport.sendto(data)

    async def receive(self) -> bytes:
        async with asyncio.timeout(20):
            return await self._arrived.get()

    def connection_lost(self, error: Exception | None) -> None:
        self._closed.set()

    async def close(self) -> None:
        self._transport.close()
        await self._closed.wait()


@asynccontextmanager
async def udp_client(port: int, local: str = "127.0.0.1", remote: str = "127.0.0.1") -> AsyncIterator[UdpClient]:
    """Takes answers from the address that it asked, and no others."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_datagram_endpoint(UdpClient, remote_addr=(remote, port), local_addr=(local, 0))
    try:
        yield client
    finally:
        await client.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """One port of 127.0.0.1 for UDP and TCP."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return udp, tcp


@asynccontextmanager
async def serving(policy: str | None = "arrears", resolvers: Sequence[Resolver] = ()) -> AsyncIterator[Phone]:
    udp, tcp = pair()
    port = udp.getsockname()[1]
    lines, world, bindings, sinkholes = Line(line(policy=policy)), World(), Bindings(), Sinkholes()
    service = DnsService(DnsSockets([udp], [tcp]), lines, world, bindings, sinkholes, resolvers, now=lambda: NOW)
    await service.start()
    try:
        yield Phone(lines, world, bindings, sinkholes, service, port)
    finally:
        await service.stop()
