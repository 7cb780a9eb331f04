"""Questions that are passed on, to resolvers on loopback that behave and misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import cast

import pytest
from dnslib import EDNS0, QTYPE, RR, TXT, DNSRecord

from nfemu.gateway.bearer.dns import upstream
from nfemu.gateway.bearer.dns.upstream import Resolver, system_resolvers
from nfemu.model.errors import NotFound, Unavailable
from tests.gateway.bearer.dns.serving import Phone, pair, real, route, serving
from tests.gateway.bearer.dns.test_tcp import answer, connected, framed

NEWS = "news.example"
Behaviour = Callable[[DNSRecord], list[bytes]]


def honest(question: DNSRecord) -> list[bytes]:
    """One TXT record; in lower case, as some resolvers write names back. OPT for OPT."""
    reply = question.reply()
    reply.questions[0].qname = str(question.q.qname).lower()
    reply.add_answer(RR(reply.q.qname, QTYPE.TXT, ttl=300, rdata=TXT("told")))
    if question.ar:
        reply.add_ar(EDNS0(udp_len=1232))
    return [bytes(reply.pack())]


def code(rcode: int) -> Behaviour:
    def refuse(question: DNSRecord) -> list[bytes]:
        reply = question.reply()
        reply.header.rcode = rcode
        return [bytes(reply.pack())]

    return refuse


def silent(_question: DNSRecord) -> list[bytes]:
    return []


def guessing(question: DNSRecord) -> list[bytes]:
    """Everything that is no answer to the question, before the one that is."""
    (good,) = honest(question)
    other = DNSRecord.question("other.example", "TXT")
    other.header.id = question.header.id
    kind = DNSRecord.question(NEWS, "MX")
    kind.header.id = question.header.id
    wrong_id = bytes([good[0] ^ 1]) + good[1:]
    return [b"", good[:20], wrong_id, bytes(question.pack()), *honest(other), *honest(kind), good]


@dataclass
class Upstreams(asyncio.DatagramProtocol):
    behave: Behaviour
    asked: list[DNSRecord] = field(default_factory=list)
    by_tcp: list[DNSRecord] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(DNSRecord.parse(data))
        for each in self.behave(self.asked[-1]):
            self.transport.sendto(each, addr)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.by_tcp.append(await answer(reader))
        for each in self.behave(self.by_tcp[-1])[:1]:
            writer.write(framed(each))
        writer.close()


@asynccontextmanager
async def resolver(behave: Behaviour) -> AsyncIterator[tuple[Resolver, Upstreams]]:
    udp, tcp = pair()
    udp.setblocking(False)
    here = Upstreams(behave)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: here, sock=udp)
    server = await asyncio.start_server(here.stream, sock=tcp)
    try:
        yield Resolver(IPv4Address("127.0.0.1"), tcp.getsockname()[1]), here
    finally:
        server.close()
        transport.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def passing_on(behave: Behaviour) -> AsyncIterator[tuple[Phone, Upstreams]]:
    async with resolver(behave) as (address, here), serving("open", resolvers=[address]) as phone:
        phone.world.names[NEWS] = real("93.184.216.34")
        yield phone, here


def texts(record: DNSRecord) -> list[str]:
    return [str(each.rdata) for each in record.rr]


async def test_an_open_line_gets_the_resolvers_answer_and_it_is_remembered_a_little() -> None:
    async with passing_on(honest) as (phone, here):
        for _ in range(2):
            question = DNSRecord.question("NeWs.example", "TXT")
            answer = await phone.exchange(question)
            assert texts(answer) == ['"told"']
            assert b"NeWs" in bytes(answer.pack())
        assert len(here.asked) == 1
        assert here.asked[0].ar == []


async def test_ids_are_not_the_clients_and_options_stay_here() -> None:
    async with passing_on(honest) as (phone, here):
        for number in range(8):
            question = DNSRecord.question(f"n{number}.example", "TXT")
            phone.world.names[f"n{number}.example"] = NotFound("it has no address")
            question.header.id = 0
            question.add_ar(EDNS0(udp_len=4096, flags="do"))
            assert texts(await phone.exchange(question)) == ['"told"']
        assert len({each.header.id for each in here.asked}) > 1
        assert {(opt.rclass, opt.edns_do, tuple(opt.rdata)) for each in here.asked for opt in each.ar} == {
            (1232, 1, ())
        }


async def test_what_is_no_answer_to_the_question_is_passed_over() -> None:
    async with passing_on(guessing) as (phone, _):
        assert texts(await phone.ask(NEWS, "TXT")) == ['"told"']


async def test_a_no_of_the_resolver_is_handed_on() -> None:
    async with passing_on(code(3)) as (phone, _):
        assert (await phone.ask(NEWS, "TXT")).header.rcode == 3


@pytest.mark.parametrize(("behave", "rcode"), [(honest, 0), (code(3), 3), (code(2), 3)])
async def test_a_name_without_addresses_may_exist(behave: Behaviour, rcode: int) -> None:
    async with passing_on(behave) as (phone, here):
        phone.world.names = {name: NotFound("it has no address") for name in (NEWS, "a.local", "www.pay.example")}
        answer = await phone.ask(NEWS)
        assert (answer.header.rcode, answer.rr) == (rcode, [])
        assert len(here.asked) == 1
        assert (await phone.ask("a.local")).header.rcode == 3
        await phone.change("arrears")
        assert (await phone.ask("www.pay.example")).header.rcode == 3
        assert len(here.asked) == 1


@pytest.mark.parametrize("first", [code(2), code(5), silent])
async def test_a_resolver_that_fails_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch, first: Behaviour) -> None:
    monkeypatch.setattr(upstream, "_PATIENCE_S", 0.5)
    async with (
        resolver(first) as (bad, _),
        resolver(honest) as (good, _),
        serving("open", resolvers=[bad, good, good, good]) as phone,
    ):
        phone.world.names[NEWS] = Unavailable("no address for now")
        assert texts(await phone.ask(NEWS, "TXT")) == ['"told"']


async def test_without_any_answer_the_client_is_told_at_once() -> None:
    udp, tcp = pair()
    nobody = Resolver(IPv4Address("127.0.0.1"), udp.getsockname()[1])
    udp.close()
    tcp.close()
    async with serving("open", resolvers=[nobody]) as phone:
        phone.world.names[NEWS] = real("93.184.216.34")
        assert (await phone.ask(NEWS, "TXT")).header.rcode == 2
        async with connected(phone) as (reader, writer):
            writer.write(framed(bytes(DNSRecord.question(NEWS, "TXT").pack())))
            assert (await answer(reader)).header.rcode == 2


async def test_what_is_too_long_for_a_datagram_is_asked_again_by_tcp() -> None:
    def long(question: DNSRecord) -> list[bytes]:
        reply = question.reply()
        for number in range(20):
            reply.add_answer(RR(question.q.qname, QTYPE.TXT, ttl=300, rdata=TXT(f"{number:0100}")))
        return [bytes(reply.pack())]

    async with passing_on(long) as (phone, here):
        short = await phone.ask(NEWS, "TXT")
        assert (short.header.tc, short.rr) == (1, [])
        async with connected(phone) as (reader, writer):
            writer.write(framed(bytes(DNSRecord.question(NEWS, "TXT").pack())))
            assert len((await answer(reader)).rr) == 20
        assert (len(here.asked), len(here.by_tcp)) == (1, 1)


async def test_an_answer_to_another_question_by_tcp_is_none() -> None:
    def other(question: DNSRecord) -> list[bytes]:
        wrong = DNSRecord.question("other.example", "TXT")
        wrong.header.id = question.header.id
        return honest(wrong)

    async with passing_on(other) as (phone, _), connected(phone) as (reader, writer):
        writer.write(framed(bytes(DNSRecord.question(NEWS, "TXT").pack())))
        assert (await answer(reader)).header.rcode == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [("portal.carrier.example", "TXT"), ("portal.carrier.example", "HTTPS"), ("printer.local", "SRV"), (NEWS, "ANY")],
)
async def test_what_is_ours_or_nobodys_is_not_passed_on(name: str, kind: str) -> None:
    async with passing_on(honest) as (phone, here):
        phone.world.names["portal.carrier.example"] = route("198.18.0.16")
        assert (await phone.ask(name, kind)).rr == []
        assert here.asked == []


async def test_names_that_are_no_hosts_may_have_records_too() -> None:
    async with passing_on(honest) as (phone, here):
        question = DNSRecord.question("1.0.0.127", "PTR")
        assert texts(await phone.exchange(question)) == ['"told"']
        assert (await phone.ask("1.0.0.127")).header.rcode == 3
        await phone.change("arrears")
        assert (await phone.exchange(question)).header.rcode == 3
        assert len(here.asked) == 1


async def test_a_restricted_line_never_gets_a_question_out() -> None:
    async with passing_on(honest) as (phone, here):
        await phone.change("arrears")
        for name in (NEWS, "portal.carrier.example", "x.pay.example", "a b.example", "data.tunnel.example"):
            for kind in ("TXT", "NULL", "CNAME", "MX", "SRV", "HTTPS", "ANY", "NS", "PTR"):
                assert (await phone.ask(name, kind)).rr == []
        assert here.asked == []


def test_resolvers_of_the_system(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# one\nsearch example\nnameserver\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nnameserver nobody\n"
        "nameserver 2001:db8::53\nnameserver 192.0.2.54\n"
    )
    expected = ("192.0.2.53", "fe80::1%eth0", "2001:db8::53")
    assert system_resolvers(file) == tuple(Resolver(ip_address(text)) for text in expected)
    file.write_text("options edns0\n")
    assert system_resolvers(file) == system_resolvers(tmp_path / "missing") == (Resolver(IPv4Address("127.0.0.1")),)
