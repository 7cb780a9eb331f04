"""`internet: real` over bearers, on a machine of the test's own with a small Internet behind it.

One carrier for all. Each case has a line of its own, or leaves it as it was.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from nfemu.attack.on_line import Kind
from tests.gateway.bearer.ordinary import User, ordinary, root
from tests.journeys.arrivals import Arrivals
from tests.journeys.bearer import NEEDS_BEARERS, NEEDS_ROOT, OnLine, hello, status
from tests.journeys.carrier import CarrierProcess, until
from tests.journeys.configuring import ONE_WORKER, own_config
from tests.journeys.packets import TCP, UDP, datagram, ip, syn
from tests.journeys.real import World, core_process, machine
from tests.journeys.real_world import HOST4, HOST6, MACHINE, NAMES, PARTNER, REBOUND, SITE

pytestmark = [pytest.mark.once, pytest.mark.lab, NEEDS_BEARERS, NEEDS_ROOT]

LINE, OTHER, FLIPPED, METERED, CAPPED = "13800138000", "13800138001", "13800138002", "13800138003", "13800138011"
ALLOWED, PORTAL, OFFICE = "allowed.example", "portal.carrier.example", "93.184.217.40"
OF_THE_WORLD = b"of the world"
NOBODYS = ("10.1.2.3", "192.168.7.1", "192.168.9.1", "169.254.169.254", HOST4, HOST6, "fd00:1::3", "::ffff:10.1.2.3")
"""Private and link-local addresses that somebody has, beyond the machine or on it; the machine's own public ones."""
_GROUPS = f"""\
  partner: {{hosts: [{PARTNER}], trusted: true}}
  allowed: {{hosts: [{ALLOWED}]}}
  office: {{networks: [{OFFICE}/32], ports: [9, 22]}}
  payment:
"""
_EDITS = (
    ONE_WORKER,
    ("carrier.yaml", "internet: emulated", "internet: real"),
    ("policies.yaml", "  payment:\n", _GROUPS),
    ("policies.yaml", "    allow: [portal]  ", "    allow: [portal, partner]  "),
    (
        "policies.yaml",
        "    allow: [portal, payment, wechat-pay]",
        "    allow: [portal, payment, partner, allowed, office]",
    ),
    ("policies.yaml", "daily_cap: 20MiB", "daily_cap: 256KiB"),
    ("policies.yaml", "    rate: 1M ", "    rate: 0 "),
)


@contextmanager
def running(user: User | None) -> Iterator[tuple[CarrierProcess, World]]:
    if user is None:
        pytest.skip("no Python of this version is open to other users")
    with tempfile.TemporaryDirectory(prefix="nfemu-") as made:
        folder = Path(made)
        config = own_config(folder / "config", *_EDITS)
        os.chown(folder, user.uid, user.uid)
        with machine(folder, config, user) as (carrier, world):
            carrier.up()
            yield carrier, world


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[CarrierProcess, World]]:
    with running(root()) as both:
        yield both


@pytest.fixture(scope="module")
def carrier(both: tuple[CarrierProcess, World]) -> CarrierProcess:
    return both[0]


@pytest.fixture(scope="module")
def world(both: tuple[CarrierProcess, World]) -> World:
    return both[1]


@pytest.fixture(scope="module")
def open_line(carrier: CarrierProcess) -> Iterator[OnLine]:
    with OnLine(carrier, OTHER) as line:
        yield line


@pytest.fixture(scope="module")
def restricted(carrier: CarrierProcess) -> Iterator[OnLine]:
    assert carrier.nfemu("restrict", LINE).status == 0
    with OnLine(carrier, LINE) as line:
        yield line


def test_auto_takes_bearers_and_says_what_they_carry(carrier: CarrierProcess) -> None:
    access = next(line for line in carrier.nfemu("status").text.splitlines() if "access" in line)
    assert "bearer" in access
    assert "TCP and DNS, all else is refused" in access


def test_open_line(open_line: OnLine, world: World) -> None:
    """Both families, straight to whoever is there: untouched, whoever speaks first, until both have ended."""
    for kind, machine_ in (("A", HOST4), ("AAAA", HOST6)):
        address = open_line.address(SITE, kind)
        assert address in NAMES[SITE]
        forged = open_line.http(address, SITE, "X-MSISDN: 8613800138099")
        assert OF_THE_WORLD in forged
        assert b"X-MSISDN: 8613800138099" in forged
        assert OF_THE_WORLD in open_line.https(address, SITE)
        with open_line.connect(address, 22) as sock:
            assert sock.recv(100) == b"SSH-2.0-world\r\n"
        with open_line.connect(address, 7) as sock:
            sock.sendall(b"there and back")
            sock.shutdown(1)
            assert b"".join(iter(lambda: sock.recv(100), b"")) == b"there and back"
        world.wait_for(f"end 7 {address} {machine_}")
    assert status(open_line.http(open_line.address(PORTAL), PORTAL)) == 200


def test_nobody_there_is_a_reset(open_line: OnLine) -> None:
    assert open_line.exchange(NAMES[SITE][0], 81, b"anybody?") == b""


def test_all_else_is_refused_at_once(open_line: OnLine) -> None:
    for kind, address in zip((Kind.UDP4, Kind.UDP6), NAMES[SITE], strict=True):
        with open_line.sockets.make(kind) as sock:
            level, option = (0, 11) if kind is Kind.UDP4 else (41, 25)
            sock.setsockopt(level, option, 1)
            sock.settimeout(20)
            sock.connect((address, 443))
            sock.send(b"QUIC")
            with pytest.raises(OSError, match=r"No route to host|Permission denied"):
                sock.recv(1)


def test_dns(open_line: OnLine, world: World) -> None:
    """By whichever resolver, of any type; never a private address."""
    assert "of the world" in str(open_line.ask(SITE, "TXT", "8.8.4.4").rr[0].rdata)
    for name in (REBOUND, MACHINE):
        assert [open_line.ask(name, kind).rr for kind in ("A", "AAAA")] == [[], []]
    assert f"dns A {REBOUND}" in world.seen()
    assert open_line.ask("nobody.example").header.rcode == 3


def test_what_is_nobodys_to_dial(open_line: OnLine, restricted: OnLine, world: World) -> None:
    """Refused as a closed port is, and nothing of it arrives: beyond the machine, or on it."""
    before = world.seen()
    reached = [
        (address, port)
        for line in (open_line, restricted)
        for address in NOBODYS
        for port in (7, 22)
        if line.opens(address, port)
    ]
    assert reached == []
    assert world.new_since(before) == []


def test_trusted_site(open_line: OnLine, restricted: OnLine) -> None:
    """One number, the line's own, though nobody has asked for the address."""
    for line, number in ((open_line, OTHER), (restricted, LINE)):
        address = NAMES[PARTNER][0] if line is open_line else line.address(PARTNER)
        seen = line.http(address, PARTNER, "X-MSISDN: 8613800138099", "x_msisdn: 8613800138099")
        assert OF_THE_WORLD in seen
        assert seen.lower().count(b"msisdn") == 1
        assert f"86{number}".encode() in seen


def test_restricted_line(restricted: OnLine, world: World) -> None:
    allowed, before = restricted.address(ALLOWED), world.seen()
    assert allowed == NAMES[ALLOWED][0]
    shown = restricted.http(allowed, ALLOWED)
    assert OF_THE_WORLD in shown
    assert b"MSISDN" not in shown
    assert OF_THE_WORLD in restricted.https(allowed, ALLOWED)
    with restricted.connect(OFFICE, 22) as sock:
        assert sock.recv(100) == b"SSH-2.0-world\r\n"
    opened = [line.split()[1:3] for line in world.new_since(before) if line.startswith("open")]
    assert [port for port, _ in opened] == ["80", "443", "22"]
    assert {address for _, address in opened} <= {*NAMES[ALLOWED], OFFICE}


def test_a_restricted_line_reaches_nothing_else(restricted: OnLine, carrier: CarrierProcess, world: World) -> None:
    """A part of a scan, foreign names at an allowed address, and a tunnel in the DNS."""
    allowed, arrivals = restricted.address(ALLOWED), Arrivals(core_process(carrier))
    source, before = _address(carrier, LINE), world.seen()
    raw = restricted.sockets.make(Kind.RAW4)
    with arrivals.none(), raw:
        for target in (NAMES[SITE][0], allowed, HOST4, "10.1.2.3", "8.8.8.8"):
            for port in (*range(1, 1024, 53), 853, 5000, 8000, 8001, 8080, 65535):
                raw.sendto(ip(source, target, TCP, syn(source, target, port)), (target, 0))
                raw.sendto(ip(source, target, UDP, datagram(source, target, port)), (target, 0))
        for name in (SITE, "cdn-a.example", f"x.{ALLOWED}", None):
            assert restricted.exchange(allowed, 443, hello(name)) == b""
        assert status(restricted.http(NAMES[SITE][0], SITE)) == 302
        assert restricted.https(NAMES[SITE][0], ALLOWED) == b""
        for kind in ("TXT", "NULL", "MX", "CNAME", "HTTPS", "A"):
            for name in (f"secret.{SITE}", f"secret.{ALLOWED}", SITE):
                told = [str(record.rdata) for record in restricted.ask(name, kind, "8.8.8.8").rr]
                assert all(each.startswith("100.100.") for each in told), (name, kind)
    assert world.new_since(before) == []


def _address(carrier: CarrierProcess, number: str) -> str:
    shown = json.loads(carrier.nfemu("subscriber", "show", number, "--json").text)
    return str(shown["session"]["ue_ipv4"])


def test_a_flip_ends_what_it_forbids(carrier: CarrierProcess, world: World) -> None:
    """On the far side as well; what is permitted before and after goes on."""
    with OnLine(carrier, FLIPPED) as line:
        held = [line.connect(address, 7) for address in NAMES["other.example"]]
        for sock in held:
            sock.sendall(b"octets")
            assert sock.recv(100) == b"octets"
        held += [line.connect(address, 22) for address in NAMES["other.example"]]
        office = line.connect(OFFICE, 22)
        for sock in (*held[2:], office):
            assert sock.recv(100).startswith(b"SSH")
        assert carrier.nfemu("restrict", FLIPPED).status == 0
        for address, host in zip(NAMES["other.example"], (HOST4, HOST6), strict=True):
            for port in (7, 22):
                world.wait_for(f"end {port} {address} {host}")
        for sock in held:
            with sock, pytest.raises(ConnectionError):
                _exchange(sock)
        before = world.seen()
        office.sendall(b"bye")
        assert office.recv(100) == b""
        office.close()
        assert world.new_since(before) == [f"end 22 {OFFICE} {HOST4}"]
        assert not line.opens(NAMES["other.example"][0], 7)
        sinkhole = line.address(SITE)
        assert line.https(sinkhole, SITE) == b""
        carrier.nfemu("restore", FLIPPED)
        assert line.opens(NAMES["other.example"][0], 7)
        assert OF_THE_WORLD in line.https(sinkhole, SITE)
        assert OF_THE_WORLD in line.http(sinkhole, SITE)


def test_a_load_ends_what_is_relayed(carrier: CarrierProcess, world: World) -> None:
    """On the far side too; from then on the phone, still plugged in, is relayed what its line in that state may have,
    and trusted names are led by their addresses before anybody has asked for them."""
    other = NAMES["other.example"][0]
    with OnLine(carrier, FLIPPED) as line:
        for command in (("state", "save", "open"), ("restrict", FLIPPED), ("state", "save", "restricted")):
            assert carrier.nfemu(*command).status == 0
        for state in ("restricted", "open"):
            assert carrier.nfemu("state", "load", "open").status == 0
            ended = world.seen().count(f"end 7 {other} {HOST4}")
            sock = line.connect(other, 7)
            sock.sendall(b"octets")
            assert sock.recv(100) == b"octets"
            assert carrier.nfemu("state", "load", state).status == 0
            world.wait_for(f"end 7 {other} {HOST4}", ended + 1)
            with sock, pytest.raises(ConnectionError):
                _exchange(sock)
            assert line.opens(other, 7) is (state == "open")
            assert (OF_THE_WORLD in line.https(NAMES[SITE][0], SITE)) is (state == "open")
            address = NAMES[PARTNER][0] if state == "open" else line.address(PARTNER)
            assert f"86{FLIPPED}".encode() in line.http(address, PARTNER)
            assert [address for address in NOBODYS if line.opens(address, 7)] == []


def _exchange(sock: socket) -> None:
    sock.sendall(b"more")
    sock.recv(100)


def test_octets_count_once(carrier: CarrierProcess) -> None:
    octets = 3 << 20
    with OnLine(carrier, METERED) as line:
        assert len(line.exchange(NAMES[SITE][0], 9, b"%d\n" % octets)) == octets
    until(lambda: sum(each["down"] for each in used(carrier, METERED)) >= octets)
    (row,) = used(carrier, METERED)
    assert (row["policy"], row["group"]) == ("open", None)
    assert octets < row["down"] < octets * 1.1


def used(carrier: CarrierProcess, number: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(carrier.nfemu("usage", number, "--json").text)["used"]
    return found


def test_a_cap_ends_what_is_relayed(carrier: CarrierProcess, world: World) -> None:
    """On the far side too, of connections on which nothing is said."""
    assert carrier.nfemu("restrict", CAPPED).status == 0
    ended = world.seen().count(f"end 22 {OFFICE} {HOST4}")
    with OnLine(carrier, CAPPED) as line, line.connect(OFFICE, 22) as idle:
        assert idle.recv(100)
        got = line.exchange(OFFICE, 9, b"%d\n" % (64 << 20))
        world.wait_for(f"end 9 {OFFICE} {HOST4}")
        world.wait_for(f"end 22 {OFFICE} {HOST4}", ended + 1)
        assert len(got) < 64 << 20
        assert not line.opens(OFFICE, 9)


def test_everything_fares_as_explained(carrier: CarrierProcess) -> None:
    urls = [f"{scheme}://{host}{rest}" for host in (SITE, ALLOWED, PARTNER, PORTAL) for scheme, rest in _FORMS]
    urls += [f"http://{name}/" for name in (REBOUND, "nobody.example", NAMES[SITE][0])]
    urls += [f"{scheme}://{_literal(each)}:7" for each in NOBODYS[:-1] for scheme in ("tcp", "udp")]
    done = carrier.nfemu(
        *("verify", "-", "--number", "13800138010", "--profile", "open", "--profile", "arrears"), stdin="\n".join(urls)
    )
    assert done.status == 0, done.text + done.errors
    shown = carrier.nfemu("explain", "13800138010", f"https://{SITE}/").text
    assert "the Internet, port 443" in shown


_FORMS = (("http", "/"), ("https", "/"), ("tcp", ":22"), ("udp", ":443"), ("dns", ""))


def _literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def test_a_family_without_a_way_out(carrier: CarrierProcess, open_line: OnLine) -> None:
    """Its connections are refused, so that a program takes the other one; until there is a way again."""
    ipv4, ipv6 = NAMES[SITE]
    route = ("ip", "-6", "route"), ("default", "via", "2606:2800:220:1::1")
    subprocess.run((*carrier.before, *route[0], "del", *route[1]), check=True)
    try:
        until(lambda: not open_line.opens(ipv6, 7))
        assert open_line.opens(ipv4, 7)
    finally:
        subprocess.run((*carrier.before, *route[0], "add", *route[1]), check=True)
    until(lambda: open_line.opens(ipv6, 7))


def test_rootless() -> None:
    """The same by whom nobody has asked: an ordinary user."""
    with running(ordinary()) as (carrier, world), OnLine(carrier, LINE) as line:
        for kind in ("A", "AAAA"):
            assert OF_THE_WORLD in line.https(line.address(SITE, kind), SITE)
        assert [address for address in NOBODYS if line.opens(address, 7)] == []
        assert carrier.nfemu("restrict", LINE).status == 0
        assert line.https(NAMES[SITE][0], SITE) == b""
        assert OF_THE_WORLD in line.https(line.address(ALLOWED), ALLOWED)
        assert world.seen().count(f"open 443 {NAMES[SITE][0]} {HOST4}") == 1
