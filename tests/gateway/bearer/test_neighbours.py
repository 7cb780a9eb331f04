"""Whatever a phone says on its link, the kernel's memory of neighbours, which is one for the machine, does not grow."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which

import pytest

from nfemu.gateway.bearer.network.client import Entrance
from tests.fakes.gateway import ARREARS, OPEN, line, rules
from tests.gateway.bearer.on_line import enter, on_line

_POSSIBLE = which("ip") and subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not _POSSIBLE, reason="needs iproute2 and user namespaces"),
]

_FLOOD = """
import os, socket, struct, sys
kind, count, own = sys.argv[1], int(sys.argv[2]), socket.inet_pton(socket.AF_INET6, sys.argv[3])
core, phone = b"\\2\\0\\0\\0\\0\\1", b"\\2\\0\\0\\0\\0\\2"
gateway, on_link = (socket.inet_pton(socket.AF_INET6, each) for each in ("fe80::1", "fe80::2"))
def icmp6(source, kind, body):
    pseudo = source + gateway + struct.pack("!II", len(body) + 4, 58)
    words = sum(struct.unpack(f"!{(len(pseudo) + len(body) + 4) // 2}H", pseudo + bytes((kind, 0, 0, 0)) + body))
    while words >> 16:
        words = (words & 0xFFFF) + (words >> 16)
    head = struct.pack("!IHBB", 6 << 28, len(body) + 4, 58, 255) + source + gateway
    return core + phone + b"\\x86\\xdd" + head + struct.pack("!BBH", kind, 0, ~words & 0xFFFF) + body
def arp(source):
    asked = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + phone + source + bytes(6) + socket.inet_aton("169.254.0.1")
    return core + phone + b"\\x08\\x06" + asked
solicitation = bytes(4) + gateway + b"\\1\\1" + phone
KINDS = {
    "solicitations from anywhere": lambda: icmp6(b"\\xfe\\x80" + bytes(6) + os.urandom(8), 135, solicitation),
    "solicitations from its prefix": lambda: icmp6(own[:8] + os.urandom(8), 135, solicitation),
    "advertisements": lambda: icmp6(own[:8] + os.urandom(8), 136, b"\\x60\\0\\0\\0" + gateway + b"\\2\\1" + phone),
    "router solicitations": lambda: icmp6(own[:8] + os.urandom(8), 133, bytes(4) + b"\\1\\1" + phone),
    "router solicitations of its link": lambda: icmp6(on_link, 133, bytes(4) + b"\\1\\1" + os.urandom(6)),
    "router solicitations of nobody": lambda: icmp6(bytes(16), 133, bytes(4) + b"\\1\\1" + os.urandom(6)),
    "ARP": lambda: arp(b"\\x0b" + os.urandom(3)),
}
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind(("wwan0", 0))
    for _ in range(count):
        raw.send(KINDS[kind]())
"""
_STRANGERS = """
import os, socket, sys
own, link = socket.inet_pton(socket.AF_INET6, sys.argv[1])[:8], socket.if_nametoindex("wwan0")
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
    for network, scope in ((own, 0), (b"\\xfe\\x80" + bytes(6), link)):
        for _ in range(300):
            try:
                sock.sendto(b"x", (socket.inet_ntop(socket.AF_INET6, network + os.urandom(8)), 9, 0, scope))
            except OSError:
                pass
"""
_ASK = """
import os, socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET6, kind) as sock:
        sock.setblocking(False)
        print(os.strerror(sock.connect_ex(("fe80::1", 53, 0, socket.if_nametoindex("wwan0")))))
"""
OPENED, RESTRICTED = line("13800138001", OPEN), line("13800138002", ARREARS)
OWN = "2001:db8:4500:1::1"
Lines = tuple[Entrance, Entrance]


async def said(argv: list[str], *command: str) -> str:
    done = await asyncio.create_subprocess_exec(*argv, *command, stdout=subprocess.PIPE)
    printed, _ = await done.communicate()
    assert done.returncode == 0
    return printed.decode()


async def neighbours(argv: list[str]) -> int:
    return sum([len((await said(argv, "ip", way, "neigh", "show", "nud", "all")).splitlines()) for way in ("-4", "-6")])


@pytest.fixture
async def lines(tmp_path: Path) -> AsyncIterator[Lines]:
    async with on_line(tmp_path, rules(), [OPENED, RESTRICTED]) as world:
        (_, opened), (_, restricted) = [await world.bearers.plug(each.msisdn) for each in (OPENED, RESTRICTED)]
        yield opened, restricted


async def test_nobody_new_is_remembered(lines: Lines) -> None:
    phone, core = enter(lines[0]), enter(lines[0], core=True)
    await said(phone, "ip", "-6", "neigh", "show")
    before = await neighbours(core)
    for kind in (
        "solicitations from anywhere",
        "solicitations from its prefix",
        "advertisements",
        "router solicitations",
        "router solicitations of its link",
        "router solicitations of nobody",
        "ARP",
    ):
        await said(phone, sys.executable, "-c", _FLOOD, kind, "300", OWN)
        assert await neighbours(core) == before, kind
    on_phone = await neighbours(phone)
    await said(phone, sys.executable, "-c", _STRANGERS, OWN)
    assert (await neighbours(core), await neighbours(phone)) == (before, on_phone)


async def test_a_phone_that_has_forgotten_its_gateways_is_told_them(lines: Lines) -> None:
    phone = enter(lines[0])
    for way, gateway in (("-4", "169.254.0.1"), ("-6", "fe80::1")):
        await said(phone, "ip", way, "neigh", "del", gateway, "dev", "wwan0")
    for site in ("198.18.0.1", "2001:2::1"):
        await said(phone, "ping", "-c", "1", "-W", "10", site)


async def test_the_gateway_on_the_link_refuses_at_once(lines: Lines) -> None:
    for entrance in lines:
        assert (await said(enter(entrance), sys.executable, "-c", _ASK)).splitlines() == ["Permission denied"] * 2
