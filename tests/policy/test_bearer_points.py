"""What a flow meets on a bearer, point by point, and what the phone sees of it."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import NotFound
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import Limits, Verdict
from nfemu.model.signs import FORBIDDEN, NO_ANSWER, NO_DATA, NO_NAME, REFUSED
from nfemu.policy.bearer_points import PRIVATE, Bearer, Truth, points_of_bearer
from nfemu.policy.compile.specification import Specification
from nfemu.policy.compile.steering import SteeringPlan, Way
from nfemu.policy.points import Place, opens
from nfemu.policy.rules import NO_BINDINGS, PolicySet
from nfemu.policy.urls import destination_of
from tests.policy.making import LANDING, NOW, group, profile

POLICIES = PolicySet.build(
    [
        group("portal", "portal.carrier.example", trusted=True),
        group("pay", "pay.example", ".shop.example"),
        group("office", networks=("203.0.113.0/24", "10.9.0.0/16")),
    ],
    [
        profile("open", Verdict.ALLOW, "portal"),
        profile("arrears", Verdict.REDIRECT, "portal", "pay", "office", redirect_to=LANDING),
        profile("strict", Verdict.REJECT, "pay"),
    ],
)
V4, V6 = ip_address("198.18.0.20"), ip_address("2001:2::14")
TRUTH = Truth((V4, V6), NO_DATA)
TRUE = [("DNS A", "198.18.0.20"), ("DNS AAAA", "2001:2::14")]
SUNK = [("DNS A", "sinkhole"), ("DNS AAAA", "sinkhole")]
REDIRECT = f"redirect to {LANDING}"
OWN = IPv4Network("10.45.0.2"), IPv6Network("2001:db8:4500:1::/64")


def line(policy: str, *families: int, trusted: bool = True, named: bool = False) -> Bearer:
    """`named`: a name that a restricted line may reach is known to lead to both addresses."""
    known = {(V4, 80): None, (V6, 80): NOW + timedelta(minutes=1)} if trusted else {}
    names = dict.fromkeys(((V4, 80), (V4, 443), (V6, 443))) if named else {}
    specification = Specification(POLICIES, SteeringPlan(), known, named=names)
    return Bearer(specification, PolicyName(policy), NO_BINDINGS, families or (4, 6), OWN, NOW)


def seen(
    policy: str, url: str, truth: Truth = TRUTH, *families: int, way: Way = Way.OUTSIDE, trusted: bool = True
) -> list[tuple[str, str]]:
    its = line(policy, *families, trusted=trusted)
    return [(one.place.value, one.sign) for one in points_of_bearer(its, destination_of(url), truth, way)]


@pytest.mark.parametrize(
    ("policy", "url", "expected"),
    [
        ("open", "http://portal.carrier.example/", [*TRUE, ("nft", "connected"), ("HTTP", "answered"),
                                                    ("identity", "header inserted")]),
        ("open", "https://portal.carrier.example/", [*TRUE, ("nft", "connected"), ("origin", "TLS")]),
        ("open", "http://news.example:443/", [*TRUE, ("nft", "connected")]),
        ("open", "https://portal.carrier.example:80/", [*TRUE, ("nft", "connected"), ("SNI gate", "TLS")]),
        ("open", "dns:news.example", TRUE),
        ("open", "tcp://news.example:22", [*TRUE, ("nft", "connected")]),
        ("open", "udp://news.example:443", [*TRUE, ("nft", "sent")]),
        ("open", "tcp://news.example:53", [*TRUE, ("nft", "connected")]),
        ("arrears", "http://pay.example/", [*TRUE, ("nft", "connected"), ("HTTP", "answered"),
                                            ("identity", "no header inserted")]),
        ("arrears", "https://a.shop.example/", [*TRUE, ("nft", "connected"), ("SNI gate", "TLS")]),
        ("arrears", "https://pay.example:80/", [*TRUE, ("nft", "connected"), ("SNI gate", "TLS")]),
        ("arrears", "https://news.example:80/", [*SUNK, ("nft", "connected"), ("SNI gate", "reset")]),
        ("arrears", "http://pay.example:443/", [*TRUE, ("nft", "connected"), ("SNI gate", "reset")]),
        ("arrears", "http://pay.example:8080/", [*TRUE, ("nft", "refused")]),
        ("arrears", "http://news.example/", [*SUNK, ("nft", "connected"), ("HTTP", REDIRECT)]),
        ("arrears", "https://news.example/", [*SUNK, ("nft", "connected"), ("SNI gate", "reset")]),
        ("arrears", "udp://news.example:443", [*SUNK, ("nft", "refused")]),
        ("strict", "http://news.example/", [("DNS A", "no such name"), ("DNS AAAA", "no such name")]),
    ],
)  # fmt: skip
def test_names(policy: str, url: str, expected: list[tuple[str, str]]) -> None:
    assert seen(policy, url) == expected


@pytest.mark.parametrize(
    ("policy", "url", "expected"),
    [
        ("open", "http://198.18.0.99/", [("nft", "connected"), ("HTTP", "answered"),
                                         ("identity", "no header inserted")]),
        ("open", "https://[2001:2::99]/", [("nft", "connected"), ("origin", "TLS")]),
        ("arrears", "http://198.18.0.99/", [("nft", "connected"), ("HTTP", REDIRECT)]),
        ("arrears", "https://198.18.0.99/", [("nft", "connected"), ("SNI gate", "reset")]),
        ("arrears", "http://203.0.113.9/", [("nft", "connected"), ("HTTP", "answered"),
                                            ("identity", "no header inserted")]),
        ("open", "https://198.18.0.20:80/", [("nft", "connected"), ("SNI gate", "TLS")]),
        ("arrears", "https://203.0.113.9:80/", [("nft", "connected"), ("SNI gate", "reset")]),
        ("strict", "http://198.18.0.99/", [("nft", "connected"), ("HTTP", "403 from the gateway")]),
        ("arrears", "http://10.45.0.2/", [("phone", "refused")]),
        ("arrears", "udp://[::1]:9", [("phone", "sent")]),
        ("arrears", "tcp://224.0.0.1:9", [("phone", "refused")]),
        ("open", "dns://198.18.0.99/", []),
        ("open", "http://255.255.255.255/", [("phone", "refused")]),
        ("open", "udp://255.255.255.255:9", [("phone", "refused")]),
        ("arrears", "https://[fe80::1]/", [("phone", "refused")]),
        ("arrears", "udp://[ff02::1]:8000", [("phone", "refused")]),
        ("arrears", "udp://[ff0e::1]:8000", [("phone", "sent")]),
        ("arrears", "http://[::2]/", [("nft", "refused")]),
        ("open", "tcp://[fec0::1]:53", [("nft", "refused")]),
    ],
)  # fmt: skip
def test_literals(policy: str, url: str, expected: list[tuple[str, str]]) -> None:
    assert seen(policy, url) == expected


def test_other_phones_and_the_core_are_no_destination() -> None:
    for way in (Way.PHONE, Way.CORE):
        assert seen("open", "http://10.45.0.3/", Truth(), way=way) == [("nft", "refused")]


def test_a_phone_goes_by_the_family_that_it_has() -> None:
    assert seen("open", "http://news.example/", TRUTH, 6)[2] == ("nft", "connected")
    assert seen("open", "http://198.18.0.99/", TRUTH, 6) == [("phone", "refused")]
    assert seen("open", "udp://127.0.0.1:9", TRUTH, 6) == [("phone", "sent")]
    assert seen("open", "https://news.example/", Truth((V4,)), 6) == [TRUE[0], ("DNS AAAA", "no data")]


@pytest.mark.parametrize("sign", [NO_NAME, NO_ANSWER, NO_DATA])
def test_a_name_without_addresses(sign: str) -> None:
    assert seen("open", "http://gone.example/", Truth(sign=sign)) == [("DNS A", sign), ("DNS AAAA", sign)]


def test_literals_that_the_engine_dials_not() -> None:
    private = Truth(sign=FORBIDDEN)
    assert seen("arrears", "http://10.9.0.1/", private) == [("nft", "connected"), ("HTTP", "403 from the gateway")]
    assert seen("open", "https://203.0.113.9/", Truth()) == [("nft", "refused")]
    nobody = seen("arrears", "http://203.0.113.9/", Truth())
    assert nobody == [("nft", "connected"), ("HTTP", "5xx from the gateway")]


def test_rules_are_named_where_they_decide() -> None:
    found = points_of_bearer(line("arrears"), destination_of("http://pay.example/"), TRUTH, Way.OUTSIDE)
    assert [(one.place, one.rule) for one in found] == [
        (Place.DNS_A, "arrears/allow/pay/pay.example"),
        (Place.DNS_AAAA, "arrears/allow/pay/pay.example"),
        (Place.NFT, ""),
        (Place.HTTP, "arrears/allow/pay/pay.example"),
        (Place.IDENTITY, "arrears/allow/pay/pay.example"),
    ]
    refused = points_of_bearer(line("arrears"), destination_of("tcp://198.18.0.99:22"), TRUTH, Way.OUTSIDE)
    assert [(one.verdict, one.rule) for one in refused] == [("refused at once", "arrears/default")]


@pytest.mark.parametrize(
    ("policy", "url", "truth", "expected"),
    [
        ("open", "https://portal.carrier.example/", TRUTH, [*TRUE, ("nft", "connected"), ("SNI gate", "TLS")]),
        ("open", "https://news.example/", TRUTH, [*TRUE, ("nft", "connected"), ("SNI gate", "TLS")]),
        ("open", "https://198.18.0.20/", TRUTH, [("nft", "connected"), ("SNI gate", "TLS")]),
        ("open", "http://198.18.0.20:443/", TRUTH, [("nft", "connected")]),
        ("open", "https://[2001:2::14]/", Truth(), [("nft", "connected"), ("SNI gate", "reset")]),
        ("arrears", "https://198.18.0.20/", TRUTH, [("nft", "connected"), ("SNI gate", "reset")]),
        ("arrears", "http://198.18.0.20/", TRUTH, [("nft", "connected"), ("HTTP", REDIRECT)]),
    ],
)
def test_where_a_name_leads_that_a_restricted_line_may_reach(
    policy: str, url: str, truth: Truth, expected: list[tuple[str, str]]
) -> None:
    found = points_of_bearer(line(policy, named=True), destination_of(url), truth, Way.OUTSIDE)
    assert [(one.place.value, one.sign) for one in found] == expected


def test_tls_at_a_sinkhole_is_judged_by_name_on_an_open_line_too() -> None:
    sinkhole = ip_address("100.100.0.16")
    for host, sign in ((None, "reset"), ("news.example", "TLS")):
        there = Destination(host, sinkhole, 443, Transport.TCP, Scheme.HTTPS)
        found = points_of_bearer(line("open"), there, Truth((sinkhole,)), Way.OUTSIDE)
        assert [one.sign for one in found][-1] == sign


def test_what_names_no_place_meets_nothing() -> None:
    assert points_of_bearer(line("open"), Destination(None, None, 80), TRUTH, Way.OUTSIDE) == ()
    with pytest.raises(NotFound):
        seen("nope", "http://news.example/")


def test_a_request_to_a_trusted_literal_is_read() -> None:
    """On an open line too: its address is a trusted name's."""
    found = points_of_bearer(
        line("open"), Destination(None, V4, 80, Transport.TCP, Scheme.HTTP), Truth((V4,)), Way.OUTSIDE
    )
    assert [one.verdict for one in found] == ["to the HTTP engine", "forwarded", "not enriched"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://news.example/", ("HTTP", "429 from the gateway")),
        ("http://captive.apple.com/any", ("HTTP", "429 from the gateway")),
        ("http://203.0.113.9/", ("HTTP", "429 from the gateway")),
        ("http://pay.example/", ("identity", "no header inserted")),
        ("https://pay.example/", ("SNI gate", "TLS")),
        ("https://a.shop.example/", ("SNI gate", "TLS")),
        ("https://aid.example/", ("SNI gate", "reset")),
        ("tcp://192.0.2.7:22", ("nft", "refused")),
    ],
)
def test_past_the_daily_cap_only_what_is_essential(url: str, expected: tuple[str, str]) -> None:
    found = points_of_bearer(past_cap(), destination_of(url), TRUTH, Way.OUTSIDE)
    assert (found[-1].place.value, found[-1].sign) == expected
    assert (found[-1].rule == "capped/daily-cap") is not opens(found)


def test_past_the_daily_cap_checks_are_still_redirected() -> None:
    """By the profile's own rule, since what opens is the page that says more."""
    for url in ("http://captive.apple.com/", "http://www.google.com/gen_204?a=b"):
        found = points_of_bearer(past_cap(), destination_of(url), TRUTH, Way.OUTSIDE)
        assert (found[-1].sign, found[-1].rule) == (REDIRECT, "capped/default")


def test_past_an_open_line_s_cap() -> None:
    """TLS that is read on its way, to a trusted name's own port; what goes straight is refused by the kernel."""
    name = PolicyName("open")
    capped = replace(profile("open", Verdict.ALLOW, "portal"), limits=Limits(daily_cap=1000))
    policies = PolicySet.build([group("portal", "portal.carrier.example", trusted=True)], [capped])
    specification = Specification(policies, SteeringPlan(), {(V4, 80): None}, capped=frozenset({name}))
    its = Bearer(specification, name, NO_BINDINGS, (4, 6), OWN, NOW)
    for url, sign in (("https://portal.carrier.example:80/", "reset"), ("https://news.example:444/", "refused")):
        point = points_of_bearer(its, destination_of(url), TRUTH, Way.OUTSIDE)[-1]
        assert (point.sign, point.rule) == (sign, "open/daily-cap")


def past_cap() -> Bearer:
    capped = replace(
        profile("capped", Verdict.REDIRECT, "portal", "pay", "office", "aid", "database", redirect_to=LANDING),
        limits=Limits(daily_cap=1000),
        essential=(GroupName("portal"), GroupName("pay")),
    )
    groups = [
        group("portal", "portal.carrier.example", trusted=True),
        group("pay", "pay.example", ".shop.example"),
        group("office", networks=("203.0.113.0/24",)),
        group("aid", "aid.example"),
        group("database", networks=("192.0.2.7",), ports=(22,)),
    ]
    name = PolicyName("capped")
    policies = PolicySet.build(groups, [capped])
    specification = Specification(policies, SteeringPlan(), {}, capped=frozenset({name}))
    return Bearer(specification, name, NO_BINDINGS, (4, 6), OWN, NOW)


def test_the_real_internet_carries_tcp_alone() -> None:
    real = Truth((V4, V6), NO_DATA, real=True)
    assert seen("open", "https://news.example/", real) == [*TRUE, ("nft", "connected"), ("origin", "TLS")]
    assert seen("open", "udp://news.example:443", real) == [*TRUE, ("nft", "refused")]
    assert seen("open", "udp://203.0.113.9:443", Truth(sign=FORBIDDEN, real=True)) == [("nft", "refused")]


def test_what_nobody_dials_is_refused_by_name() -> None:
    private = Truth(sign=FORBIDDEN, real=True)
    (found,) = points_of_bearer(line("open"), destination_of("tcp://10.9.0.1:22"), private, Way.OUTSIDE)
    assert (found.place, found.rule, found.sign) == (Place.NFT, PRIVATE, REFUSED)
