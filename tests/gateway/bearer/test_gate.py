"""The SNI gate on real sockets: which hellos pass, what is spliced, and what a flip does to it."""

import asyncio
import hashlib
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import uvloop

from nfemu.gateway.bearer.gate.gate import Gate
from nfemu.gateway.engine.dial import Dialler
from nfemu.gateway.ports import Route, Upstream
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from nfemu.runtime.crowd import Bounds
from tests.fakes.gateway import ARREARS, CAP, CAPPED, LANDING, OPEN, FakeResolver, RecordingOrigin, Visit, echo, swallow
from tests.gateway.bearer.world import NOW, PUBLIC, SINKHOLE, Steering, outcome
from tests.gateway.engine.conftest import turns, until

PORTAL, PAY, NEWS = "portal.carrier.example", "pay.provider.example", "news.example"
_BOUNDS = Bounds(per_line=4, in_all=6)


class World(Steering):
    """A gate, its origin on a Unix socket, and lines that were told where the portal is."""

    def __init__(self, folder: Path, *, patience_s: float = 60, idle_s: float = 600) -> None:
        super().__init__(443)
        self.arrears = self.line("13800138001", ARREARS, "127.0.0.2")
        self.other = self.line("13800138002", ARREARS, "127.0.0.3")
        self.open = self.line("13800138000", OPEN, "127.0.0.4")
        self.capped = self.line("13800138004", CAPPED, "127.0.0.5")
        for state in (self.arrears, self.capped):
            for name in (PORTAL, PAY):
                self.view.tell(state, name)
        self.resolver = FakeResolver()
        self.servers: dict[IpAddress, str] = {}
        self.origin = RecordingOrigin()
        self.origin.serve = echo
        self.path = folder / "origin.sock"
        self.gate = Gate(
            [self.listener],
            self.view,
            self.judge,
            Dialler(self.resolver, self.path, b"token"),
            self.reports,
            original=self.original,
            bounds=_BOUNDS,
            patience_s=patience_s,
            idle_s=idle_s,
            server_at=self.servers.get,
        )

    async def start(self) -> None:
        await self.origin.listen_unix(self.path)
        self.gate.start()

    async def stop(self) -> None:
        await self.gate.stop()
        await self.gate.stop()
        await self.origin.stop()

    def lead(self, name: str, port: int) -> None:
        """The name to a server of ours."""
        target = Upstream("127.0.0.1", port)
        self.resolver.routes[name] = Route((), target, target)

    async def say(self, *parts: bytes, source: str = "127.0.0.2") -> bytes:
        """What comes before the end, after each part was sent in a packet of its own."""
        reader, writer = await self.connect(source)
        for part in parts:
            writer.write(part)
            await turns(3)
        answer = await outcome(reader)
        writer.close()
        return answer

    async def passed(self, *parts: bytes, source: str = "127.0.0.2") -> bool:
        """Whether the hello comes back from the origin, which echoes."""
        reader, writer = await self.connect(source)
        whole = b"".join(parts)
        for part in parts:
            writer.write(part)
            await turns(2)
        try:
            return await reader.readexactly(len(whole)) == whole
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return False
        finally:
            writer.close()
            await until(lambda: not len(self.gate))

    async def tunnel(self, name: str, source: str = "127.0.0.2") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """An established one, through which the hello has come back."""
        reader, writer = await self.connect(source)
        whole = hello(name)
        writer.write(whole)
        assert await reader.readexactly(len(whole)) == whole
        return reader, writer


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


def hello(name: str | None, highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """As OpenSSL writes it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.maximum_version = highest
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def built(*extensions: bytes) -> bytes:
    """What OpenSSL would not write, in one record."""
    block = b"".join(extensions)
    message = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + len(block).to_bytes(2) + block
    record = b"\x01" + len(message).to_bytes(3) + message
    return b"\x16\x03\x01" + len(record).to_bytes(2) + record


def extension(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2) + len(body).to_bytes(2) + body


def sni(name: bytes) -> bytes:
    entry = b"\x00" + len(name).to_bytes(2) + name
    return extension(0, len(entry).to_bytes(2) + entry)


def in_records(whole: bytes, size: int) -> bytes:
    message = whole[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(whole[:3] + len(part).to_bytes(2) + part for part in parts)


async def test_split_anywhere(world: World) -> None:
    whole = hello(PORTAL)
    for where in range(1, len(whole), 7):
        assert await world.passed(whole[:where], whole[where:]), where
    assert await world.passed(*(bytes((octet,)) for octet in whole))
    assert await world.passed(in_records(whole, 3))


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(hello(PORTAL, ssl.TLSVersion.TLSv1_2), id="TLS 1.2"),
        pytest.param(hello(PORTAL) + b"early data", id="early data"),
        pytest.param(built(sni(b"Portal.CARRIER.example")), id="upper case"),
        pytest.param(built(sni(b"portal.carrier.example.")), id="trailing dot"),
        pytest.param(hello(PAY), id="untrusted"),
        pytest.param(built(extension(0x0A0A, b""), extension(0xFE0D, bytes(200)), sni(PORTAL.encode())), id="GREASE"),
    ],
)
async def test_passes(world: World, whole: bytes) -> None:
    assert await world.passed(whole)
    visit = await world.origin.visit()
    assert visit.proxy is not None
    assert (visit.proxy.source, visit.proxy.destination_port) == (world.arrears.ue_ipv4, 443)
    assert world.reports.seen == []


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(hello(None), id="no name"),
        pytest.param(hello(NEWS), id="not listed"),
        pytest.param(hello("help.carrier.example"), id="listed elsewhere"),
        pytest.param(built(sni(PORTAL.encode()), sni(PORTAL.encode())), id="two names"),
        pytest.param(built(sni(b"198.18.0.77")), id="address"),
        pytest.param(built(sni(b"2001:2::1")), id="IPv6 address"),
        pytest.param(built(sni(b"a..b")), id="no DNS name"),
        pytest.param(built(sni(b"\xff")), id="not ASCII"),
        pytest.param(built(sni(PORTAL.encode() + b"\x00.news.example")), id="NUL"),
        pytest.param(built(sni(PORTAL.encode())[:-1]), id="cut short"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: portal.carrier.example\r\n\r\n", id="HTTP"),
        pytest.param(b"\x00" * 20, id="garbage"),
        pytest.param(b"SSH-2.0-x\r\n", id="SSH"),
        pytest.param(b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + b"x" * 17_000, id="huge"),
    ],
)
async def test_reset(world: World, whole: bytes) -> None:
    assert await world.say(whole) == b"reset"
    assert world.resolver.asked == []
    assert world.origin.visits == []


async def test_a_refused_name_is_reported(world: World) -> None:
    await world.say(hello(NEWS))
    assert world.reports.seen == [world.arrears]


async def test_hello_that_ends_or_never_comes(tmp_path: Path) -> None:
    world = World(tmp_path, patience_s=0.05)
    await world.start()
    reader, writer = await world.connect()
    writer.write(hello(PORTAL)[:50])
    writer.write_eof()
    assert await outcome(reader) == b"reset"
    writer.close()
    assert await world.say(hello(PORTAL)[:50]) == b"reset"
    await world.stop()


async def test_address_must_be_the_names(world: World) -> None:
    """Given for it to this line, since our resolver knows another one now."""
    assert not await world.passed(hello(PORTAL), source="127.0.0.3")  # to another one it was given
    world.endpoint = (IPv4Address("198.18.0.78"), 443)
    assert not await world.passed(hello(PORTAL))
    world.endpoint = (PUBLIC, 443)
    world.view.tell(world.arrears, PORTAL, seconds=0)
    assert not await world.passed(hello(PORTAL))
    world.view.tell(world.arrears, PORTAL)
    world.endpoint = (PUBLIC, 8443)  # which the group does not have
    assert not await world.passed(hello(PORTAL))


async def test_nobodys_address_and_nothing_redirected(world: World) -> None:
    assert await world.say(hello(PORTAL), source="127.0.0.9") == b"reset"
    world.endpoint = None
    assert await world.say(hello(PORTAL)) == b"reset"


async def test_restored_line_at_a_sinkhole_is_led_to_the_name(world: World) -> None:
    world.endpoint = (SINKHOLE, 443)
    assert not await world.passed(hello(NEWS))
    assert await world.passed(hello(NEWS), source="127.0.0.4")
    assert world.resolver.asked == [NEWS]
    assert not await world.passed(hello(None), source="127.0.0.4")


async def test_a_sinkhole_is_no_sites_address(world: World) -> None:
    """It was given before the name was allowed; what the name leads to is resolved now, by us."""
    world.endpoint = (SINKHOLE, 443)
    world.view.told.clear()
    assert await world.passed(hello(PORTAL))
    assert world.resolver.asked == [PORTAL]


async def test_address_that_has_another_line_by_now(world: World) -> None:
    reader, writer = await world.connect()
    whole = hello(PORTAL)
    writer.write(whole[:30])
    await until(lambda: len(world.gate) == 1)
    world.view.place("127.0.0.2", replace(world.arrears, generation=2, version=2))
    writer.write(whole[30:])
    assert await outcome(reader) == b"reset"
    writer.close()


async def test_nowhere(world: World) -> None:
    world.resolver.routes[PORTAL] = NotFound("no such name")
    assert await world.say(hello(PORTAL)) == b"reset"
    world.lead(PORTAL, 1)
    assert await world.say(hello(PORTAL)) == b"reset"


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_fifty_mebibytes_each_way_with_half_close(tmp_path: Path, loop: str, kind: str) -> None:
    factory = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_fifty_mebibytes(tmp_path, kind))


async def _fifty_mebibytes(folder: Path, kind: str) -> None:
    world = World(folder)
    up, down = hashlib.sha256(), hashlib.sha256()
    parts = [os.urandom(1 << 20) for _ in range(5)]

    async def serve(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 18):
            up.update(data)
        await _send(writer, parts * 10)
        writer.write_eof()

    world.origin.serve = serve
    if kind == "tcp":
        await world.origin.listen_tcp()
        world.lead(PORTAL, world.origin.port)
        world.gate.start()
    else:
        await world.start()
    reader, writer = await world.connect()
    whole = hello(PORTAL)
    await _send(writer, [whole, *parts * 10])
    writer.write_eof()
    while data := await reader.read(1 << 18):
        down.update(data)
    assert up.digest() == hashlib.sha256(whole + b"".join(parts) * 10).digest()
    assert down.digest() == hashlib.sha256(b"".join(parts) * 10).digest()
    writer.close()
    await until(lambda: not len(world.gate))
    world.gate.report_usage()
    octets = 50 << 20
    up_and_down = [(each.up, each.down) for each in world.reports.usage]
    assert [sum(each) for each in zip(*up_and_down, strict=True)] == [octets + len(whole), octets]
    assert {(each.imsi, each.group) for each in world.reports.usage} == {(world.arrears.imsi, "portal")}
    await world.stop()


async def _send(writer: asyncio.StreamWriter, parts: list[bytes]) -> None:
    for part in parts:
        writer.write(part)
        await writer.drain()


async def test_flip_resets_what_it_forbids_before_it_returns(world: World) -> None:
    world.view.tell(world.open, PORTAL)
    portal, portal_writer = await world.tunnel(PORTAL, "127.0.0.4")
    news, news_writer = await world.tunnel(NEWS, "127.0.0.4")
    restricted = world.view.place("127.0.0.4", replace(world.open, policy=ARREARS, version=2))
    await world.gate.line_changed(restricted)
    assert len(world.gate) == 1
    assert await outcome(news) == b"reset"
    portal_writer.write(b"still here")
    assert await portal.readexactly(10) == b"still here"
    await (await world.origin.visit(1)).ended.wait()
    portal_writer.close()
    news_writer.close()


@pytest.mark.parametrize("what", ["policy", "generation", "detached", "control", "rules"])
async def test_other_ends(world: World, what: str) -> None:
    reader, writer = await world.tunnel(PORTAL)
    gone: dict[str, Callable[[], object]] = {
        "policy": lambda: world.gate.line_changed(replace(world.arrears, policy=PolicyName("walled"), version=2)),
        "generation": lambda: world.gate.line_changed(replace(world.arrears, generation=2, version=2)),
        "detached": lambda: world.gate.line_changed(replace(world.arrears, policy=None, version=2)),
        "control": world.gate.control_lost,
        "rules": world.gate.rules_changed,
    }
    world.view.lines.clear()
    ending = gone[what]()
    assert asyncio.iscoroutine(ending)
    await ending
    assert len(world.gate) == 0
    assert await outcome(reader) == b"reset"
    writer.close()


async def test_expired_binding_does_not_end_what_was_admitted(world: World) -> None:
    reader, writer = await world.tunnel(PORTAL)
    world.view.told.clear()
    await world.gate.rules_changed()
    await world.gate.line_changed(replace(world.arrears, version=2))
    writer.write(b"still here")
    assert await reader.readexactly(10) == b"still here"
    writer.close()


async def test_flip_while_it_is_dialled(world: World) -> None:
    world.resolver.gate.clear()
    reader, writer = await world.connect()
    writer.write(hello(PORTAL))
    await until(lambda: world.resolver.asked)
    await world.gate.line_changed(replace(world.arrears, policy=None, version=2))
    assert await outcome(reader) == b"reset"
    world.resolver.gate.set()
    assert world.origin.visits == []
    writer.close()


async def test_what_was_on_its_way_is_not_delivered_after_a_cut(world: World) -> None:
    """The phone does not read: what the kernel holds for it is thrown away with the reset."""

    async def flood(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _send(writer, [bytes(1 << 16)] * 1000)

    world.origin.serve = flood
    loop = asyncio.get_running_loop()
    phone = socket.socket()
    phone.setblocking(False)
    phone.bind(("127.0.0.2", 0))
    await loop.sock_connect(phone, ("127.0.0.1", world.port))
    await loop.sock_sendall(phone, hello(PORTAL))
    await loop.sock_recv(phone, 1)
    await world.gate.line_changed(replace(world.arrears, policy=None, version=2))
    with pytest.raises(ConnectionResetError):
        await _to_the_end(phone)
    phone.close()


async def _to_the_end(phone: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(phone, 1 << 16):
        pass


async def test_an_origin_that_breaks_off(world: World) -> None:
    async def serve(visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        writer.transport.abort()

    origin = RecordingOrigin()
    origin.serve = serve
    await origin.listen_tcp()
    world.lead(PORTAL, origin.port)
    assert await world.say(hello(PORTAL)) == b"reset"
    await origin.stop()


async def test_races_of_closing_leave_nothing_behind(world: World) -> None:
    """Phone, origin and flip end connections in all orders; descriptors and tasks are what they were."""
    raised: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    world.origin.serve = swallow
    whole = hello(PORTAL)
    before = None
    for turn in range(120):
        reader, writer = await world.connect()
        writer.write(whole[: turn * 7] if turn % 3 == 0 else whole + bytes(turn * 1000))
        await turns(turn % 11)
        if turn % 2:
            writer.transport.abort()
        elif turn % 4:
            writer.write_eof()
        await turns(turn % 5)
        await world.gate.control_lost()
        writer.close()
        del reader
        if turn == 60:
            await until(lambda: not len(world.gate))
            before = _open_sockets()
    await until(lambda: not len(world.gate))
    await until(lambda: all(visit.ended.is_set() for visit in world.origin.visits))
    await turns(50)
    assert raised == []
    assert before is not None
    assert _open_sockets() <= before + 2


def _open_sockets() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted while it changes


async def test_bounds(world: World) -> None:
    pairs = [await world.tunnel(PORTAL) for _ in range(4)]
    assert await world.say(hello(PORTAL)) == b"reset"
    pairs += [await world.tunnel(NEWS, "127.0.0.4") for _ in range(2)]
    assert await world.say(hello(PORTAL), source="127.0.0.5") == b"reset"
    for _, writer in pairs:
        writer.close()
    await until(lambda: not len(world.gate))


async def test_idle_ones_are_cut(tmp_path: Path) -> None:
    world = World(tmp_path, idle_s=0.05)
    await world.start()
    reader, writer = await world.tunnel(PORTAL)
    assert await outcome(reader) == b"reset"
    writer.close()
    await world.stop()


async def test_cap(world: World) -> None:
    help_ = "help.carrier.example"
    world.view.tell(world.capped, help_)
    reader, writer = await world.tunnel(help_, "127.0.0.5")
    writer.write(bytes(CAP))
    assert (await outcome(reader)).strip(b"\0") in (b"", b"reset")
    writer.close()
    assert await world.say(hello(help_), source="127.0.0.5") == b"reset"
    assert await world.passed(hello(PORTAL), source="127.0.0.5")
    world.gate.day_began(NOW)
    reader, writer = await world.tunnel(PORTAL, "127.0.0.5")
    await world.gate.allowed([Allowance(world.capped.imsi, CAPPED, CAP, 2)])
    writer.write(b"paying goes on")
    assert await reader.readexactly(14) == b"paying goes on"
    writer.close()


async def test_new_rules_bring_a_cap_to_what_is_under_way(world: World) -> None:
    reader, writer = await world.tunnel(PAY)
    portal, pay = GroupName("portal"), GroupName("payment")
    groups = [DestinationGroup(portal, (PORTAL,)), DestinationGroup(pay, (PAY,))]
    profile = PolicyProfile(ARREARS, Verdict.REDIRECT, (portal, pay), LANDING, Limits(1 << 20), (portal,))
    world.view.current = replace(world.view.current, policies=PolicySet.build(groups, [profile]))
    await world.gate.rules_changed()
    writer.write(b"still here")
    assert await reader.readexactly(10) == b"still here"
    writer.write(bytes(1 << 20))
    await outcome(reader)
    await until(lambda: not len(world.gate))
    writer.close()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_curl_shakes_hands_with_the_origin(world: World, tmp_path: Path, version: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(tmp_path))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n" + bytes(1_000_000))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    world.lead(PORTAL, server.sockets[0].getsockname()[1])
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "--max-time", "20"]
    command += ["--cacert", str(tmp_path / "certificate.pem"), "--interface", "127.0.0.2"]
    command += ["--connect-to", f"::127.0.0.1:{world.port}", f"--tlsv{version}", "--tls-max", version]
    allowed = await asyncio.to_thread(_run, [*command, f"https://{PORTAL}/"])
    assert allowed.stdout == "200 1000000"
    refused = await asyncio.to_thread(_run, [*command, f"https://{NEWS}/"])
    assert refused.returncode == 35  # reset in the handshake
    server.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={PORTAL}", "-addext", f"subjectAltName=DNS:{PORTAL}", "-days", "1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
