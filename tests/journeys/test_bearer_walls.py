"""What a restricted line's own packets cannot do, whoever makes them: root, raw sockets, every port and protocol.

One carrier for all. `LINE` is restricted, `WITNESS` is open and shows what the same packets do there.
"""

import ssl
import sys
from collections.abc import Iterator
from socket import AF_INET, IPPROTO_IP, IPPROTO_IPV6, create_server, getaddrinfo, gethostname, socket
from threading import Event

import pytest

from nfemu.attack.on_line import Kind
from tests.journeys.arrivals import Arrivals
from tests.journeys.bearer import (
    NEEDS_BEARERS,
    NEEDS_ROOT,
    OnLine,
    answer,
    core_of,
    hello,
    request,
    session,
    status,
    unverified,
)
from tests.journeys.carrier import CarrierProcess, until
from tests.journeys.packets import ICMP, ICMP6, OPTIONS6, TCP, UDP, datagram, fragments, ip, syn

pytestmark = [pytest.mark.lab, NEEDS_BEARERS, NEEDS_ROOT]

LINE, WITNESS, FLIPPED = "13800138000", "13800138001", "13800138010"
COLD = "13800138011"
NEWS, PORTAL, PAY = "news.example", "portal.carrier.example", "pay.provider.example"
CORE = (8070, 8080, 8081, 8443, 8000)
"""Ports of our own, on whichever address."""
SAMPLE = (*range(1, 1024, 37), *CORE, 22, 853, 3128, 5432, 8610, 8611, 65535)
EVERY = range(1, 65536)
_IN_ONE_GO = 200
IP_RECVERR, IPV6_RECVERR = 11, 25
BURST = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
socks = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(200)]
for number, sock in enumerate(socks):
    sock.setsockopt(int(sys.argv[2]), int(sys.argv[3]), 1)
    sock.settimeout(5)
    sock.connect((sys.argv[1], 20000 + number))
for sock in socks:
    sock.send(b"nfemu")
told = 0
for sock in socks:
    try:
        sock.recv(1)
    except TimeoutError:
        break
    except OSError:
        told += 1
print(told)
"""
OTHERS = """
import socket, sys
where = sys.argv[1]
def told(protocol, payload):
    with socket.socket(socket.AF_INET6 if ":" in where else socket.AF_INET, socket.SOCK_RAW, protocol) as sock:
        sock.settimeout(2)
        sock.connect((where, 0))
        for _ in range(10):  # the kernel may owe the answer to the one before
            sock.send(payload)
            try:
                sock.recv(1)
            except TimeoutError:
                pass
            except OSError:
                return True
    return False
for each in sys.argv[2:]:
    protocol, octets = each.split(":")
    if told(int(protocol), bytes.fromhex(octets)):
        print(each)
"""
"""Which of `PROTOCOL:OCTETS` are refused to its face."""
SPELLINGS = ("X-MSISDN: ", "x-msisdn:", "X_MSISDN: ", "x_msisdn: ", "X-Msisdn:\t", "X-MSISDN: 1\r\nX-MSISDN: ")


@pytest.fixture(scope="module")
def witness(carrier: CarrierProcess) -> Iterator[OnLine]:
    with OnLine(carrier, WITNESS) as line:
        yield line


@pytest.fixture(scope="module")
def arrivals(carrier: CarrierProcess) -> Arrivals:
    return Arrivals(core_of(carrier))


@pytest.fixture(scope="module")
def line(carrier: CarrierProcess) -> Iterator[OnLine]:
    with carrier.client() as client:
        client.restrict(LINE)
    with OnLine(carrier, LINE) as restricted:
        yield restricted


@pytest.fixture(scope="module")
def own(carrier: CarrierProcess) -> dict[str, str]:
    """The line's addresses by family."""
    return addresses_of(carrier, LINE)


@pytest.fixture(scope="module")
def targets(carrier: CarrierProcess, witness: OnLine, line: OnLine) -> list[str]:
    """Forbidden sites, allowed ones, a sinkhole, another phone, our own addresses, the machine and its neighbours."""
    names = [witness.address(NEWS, kind) for kind in ("A", "AAAA")]
    names += [line.address(name, kind) for name in (PORTAL, NEWS) for kind in ("A", "AAAA")]
    ours = ["169.254.0.1", "fd53:696e:6b01::1", "169.254.1.2", "169.254.1.3", "fd53:696e:6b01::2"]
    return [*names, *addresses_of(carrier, WITNESS).values(), *ours, "192.168.0.1", "203.0.113.5", "2606:4700::1111"]


def addresses_of(carrier: CarrierProcess, number: str) -> dict[str, str]:
    found = session(carrier, number)
    assert found.ue_ipv4 is not None
    assert found.ue_ipv6 is not None
    return {"4": found.ue_ipv4, "6": found.ue_ipv6.partition("/")[0].removesuffix("::") + "::1"}


def family(address: str) -> str:
    return "6" if ":" in address else "4"


class Raw:
    """Sends whole packets on a line, a bounded number at a time."""

    def __init__(self, line: OnLine) -> None:
        self._sockets: dict[str, socket] = {"4": line.sockets.make(Kind.RAW4), "6": line.sockets.make(Kind.RAW6)}
        self._sent = 0

    def send(self, target: str, packet: bytes) -> None:
        self._sockets[family(target)].sendto(packet, (target, 0))
        self._sent += 1
        if self._sent % _IN_ONE_GO == 0:
            Event().wait(0.002)  # the kernel works the backlog off; what it dropped would prove nothing

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()


@pytest.fixture
def raw(line: OnLine) -> Iterator[Raw]:
    sending = Raw(line)
    yield sending
    sending.close()


def scan(raw: Raw, own: dict[str, str], target: str, ports: tuple[int, ...] | range) -> None:
    source = own[family(target)]
    for port in ports:
        raw.send(target, ip(source, target, TCP, syn(source, target, port)))
        raw.send(target, ip(source, target, UDP, datagram(source, target, port)))


def test_the_counter_counts_what_an_open_line_sends(
    witness: OnLine, carrier: CarrierProcess, arrivals: Arrivals
) -> None:
    """Else nothing that follows would prove anything."""
    own, raw = addresses_of(carrier, WITNESS), Raw(witness)
    for kind in ("A", "AAAA"):
        before = arrivals.count()
        scan(raw, own, witness.address(NEWS, kind), SAMPLE)
        assert arrivals.count() - before >= 2 * len(SAMPLE)
    raw.close()


def test_what_an_open_line_has_begun_is_not_counted_later(
    witness: OnLine, carrier: CarrierProcess, arrivals: Arrivals
) -> None:
    """Where its reset was lost, the server answers once more a second later, and it does."""
    raw = Raw(witness)
    with arrivals.losing_resets():
        scan(raw, addresses_of(carrier, WITNESS), witness.address(NEWS), SAMPLE)
        until(lambda: not arrivals.at_rest())
    raw.close()
    with arrivals.none():
        until(arrivals.at_rest)


def test_scan(raw: Raw, own: dict[str, str], targets: list[str], arrivals: Arrivals) -> None:
    with arrivals.none():
        for target in targets:
            scan(raw, own, target, SAMPLE)


@pytest.mark.long
def test_scan_of_all_ports(
    raw: Raw, own: dict[str, str], targets: list[str], arrivals: Arrivals, witness: OnLine, carrier: CarrierProcess
) -> None:
    before, open_line = arrivals.count(), Raw(witness)
    scan(open_line, addresses_of(carrier, WITNESS), witness.address(NEWS), EVERY)
    open_line.close()
    assert arrivals.count() - before > 2 * 65_000
    with arrivals.none():
        for target in targets[:8]:
            scan(raw, own, target, EVERY)


def test_refusals_come_at_once(line: OnLine, targets: list[str], arrivals: Arrivals) -> None:
    """Whole connections: none is accepted but where names are judged."""
    with arrivals.none():
        opened = {
            (target, port) for target in targets for port in (*SAMPLE[::9], *CORE, 853, 22) if line.opens(target, port)
        }
    assert opened == set()


def test_every_refusal_of_a_burst_comes(carrier: CarrierProcess, line: OnLine) -> None:
    """The kernel answers a thousand times a second at the most, by itself, and fifty times at once."""
    for kind, level, option in (("A", IPPROTO_IP, IP_RECVERR), ("AAAA", IPPROTO_IPV6, IPV6_RECVERR)):
        place = (line.address(NEWS, kind), str(level), str(option))
        told = carrier.nfemu("exec", LINE, "--", sys.executable, "-c", BURST, *place)
        assert (told.status, told.text) == (0, "200\n")


def test_tunnels_and_other_protocols_are_refused_too(
    carrier: CarrierProcess, line: OnLine, own: dict[str, str], arrivals: Arrivals
) -> None:
    """With a real packet inside, whose sum is no check sum, and SCTP that belongs to no association."""
    inner = ip(own["4"], "192.0.2.1", UDP, datagram(own["4"], "192.0.2.1", 5000, b"odd"))
    asked = [f"{protocol}:{inner.hex()}" for protocol in (4, 41, 253)]
    asked += [f"47:00000800{inner.hex()}", f"50:0000000100000001{inner.hex()}", f"132:0001000200000004{'00' * 20}"]
    with arrivals.none():
        for kind in ("A", "AAAA"):
            told = carrier.nfemu("exec", LINE, "--", sys.executable, "-c", OTHERS, line.address(NEWS, kind), *asked)
            assert (told.status, told.text.split()) == (0, asked)


def test_no_line_reaches_the_machine_or_another_phone(carrier: CarrierProcess, line: OnLine, witness: OnLine) -> None:
    """An open one neither: API and proxies on loopback, whatever listens on the machine's own addresses, other phones,
    unplugged ones, our own ports."""
    running = carrier.running
    listening = [running.api, running.http_proxy, running.socks_proxy, *running.subscriber_proxies.values()]
    places = [(host, int(port)) for host, _, port in (each.rpartition(":") for each in listening)]
    with create_server(("", 0)) as everywhere:
        port = everywhere.getsockname()[1]
        machine = {str(address[4][0]) for address in getaddrinfo(gethostname(), port, AF_INET)}
        places += [(address, port) for address in (*machine, "127.0.0.1", "169.254.0.1", "169.254.1.2", "169.254.1.3")]
        for phone, other in ((line, WITNESS), (witness, LINE)):
            addresses = (*addresses_of(carrier, other).values(), *addresses_of(carrier, "13800138002").values())
            assert [place for place in places if phone.opens(*place)] == []
            ours = [(address, port) for address in (*addresses, "169.254.0.1", "fd53:696e:6b01::1") for port in CORE]
            assert [place for place in ours if phone.opens(*place)] == []
        everywhere.settimeout(0)
        with pytest.raises(BlockingIOError):
            everywhere.accept()


def test_fragments_options_and_other_protocols(
    raw: Raw, own: dict[str, str], targets: list[str], arrivals: Arrivals
) -> None:
    with arrivals.none():
        for target in targets:
            source = own[family(target)]
            for port in (53, 443, 5000):
                segment, asked = syn(source, target, port), datagram(source, target, port, b"x" * 64)
                for packet in (
                    *fragments(source, target, TCP, segment),
                    *reversed(list(fragments(source, target, TCP, segment))),
                    *fragments(source, target, UDP, asked),
                    *fragments(source, target, UDP, asked, 32),
                ):
                    raw.send(target, packet)
                if family(target) == "6":
                    raw.send(target, ip(source, target, OPTIONS6, bytes((TCP, 0, 1, 4, 0, 0, 0, 0)) + segment))
            echo = b"\x80\0\0\0\0\1\0\1" if family(target) == "6" else b"\x08\0\xf7\xfd\0\1\0\1"
            for protocol in (ICMP, ICMP6, 2, 4, 41, 47, 50, 51, 132, 136, 253):
                raw.send(target, ip(source, target, protocol, echo))


def test_foreign_sources(
    raw: Raw, own: dict[str, str], carrier: CarrierProcess, witness: OnLine, arrivals: Arrivals
) -> None:
    """Whoever's address a restricted phone takes: an open line's, the gateway's, the Internet's own."""
    other = addresses_of(carrier, WITNESS)
    sources = [*other.values(), own["4"].rsplit(".", 1)[0] + ".250", "169.254.0.1", "198.18.0.17", "127.0.0.1"]
    sources += ["fe80::2", "fe80::1", "::1", "2001:2::11", "fd53:696e:6b01::1", "::ffff:10.45.0.3"]
    with arrivals.none():
        for source in sources:
            target = witness.address(NEWS, "AAAA" if family(source) == "6" else "A")
            for port in (53, 80, 443, 5000):
                raw.send(target, ip(source, target, TCP, syn(source, target, port)))
                raw.send(target, ip(source, target, UDP, datagram(source, target, port)))


def test_names_at_addresses(line: OnLine, witness: OnLine, arrivals: Arrivals) -> None:
    """A name opens its own address only, an address nothing."""
    portal, news = line.address(PORTAL), witness.address(NEWS)
    shared = witness.address("cdn-a.example")
    assert shared == witness.address("cdn-b.example")
    with arrivals.none():
        for address in (news, shared, "198.18.77.77"):
            for host in (PORTAL, NEWS, "cdn-a.example", address):
                assert status(line.http(address, host)) == 302
                assert line.exchange(address, 443, hello(host)) == b""
        sinkhole = line.address(NEWS)
        assert status(line.http(sinkhole, NEWS)) == 302
        assert line.exchange(sinkhole, 443, hello(NEWS)) == b""
        for host in (NEWS, "cdn-a.example", f"{PORTAL}.evil.example", portal, ""):
            assert status(line.http(portal, host)) in {302, 400}, host
        for name in (NEWS, f"x.{PORTAL}", f"{PORTAL}.evil.example", None):
            assert line.exchange(portal, 443, hello(name)) == b""
    assert status(line.https(portal, PORTAL)) == 403, "it is reached, and knows nobody over TLS"


def test_an_encrypted_hello_is_worth_its_public_name(line: OnLine, arrivals: Arrivals) -> None:
    """encrypted_client_hello (0xfe0d) of whatever content: the outer name decides."""
    portal = line.address(PORTAL)
    with arrivals.none():
        assert line.exchange(portal, 443, with_ech(hello("cloudflare-ech.com"))) == b""


def with_ech(plain: bytes) -> bytes:
    """The hello with one more extension; record, handshake and extensions are longer by it."""
    extension = b"\xfe\x0d\x00\x10" + b"\0\0\1\0\1\7\0\4abcd\0\2xy"
    at = 9 + 2 + 32
    at += 1 + plain[at]
    at += 2 + int.from_bytes(plain[at : at + 2])
    at += 1 + plain[at]
    longer = len(extension)
    return (
        plain[:3]
        + (int.from_bytes(plain[3:5]) + longer).to_bytes(2)
        + plain[5:6]
        + (int.from_bytes(plain[6:9]) + longer).to_bytes(3)
        + plain[9:at]
        + (int.from_bytes(plain[at : at + 2]) + longer).to_bytes(2)
        + plain[at + 2 :]
        + extension
    )


def test_dns_is_no_tunnel(line: OnLine, arrivals: Arrivals) -> None:
    """Whatever is asked of whomever: nothing but sinkholes and empty answers, and nobody else hears of it."""
    with arrivals.none():
        for number in range(20):
            label = f"{number:02}" + "a7f3c9d1e5b8" * 4
            for kind in ("TXT", "NULL", "MX", "CNAME", "SRV", "HTTPS", "ANY"):
                for name in (f"{label}.tunnel.example", f"{label}.{PORTAL}"):
                    reply = line.ask(name, kind)
                    assert [str(record.rdata) for record in reply.rr] == [], (name, kind)
            for resolver in ("10.45.0.1", "8.8.8.8", "169.254.0.1", "2001:4860:4860::8888"):
                (record,) = line.ask(f"{label}.tunnel.example", resolver=resolver).rr
                assert str(record.rdata).startswith("100.100.")
        for name in ("dns.google", "cloudflare-dns.com", "dns.alidns.com"):
            assert line.https(line.address(name), name) == b""


@pytest.mark.parametrize("restricted", [False, True])
def test_the_portal_is_never_told_a_forged_number(carrier: CarrierProcess, line: OnLine, restricted: bool) -> None:
    """In any spelling, at any port, at any site's address: only what the gateway itself writes is believed."""
    with OnLine(carrier, WITNESS) as witness:
        phone, masked = (line, b"138****8000") if restricted else (witness, b"138****8001")
        portal, news = phone.address(PORTAL), witness.address(NEWS)
        for address, port in ((portal, 80), (portal, 8080), (portal, 81), (news, 80), (news, 8080)):
            for forged in SPELLINGS:
                for number in (f"86{LINE}", f"86{WITNESS}"):
                    seen = phone.http(address, PORTAL, f"{forged}{number}", port=port)
                    if (address, port) == (portal, 80):
                        assert status(seen) == 200
                        assert masked in seen
                    assert seen.count(b"138****") == seen.count(masked) * ((address, port) == (portal, 80))


def test_connections_held_open_across_the_flip(carrier: CarrierProcess, arrivals: Arrivals) -> None:
    """What a profile forbids ends with the change: nothing that is sent afterwards arrives, whichever way it went."""
    with OnLine(carrier, FLIPPED) as line, carrier.client() as client:
        held: list[tuple[socket, str]] = []
        for kind in ("A", "AAAA"):
            news = line.address(NEWS, kind)
            held += [(line.connect(news, port), NEWS) for port in (80, 5000)]
            held.append((unverified().wrap_socket(line.connect(news, 443), server_hostname=NEWS), NEWS))
            news_at_the_portal = line.connect(line.address(PORTAL, kind), 443)
            held.append((unverified().wrap_socket(news_at_the_portal, server_hostname=NEWS), NEWS))
        allowed = [(line.connect(line.address(PORTAL), 80), PORTAL, 200)]
        for kind, host, knows_nobody in (("A", PORTAL, 403), ("AAAA", PORTAL, 403), ("A", PAY, 404)):
            plain = line.connect(line.address(host, kind), 443)
            allowed.append((unverified().wrap_socket(plain, server_hostname=host), host, knows_nobody))
        for sock, host, said in (*((*each, 200) for each in held), *allowed):
            sock.sendall(request(host, connection="keep-alive"))
            assert status(answer(sock)) == said, host
        client.restrict(FLIPPED)
        with arrivals.none():
            for sock, host in held:
                assert after_the_flip(sock, host) == b""
                sock.close()
        for sock, host, said in allowed:
            sock.sendall(request(host, connection="keep-alive"))
            assert status(answer(sock)) == said, host
            sock.close()


def test_a_restricted_phone_that_knows_addresses_from_before(carrier: CarrierProcess, witness: OnLine) -> None:
    """Of allowed names, and has asked for none itself."""
    known = [(name, witness.address(name, kind)) for name in (PORTAL, PAY) for kind in ("A", "AAAA")]
    with carrier.client() as client:
        client.restrict(COLD)
    with OnLine(carrier, COLD) as line:
        for name, address in known:
            found = line.http(address, name)
            assert status(found) == (200 if name == PORTAL else 404)
            assert (b"138****8011" in found) is (name == PORTAL)
            assert status(line.https(address, name)) == (403 if name == PORTAL else 404)
            assert status(line.http(address, NEWS)) == 302
            assert line.exchange(address, 443, hello(NEWS)) == b""


def after_the_flip(sock: socket, host: str) -> bytes:
    try:
        sock.sendall(request(host, connection="keep-alive"))
        return sock.recv(65536)
    except (ConnectionError, ssl.SSLError):
        return b""
