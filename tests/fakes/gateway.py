"""Fakes of the gateway's ports: a replica without a link, a resolver without a control process, a recording origin."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path

from nfemu.carrier.ports import LineState
from nfemu.enrichment.enricher import Enricher
from nfemu.enrichment.values import EnrichedValue, HeaderRule
from nfemu.gateway.ports import Direct, Emulated, GatewayRules, Route
from nfemu.gateway.replica import LineTable
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NfemuError
from nfemu.model.identity import Apn, GroupName, Imsi, Msisdn, PolicyName, SessionId
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.usage import Usage
from nfemu.policy.rules import PolicySet
from nfemu.wire.proxy_protocol import ProxyHeader, decode

OPEN = PolicyName("open")
ARREARS = PolicyName("arrears")
WALLED = PolicyName("walled")
CAPPED = PolicyName("capped")
CAP = 20_000
LANDING = "http://portal.carrier.example/green"
ALIASES = ("MSISDN", "x-up-calling-line-id", "X-Forwarded-For", "Forwarded", "X-Real-IP", "X-UIDH")


def policies() -> PolicySet:
    """The shipped policies in small; `walled`, whose default is to reject; `capped`, with a daily cap of `CAP`."""
    groups = [
        DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True),
        DestinationGroup(GroupName("payment"), ("pay.provider.example",), networks=("198.18.1.0/28",)),
    ]
    groups.append(DestinationGroup(GroupName("help"), ("help.carrier.example",)))
    portal, payment, aid = GroupName("portal"), GroupName("payment"), GroupName("help")
    profiles = [
        PolicyProfile(OPEN, Verdict.ALLOW, (portal,)),
        PolicyProfile(ARREARS, Verdict.REDIRECT, (portal, payment), LANDING),
        PolicyProfile(WALLED, Verdict.REJECT, (payment,)),
        PolicyProfile(CAPPED, Verdict.REDIRECT, (portal, payment, aid), LANDING, Limits(CAP), (portal, payment)),
    ]
    return PolicySet.build(groups, profiles)


def rules() -> GatewayRules:
    enricher = Enricher([HeaderRule("X-MSISDN", EnrichedValue.MSISDN)], ALIASES, ("User-Identity-Forward-msisdn",))
    return GatewayRules(policies(), enricher)


def line(number: str, policy: PolicyName | None, *, version: int = 1, generation: int = 1) -> LineState:
    """A line whose addresses follow from the number's last three digits."""
    msisdn = Msisdn.parse(number)
    tail = int(number[-3:])
    return LineState(
        imsi=Imsi(f"46000{msisdn.e164[-10:]}"),
        msisdn=msisdn,
        session=None if policy is None else SessionId(f"ses-{tail}"),
        policy=policy,
        generation=generation,
        version=version,
        ue_ipv4=None if policy is None else IPv4Address(f"10.45.{generation}.{tail % 256}"),
        ue_ipv6=None if policy is None else IPv6Network(f"2001:db8:4500:{tail:x}::/64"),
        apn=Apn("internet"),
    )


class FakeView:
    """A replica that holds what the test puts there."""

    def __init__(self) -> None:
        self.lines: dict[Msisdn, LineState] = {}
        self.current = rules()
        self.is_fresh = True

    def put(self, state: LineState) -> LineState:
        self.lines[state.msisdn] = state
        return state

    def line(self, msisdn: Msisdn) -> LineState | None:
        return self.lines.get(msisdn)

    def line_at(self, address: IpAddress) -> LineState | None:
        return LineTable(self.lines.values()).at(address)

    def rules(self) -> GatewayRules:
        return self.current

    def fresh(self) -> bool:
        return self.is_fresh


class FakeReports:
    """What the control process would have heard."""

    def __init__(self) -> None:
        self.seen: list[LineState] = []
        self.usage: list[Usage] = []

    def blocked(self, state: LineState) -> None:
        self.seen.append(state)

    def used(self, usage: Sequence[Usage]) -> None:
        self.usage += usage


class FakeResolver:
    """Every name is emulated at an address of its own, unless `routes` says otherwise; `asked` keeps the questions."""

    def __init__(self) -> None:
        self.routes: dict[str, Route | NfemuError] = {}
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def resolve(self, host: str) -> Route:
        self.asked.append(host)
        await self.gate.wait()
        route = self.routes.get(host) or self.emulated(host)
        if isinstance(route, NfemuError):
            raise route
        return route

    @staticmethod
    def emulated(host: str) -> Route:
        try:
            return Route((ip_address(host),), Emulated(), Emulated())
        except ValueError:
            number = sum(host.encode()) % 200 + 1
            addresses = (IPv4Address(f"198.18.0.{number}"), IPv6Address(f"2001:2::{number:x}"))
            return Route(addresses, Emulated(), Emulated())


def direct(*addresses: str) -> Route:
    return Route(tuple(ip_address(text) for text in addresses), Direct(), Direct())


@dataclass
class Visit:
    """One connection that an origin got: the PROXY header, every byte behind it, and whether it has ended."""

    proxy: ProxyHeader | None = None
    received: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    writer: asyncio.StreamWriter | None = None

    async def until(self, count: int) -> bytes:
        """Wait until at least `count` bytes have come."""
        while len(self.received) < count:
            self.grown.clear()
            await self.grown.wait()
        return bytes(self.received)

    async def until_contains(self, part: bytes) -> bytes:
        while part not in self.received:
            self.grown.clear()
            await self.grown.wait()
        return bytes(self.received)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Origin: yes\r\n\r\nok"


class RecordingOrigin:
    """A server that records raw bytes and answers each complete request head (or what `serve` does instead)."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.visited = asyncio.Event()
        self.serve: Callable[[Visit, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = answer_heads
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen_unix(self, path: Path) -> None:
        self._server = await asyncio.start_unix_server(self._accept_proxied, path)

    async def listen_tcp(self, *, proxied: bool = False) -> None:
        accept = self._accept_proxied if proxied else self._accept
        self._server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for visit in self.visits:
            if visit.writer is not None:
                visit.writer.close()
        for visit in self.visits:
            await visit.ended.wait()

    @property
    def received(self) -> bytes:
        """All bytes of all connections."""
        return b"".join(bytes(visit.received) for visit in self.visits)

    async def visit(self, number: int = 0) -> Visit:
        while len(self.visits) <= number:
            self.visited.clear()
            await self.visited.wait()
        return self.visits[number]

    async def _accept_proxied(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while (header := decode(data)) is None:
            chunk = await reader.read(1)
            if not chunk:
                writer.close()
                return
            data += chunk
        await self._run(Visit(header[0], writer=writer), reader, writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._run(Visit(writer=writer), reader, writer)

    async def _run(self, visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append(visit)
        self.visited.set()
        try:
            await self.serve(visit, reader, writer)
        except ConnectionError:
            pass
        finally:
            visit.ended.set()
            visit.grown.set()
            writer.close()


async def read_some(visit: Visit, reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(65536)
    visit.received += data
    visit.grown.set()
    return data


async def answer_heads(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answered = 0
    while await read_some(visit, reader):
        while visit.received.count(b"\r\n\r\n") > answered:
            answered += 1
            writer.write(OK)


async def echo(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give every byte back, for tunnels."""
    while data := await read_some(visit, reader):
        writer.write(data)


async def swallow(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Record and never answer."""
    while await read_some(visit, reader):
        pass
