"""Hosts have one spelling, and nothing that a client dials as an address passes as a name."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import InvalidInput
from nfemu.policy.names import MAX_NAME, canonical_address, normalise_host, shown

LABELS_63 = ".".join(["a" * 63] * 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("portal.carrier.example", "portal.carrier.example"),
        ("PORTAL.Carrier.Example.", "portal.carrier.example"),
        ("localhost", "localhost"),
        ("_dmarc.carrier.example", "_dmarc.carrier.example"),
        ("r3---sn-apo3.googlevideo.com", "r3---sn-apo3.googlevideo.com"),
        ("faß.de", "xn--fa-hia.de"),  # non-transitional: not fass.de
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("e\u0301.fr", "xn--9ca.fr"),  # NFC
        ("例え。jp．", "xn--r8jz45g.jp"),
        ("ｐｏｒｔａｌ.example", "portal.example"),
        ("\u212aelvin.example", "kelvin.example"),
        ("XN--9CA.fr", "xn--9ca.fr"),
        ("ＸＮ--9ca.fr", "xn--9ca.fr"),
        ("xn--n3h.net", "xn--n3h.net"),  # valid in UTS 46, though IDNA 2008 no longer registers it
        ("a1.b2", "a1.b2"),
        ("1.example", "1.example"),
        ("0xcafe.example", "0xcafe.example"),
        ("example.0x1g", "example.0x1g"),
        (LABELS_63[:MAX_NAME] + ".", LABELS_63[:MAX_NAME]),
        ("192.0.2.1", IPv4Address("192.0.2.1")),
        ("0.0.0.0", IPv4Address("0.0.0.0")),
        ("[2001:DB8::1]", IPv6Address("2001:db8::1")),
        ("2001:db8:0::1", IPv6Address("2001:db8::1")),
        ("[::ffff:192.0.2.1]", IPv4Address("192.0.2.1")),
        ("::ffff:c000:201", IPv4Address("192.0.2.1")),
    ],
)
def test_one_spelling(text: str, expected: object) -> None:
    assert normalise_host(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("127.1", "four decimal numbers"),
        ("127.0.1", "four decimal numbers"),
        ("0x7f.1", "four decimal numbers"),
        ("0x7f000001", "four decimal numbers"),
        ("0X7F000001", "four decimal numbers"),
        ("0x", "four decimal numbers"),
        ("2130706433", "four decimal numbers"),
        ("017700000001", "four decimal numbers"),
        ("0177.0.0.1", "four decimal numbers"),
        ("127.0.0.01", "four decimal numbers"),
        ("127.0.0.1.", "four decimal numbers"),
        ("127.0.0.0x1", "four decimal numbers"),
        ("256.0.0.1", "four decimal numbers"),
        ("1.2.3.4.5", "four decimal numbers"),
        ("portal.1", "four decimal numbers"),
        ("１２７.0.0.1", "four decimal numbers"),
        ("127。0。0。1", "four decimal numbers"),
        ("[::1", "not an IPv6 address"),
        ("::1]", "not an IPv6 address"),
        ("[[::1]]", "not an IPv6 address"),
        ("[127.0.0.1]", "not an IPv6 address"),
        ("[portal]", "not an IPv6 address"),
        ("portal.example:80", "not an IPv6 address"),
        ("http://portal.example", "not an IPv6 address"),
        ("[fe80::1%eth0]", "names a zone"),
        ("", "not a DNS name"),
        (".", "not a DNS name"),
        ("portal..example", "not a DNS name"),
        ("portal.example..", "not a DNS name"),
        (".portal.example", "not a DNS name"),
        ("portal@evil.example", "not a DNS name"),
        ("portal example", "not a DNS name"),
        ("portal%2eexample", "not a DNS name"),
        ("portal/evil", "not a DNS name"),
        ("portal\\evil", "not a DNS name"),
        ("portal.example\n", r"not a DNS name: label `example\n`"),
        ("portal\x00.example", r"`portal\x00`"),
        ("*.example", "not a DNS name"),
        ("☃.net", "not a DNS name"),
        ("a\u05d0.example", "not a DNS name"),  # mixed direction (RFC 5893)
        ("\u00ad", "not a DNS name"),  # maps to nothing
        ("xn--portal-.example", "not a DNS name"),  # decodes to plain ASCII
        ("xn--zzzzzz99.example", "not a DNS name"),
        ("xn--.example", "not a DNS name"),
        ("xn--" + "ｐａ".encode("punycode").decode() + ".example", "not a DNS name"),  # decodes to what would be mapped
        ("a" * 64 + ".example", "not a DNS name"),
        ("a\udcffb", "no DNS name can have"),
        (LABELS_63, "longer than 253"),
        ("a" * 300, "longer than 253"),
        ("ü." * 60 + "example", "longer than 253"),  # only in its A-label form
    ],
)
def test_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput) as error:
        normalise_host(text)
    assert complaint in str(error.value)
    assert str(error.value).isprintable()


def test_a_punycode_label_must_be_written_as_it_encodes() -> None:
    """`xn--9ca` and `xn--9CA` decode alike only up to case; other spellings of one U-label do not exist."""
    for spelling in ("xn--9ca", "xn---9ca", "xn--9ca-"):
        try:
            name = normalise_host(spelling + ".example")
        except InvalidInput:
            continue
        assert name == spelling + ".example"
        decoded = spelling.removeprefix("xn--").encode().decode("punycode")
        assert "xn--" + decoded.encode("punycode").decode() == spelling


hosts = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="xn-a0._:[]ßü例\u200d\u05d0", max_size=14),
    st.from_regex(r"xn--[a-z0-9-]{0,14}", fullmatch=True),
    st.from_regex(r"(0[xX])?[0-9a-fA-F]{1,4}(\.(0x)?[0-9]{1,3}){0,4}", fullmatch=True),
)


@given(hosts)
def test_normal_form_is_a_fixed_point(text: str) -> None:
    try:
        host = normalise_host(text)
    except InvalidInput:
        return
    assert normalise_host(str(host)) == host
    if isinstance(host, str):
        assert host.isascii()
        assert host == host.lower()
        assert all(0 < len(label) < 64 for label in host.split("."))


@given(hosts)
def test_what_inet_aton_reads_is_never_a_name(text: str) -> None:
    """The C library's reader is the independent witness of how clients spell addresses."""
    try:
        packed = socket.inet_aton(text)
    except (OSError, UnicodeError, ValueError):
        return
    try:
        host = normalise_host(text)
    except InvalidInput:
        return
    assert host == IPv4Address(packed)


@given(st.ip_addresses())
def test_addresses_come_back(address: IPv4Address | IPv6Address) -> None:
    assert normalise_host(str(address)) == canonical_address(address)


def test_canonical_address() -> None:
    assert canonical_address(ip_address("::ffff:10.0.0.1")) == ip_address("10.0.0.1")
    assert canonical_address(ip_address("::1")) == ip_address("::1")
    assert canonical_address(ip_address("10.0.0.1")) == ip_address("10.0.0.1")


def test_shown_is_short_and_printable() -> None:
    assert shown("a\r\nb") == r"`a\r\nb`"
    assert shown("x" * 61) == "`" + "x" * 60 + "…`"
