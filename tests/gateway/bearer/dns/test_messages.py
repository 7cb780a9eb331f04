"""Questions as they come, and answers as dnslib and scapy read them."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from dnslib import EDNS0, DNSRecord, EDNSOption
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers.dns import DNS

from nfemu.gateway.bearer.dns.messages import Ede, Note, Query, Rcode, Reply, cut, read, write


def question(name: str = "www.pay.example", kind: str = "A", *options: EDNS0) -> bytes:
    record = DNSRecord.question(name, kind)
    record.header.id = 7  # dnslib rolls dice, and every worker must find the same tests
    for option in options:
        record.add_ar(option)
    return bytes(record.pack())


def query(data: bytes) -> Query:
    found = read(data)
    assert isinstance(found, Query)
    return found


def on_the_wire(labels: list[bytes], kind: int = 1, group: int = 1, flags: int = 0x0100) -> bytes:
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!6H", 7, flags, 1, 0, 0, 0) + name + struct.pack("!2H", kind, group)


WITH_OPTIONS = question("wWw.pay.example", "AAAA", EDNS0(udp_len=4096, flags="do", opts=[EDNSOption(10, b"12345678")]))


def test_a_question_is_read() -> None:
    plain = query(question())
    assert (plain.name, plain.kind, plain.udp_size, plain.edns, plain.secure) == (
        "www.pay.example",
        1,
        512,
        False,
        False,
    )
    full = query(WITH_OPTIONS)
    assert (full.name, full.kind, full.udp_size, full.edns, full.secure) == ("www.pay.example", 28, 1232, True, True)
    assert full.section.startswith(b"\3wWw")
    assert query(question("pay.example", "A", EDNS0(udp_len=100))).udp_size == 512


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ([b"_ldap", b"_tcp", b"r3---SN-x"], "_ldap._tcp.r3---sn-x"),
        ([b"xn--fiqs8s"], "xn--fiqs8s"),
        ([], None),
        ([b"192", b"0", b"2", b"1"], None),
        ([b"www", b"0x7f"], None),
        ([b"portal.carrier", b"example"], None),
        ([b"[", b"]"], None),
        ([b"::1"], None),
        ([b"*", b"pay", b"example"], None),
        ([b"a b", b"example"], None),
        ([b"pay\0", b"example"], None),
        (["päy".encode(), b"example"], None),
        ([b"xn--a", b"example"], None),
    ],
)
def test_labels_that_are_no_host_name_have_none(labels: list[bytes], name: str | None) -> None:
    assert query(on_the_wire(labels)).name == name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 11,
        struct.pack("!6H", 7, 0x8180, 1, 0, 0, 0) + question()[12:],
        write(query(question()), Reply(Rcode.FORMERR)),
    ],
)
def test_what_is_no_question_is_never_answered(data: bytes) -> None:
    assert read(data) is None


@pytest.mark.parametrize(
    ("data", "rcode"),
    [
        (on_the_wire([b"a"], flags=0x2800), Rcode.NOTIMP),
        (struct.pack("!6H", 7, 0x2000, 0, 0, 0, 0), Rcode.NOTIMP),
        (struct.pack("!6H", 7, 0x0100, 0, 0, 0, 0), Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 2, 0, 0, 0) + question()[12:] * 2, Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 1, 1, 0, 0) + question()[12:], Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 1, 0, 1, 0) + question()[12:], Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 1, 0, 0, 2) + question()[12:], Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 1, 0, 0, 1) + question()[12:], Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", Rcode.FORMERR),
        (struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + b"\1a\xc0\x0c\0\1\0\1", Rcode.FORMERR),
        (struct.pack("!6H", 0xC000, 0x0100, 1, 0, 0, 0) + b"\1a\xc0\0\0\1\0\1", Rcode.FORMERR),
        (on_the_wire([b"x" * 64]), Rcode.FORMERR),
        (on_the_wire([b"x" * 63] * 4), Rcode.FORMERR),
        (on_the_wire([b"\xff\xfe"]), Rcode.FORMERR),
        (on_the_wire([b"pay", b"example"], group=3), Rcode.REFUSED),
        (on_the_wire([b"pay", b"example"], group=255), Rcode.REFUSED),
        (WITH_OPTIONS[:-1], Rcode.FORMERR),
    ],
)
def test_a_bad_question_gets_the_code_for_it(data: bytes, rcode: Rcode) -> None:
    answer = read(data)
    assert isinstance(answer, bytes)
    assert (answer[:2], answer[2] & 0x80, answer[3] & 0xF) == (data[:2], 0x80, rcode)


def test_the_longest_names_are_read() -> None:
    assert query(on_the_wire([b"x" * 63] * 3 + [b"x" * 61])).name == ".".join(["x" * 63] * 3 + ["x" * 61])


def test_an_option_record_of_the_future_is_refused_by_its_own_code() -> None:
    answer = read(question("pay.example", "A", EDNS0(version=1)))
    assert isinstance(answer, bytes)
    parsed = DNSRecord.parse(answer)
    assert (parsed.header.rcode, parsed.ar[0].edns_rcode) == (0, 1)  # 16 in all


def test_another_additional_record_is_passed_over() -> None:
    data = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 1) + question()[12:] + struct.pack("!BHHIH", 0, 250, 255, 0, 0)
    assert not query(data).edns


@given(st.binary(max_size=200))
@example(WITH_OPTIONS)
def test_no_octets_raise(data: bytes) -> None:
    check(data)


@given(st.integers(0, len(WITH_OPTIONS) - 1), st.integers(0, 255), st.integers(0, len(WITH_OPTIONS)))
def test_no_changed_octet_raises(place: int, octet: int, end: int) -> None:
    check((WITH_OPTIONS[:place] + bytes([octet]) + WITH_OPTIONS[place + 1 :])[:end])


def test_no_truncation_raises_or_passes() -> None:
    for end in range(len(WITH_OPTIONS)):
        assert not isinstance(read(WITH_OPTIONS[:end]), Query)


def check(data: bytes) -> None:
    found = read(data)
    if isinstance(found, Query):
        assert data[12:].startswith(found.section)
        answer = write(found, Reply(addresses=(IPv4Address("198.18.0.16"),)))
    elif found is not None:
        answer = found
    else:
        return
    assert answer[:2] == data[:2]
    assert answer[2] & 0x80


ADDRESSES = (IPv4Address("198.18.0.16"), IPv6Address("2001:2::10"))


@pytest.mark.parametrize("name", ["wWw.PaY.eXaMpLe", ".".join(["x" * 63] * 3 + ["x" * 61]), "a"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_scapy_reads_what_was_written(name: str, address: IPv4Address | IPv6Address) -> None:
    asked = query(question(name, "A" if address.version == 4 else "AAAA"))
    answer = DNS(write(asked, Reply(addresses=(address,), ttl_s=5)))
    assert (answer.id, answer.qr, answer.ra, answer.rd, answer.tc, answer.aa, answer.rcode) == (
        asked.id,
        1,
        1,
        1,
        0,
        0,
        0,
    )
    (record,) = answer.an
    assert (record.rrname.decode(), record.ttl, record.rdata) == (f"{name}.", 5, str(address))
    assert (answer.qd[0].qname.decode(), answer.ns, answer.ar) == (f"{name}.", [], [])


@pytest.mark.parametrize("rcode", [Rcode.NOERROR, Rcode.NXDOMAIN])
def test_a_no_says_for_how_long(rcode: Rcode) -> None:
    answer = DNS(write(query(question()), Reply(rcode)))
    (start,) = answer.ns
    assert (answer.rcode, start.type, start.ttl, start.minimum) == (rcode, 6, 5, 5)


def test_our_longest_answers_fit_the_smallest_datagram() -> None:
    longest = ".".join(["x" * 63] * 3 + ["x" * 61])
    asked = query(question(longest, "AAAA", EDNS0(udp_len=512)))
    eight = tuple(IPv6Address("2001:2::10") + number for number in range(8))
    for reply in (
        Reply(addresses=eight),
        Reply(Rcode.NXDOMAIN, note=Note(Ede.BLOCKED, "r" * 1_000)),
        Reply(addresses=eight[:1], note=Note(Ede.FORGED, "r" * 1_000)),
    ):
        answer = write(asked, reply)
        assert cut(asked, answer) == answer


def test_what_does_not_fit_is_to_be_asked_for_by_tcp() -> None:
    asked = query(question("a.example", "TXT"))
    answer = DNS(cut(asked, write(asked, Reply()) + b"\0" * 512))
    assert (answer.id, answer.qr, answer.tc, answer.ancount, answer.qd[0].qname) == (asked.id, 1, 1, 0, b"a.example.")
