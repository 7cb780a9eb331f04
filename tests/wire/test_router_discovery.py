"""Router discovery: scapy reads what we write and the other way round, truncation at every byte, any content."""

from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import (
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6NDOptCaptivePortal,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptRDNSS,
    ICMPv6NDOptSrcLLAddr,
)

from nfemu.wire.errors import WireError
from nfemu.wire.router_discovery import (
    INFINITE,
    Advertisement,
    Prefix,
    Resolvers,
    check_solicitation,
    decode,
    encode,
    encode_solicitation,
)

API = "https://portal.carrier.example/captive-api"
PREFIX = Prefix(IPv6Network("2001:db8:4500:1::/64"))
RESOLVERS = Resolvers((IPv6Address("2001:db8::53"), IPv6Address("2001:db8::54")), 64800)
FULL = Advertisement(64, 64800, (PREFIX,), RESOLVERS, API)
LINK_LOCAL, NOBODY = IPv6Address("fe80::2"), IPv6Address("::")
HEAD = 16


def test_an_independent_codec_reads_ours() -> None:
    read = ICMPv6ND_RA(encode(FULL))
    assert (read.chlim, read.M, read.O, read.routerlifetime, read.reachabletime) == (64, 0, 0, 64800, 0)
    prefix = read[ICMPv6NDOptPrefixInfo]
    assert (prefix.prefixlen, prefix.L, prefix.A, prefix.prefix) == (64, 0, 1, "2001:db8:4500:1::")
    assert (prefix.validlifetime, prefix.preferredlifetime) == (INFINITE, INFINITE)
    resolvers = read[ICMPv6NDOptRDNSS]
    assert (resolvers.lifetime, resolvers.dns) == (64800, ["2001:db8::53", "2001:db8::54"])
    portal = read[ICMPv6NDOptCaptivePortal]
    assert portal.URI.decode() == API
    assert portal.len * 8 == 2 + len(API) + (-2 - len(API)) % 8


def test_ours_reads_an_independent_codec() -> None:
    written = (
        ICMPv6ND_RA(chlim=64, routerlifetime=64800)
        / ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:01")
        / ICMPv6NDOptMTU(mtu=1400)
        / ICMPv6NDOptPrefixInfo(prefix="2001:db8:4500:1::", prefixlen=64, L=0, A=1)
        / ICMPv6NDOptRDNSS(dns=["2001:db8::53", "2001:db8::54"], lifetime=64800)
        / ICMPv6NDOptCaptivePortal(URI=API)
    )
    assert decode(bytes(written)) == FULL


@pytest.mark.parametrize("flags", [(True, True), (True, False), (False, True), (False, False)])
def test_flags_of_a_prefix(flags: tuple[bool, bool]) -> None:
    prefix = Prefix(IPv6Network("2001:db8::/48"), *flags, valid=7200, preferred=3600)
    read = ICMPv6ND_RA(encode(Advertisement(0, 0, (prefix,))))[ICMPv6NDOptPrefixInfo]
    assert (bool(read.L), bool(read.A), read.validlifetime, read.preferredlifetime) == (*flags, 7200, 3600)
    assert decode(encode(Advertisement(0, 0, (prefix,)))).prefixes == (prefix,)


def test_cut_short_it_is_refused_or_has_fewer_options() -> None:
    data = encode(FULL)
    ends = {HEAD: Advertisement(64, 64800)}
    ends[HEAD + 32] = Advertisement(64, 64800, (PREFIX,))
    ends[HEAD + 72] = Advertisement(64, 64800, (PREFIX,), RESOLVERS)
    for size in range(len(data)):
        if size in ends:
            assert decode(data[:size]) == ends[size]
        else:
            with pytest.raises(WireError, match="cut short"):
                decode(data[:size])


@pytest.mark.parametrize(
    "options",
    [
        b"\x25\x00" + bytes(6),  # no length
        b"\x25",
        b"\x03\x01" + bytes(6),  # prefix cut short
        b"\x03\x04\x81" + bytes(29),  # 129 bits
        b"\x19\x01" + bytes(6),  # no resolver
        b"\x19\x02" + bytes(14),  # half a resolver
        b"\x25\x01\xff" + bytes(5),  # not ASCII
    ],
)
def test_malformed_options_are_refused(options: bytes) -> None:
    with pytest.raises(WireError, match="router"):
        decode(encode(Advertisement(64, 0)) + options)


@pytest.mark.parametrize("kind", [133, 135])
def test_something_else_is_refused(kind: int) -> None:
    with pytest.raises(WireError, match=f"type {kind} code 0 is not type 134"):
        decode(bytes((kind,)) + encode(FULL)[1:])


@pytest.mark.parametrize("url", ["https://p\u00f6rtal.example/", "https://" + "a" * 2031])
def test_what_does_not_fit_is_refused(url: str) -> None:
    with pytest.raises(WireError, match="router"):
        encode(Advertisement(64, 0, captive_api=url))


def test_solicitations_that_may_be_answered() -> None:
    assert bytes(ICMPv6ND_RS(cksum=0)) == encode_solicitation()
    for source in (LINK_LOCAL, NOBODY):
        check_solicitation(encode_solicitation(), source)
    check_solicitation(bytes(ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr()), LINK_LOCAL)


def test_solicitations_that_may_not() -> None:
    with pytest.raises(WireError, match="nobody"):
        check_solicitation(bytes(ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr()), NOBODY)
    whole = bytes(ICMPv6ND_RS(cksum=0) / ICMPv6NDOptSrcLLAddr())
    for size in {*range(len(whole))} - {8}:
        with pytest.raises(WireError, match="cut short"):
            check_solicitation(whole[:size], LINK_LOCAL)
    for other in (b"\x86" + whole[1:], whole[:1] + b"\1" + whole[2:]):
        with pytest.raises(WireError, match="is not type 133 code 0"):
            check_solicitation(other, LINK_LOCAL)


@given(
    st.integers(0, 255),
    st.integers(0, 65535),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=2038),
)
def test_any_advertisement_comes_back(hop_limit: int, lifetime: int, url: str) -> None:
    advertisement = Advertisement(hop_limit, lifetime, (PREFIX,), RESOLVERS, url)
    assert decode(encode(advertisement)) == advertisement


@given(st.binary(max_size=200))
def test_any_octets_raise_nothing_else(data: bytes) -> None:
    for read in (decode, lambda octets: check_solicitation(octets, NOBODY)):
        with suppress(WireError):
            read(data)
