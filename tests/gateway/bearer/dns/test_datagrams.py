import asyncio
import socket
from collections.abc import Callable
from contextlib import closing

import pytest
import uvloop
from dnslib import DNSRecord

from nfemu.gateway.bearer.dns import DnsService, DnsSockets
from nfemu.gateway.bearer.dns.datagrams import BATCH, Datagrams
from nfemu.policy.sinkholes import Sinkholes
from tests.gateway.bearer.dns.serving import Bindings, Line, World, udp_client
from tests.gateway.bearer.dns.test_tcp import answer, framed
from tests.gateway.samples import line

NEWS = bytes(DNSRecord.question("news.example").pack())
needs_ipv6 = pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")


def receiver(host: str = "127.0.0.1") -> tuple[socket.socket, Datagrams]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    return sock, Datagrams(sock)


def client(server: socket.socket, local: str) -> socket.socket:
    sock = socket.socket(server.family, socket.SOCK_DGRAM)
    sock.bind((local, 0))
    sock.settimeout(20)
    return sock


@pytest.mark.parametrize(
    ("bound", "asked", "local"),
    [("0.0.0.0", "127.0.0.7", "127.0.0.9"), pytest.param("::", "::1", "::1", marks=needs_ipv6)],
)
def test_answers_come_from_the_address_that_was_asked(bound: str, asked: str, local: str) -> None:
    server, datagrams = receiver(bound)
    with closing(server), closing(client(server, local)) as phone:
        phone.connect((asked, server.getsockname()[1]))  # from now on it hears that address only
        phone.send(b"\1\2one")
        phone.send(b"\1\2two")
        server.settimeout(20)
        assert datagrams.receive() == 2
        assert [datagrams.message(index) for index in range(2)] == [b"\1\2one", b"\1\2two"]
        assert datagrams.source(0) == socket.inet_pton(server.family, local)
        later = datagrams.peer(1)
        datagrams.reply(0, b"at once")
        datagrams.send(0, 1)
        datagrams.send_to(later, b"later")
        assert (phone.recv(100), phone.recv(100)) == (b"\1\2at once", b"later")


def test_a_batch_is_bounded_and_each_round_begins_anew() -> None:
    server, datagrams = receiver()
    with closing(server), closing(client(server, "127.0.0.1")) as phone:
        phone.connect(server.getsockname())
        for number in range(BATCH + 1):
            phone.send(bytes([number]) * number)
        assert datagrams.receive() == BATCH
        for index in range(BATCH):
            assert datagrams.message(index) == bytes([index]) * index
            datagrams.reply(index, bytes([index]))
        datagrams.send(0, BATCH)
        assert datagrams.receive() == 1
        assert datagrams.message(0) == bytes([BATCH]) * BATCH
        assert datagrams.receive() == 0
        assert [phone.recv(100)[-1] for _ in range(BATCH)] == list(range(BATCH))


def test_a_message_that_is_too_long_is_cut() -> None:
    server, datagrams = receiver()
    with closing(server), closing(client(server, "127.0.0.1")) as phone:
        phone.sendto(b"x" * 5_000, server.getsockname())
        assert datagrams.receive() == 1
        assert datagrams.message(0) == b"x" * 2_048


def test_what_cannot_be_sent_is_lost_and_the_rest_is_not() -> None:
    server, datagrams = receiver()
    with closing(server), closing(client(server, "127.0.0.1")) as phone:
        phone.connect(server.getsockname())
        for _ in range(3):
            phone.send(b"ab")
        assert datagrams.receive() == 3
        unreachable = datagrams.peer(1)
        for index in range(3):
            datagrams.reply(index, bytes([index]))
        memoryview(datagrams._name_rooms[1]).cast("B")[2:4] = b"\0\0"  # port 0
        datagrams.send(0, 3)
        assert [phone.recv(100)[2] for _ in range(2)] == [0, 2]
        datagrams.send_to(type(unreachable)(unreachable.source, 0, unreachable.local), b"nowhere")


async def _served(host: str) -> list[DNSRecord]:
    """Answers of a service on the wildcard addresses: one made, two remembered and one made in a batch, one by TCP."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind(("::" if ":" in host else "", 0))
    tcp = socket.create_server((host, 0), family=family)
    service = DnsService(DnsSockets([udp], [tcp]), Line(line()), World(), Bindings(), Sinkholes())
    await service.start()
    try:
        async with udp_client(udp.getsockname()[1], host, host) as phone:
            phone.send(NEWS)
            answers = [DNSRecord.parse(await phone.receive())]
            for name in ("news.example", "mail.example", "news.example"):
                phone.send(bytes(DNSRecord.question(name).pack()))
            answers += [DNSRecord.parse(await phone.receive()) for _ in range(3)]
        reader, writer = await asyncio.open_connection(host, tcp.getsockname()[1])
        writer.write(framed(NEWS))
        answers.append(await answer(reader))
        writer.close()
        return answers
    finally:
        await service.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_service_runs_in_either_event_loop(host: str, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        answers = runner.run(_served(host))
    assert sorted(str(each.q.qname) for each in answers) == ["mail.example."] + ["news.example."] * 4
    assert {str(each.rr[0].rdata) for each in answers} == {"198.18.0.16"}
