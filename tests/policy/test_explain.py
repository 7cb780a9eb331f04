"""`explain` says the same as `decide`, and why."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import NotFound
from nfemu.model.identity import PolicyName
from nfemu.policy.explain import explain
from nfemu.policy.rules import NO_BINDINGS, PolicySet, decide
from tests.policy.making import NOW, to
from tests.policy.test_rules import AT, BOUND, GROUPS, PORTAL, PROFILES, TABLE

POLICIES = PolicySet.build(GROUPS, PROFILES)


def lines(name: str, destination: Destination) -> list[str]:
    return explain(POLICIES, PolicyName(name), destination, BOUND, NOW).lines()


def test_nothing_listed() -> None:
    assert lines("arrears", to("news.example")) == [
        "http://news.example:80 under profile `arrears`: redirected to http://portal.carrier.example/green",
        "rule arrears/default: not listed in profile `arrears`: plain HTTP is redirected, all else is refused",
        "considered: no pattern or network of this profile covers it",
    ]
    assert lines("arrears", to("news.example", 443, scheme=Scheme.HTTPS))[0].endswith("`arrears`: refused")
    assert lines("arrears", Destination(None, None, 80))[2:] == [
        "considered: no pattern or network of this profile covers it"
    ]


def test_the_deciding_rule_and_those_on_other_ports() -> None:
    assert lines("arrears", to(PORTAL, 8080)) == [
        "http://portal.carrier.example:8080 under profile `arrears`: allowed, enriched",
        (
            "rule arrears/allow/api/portal.carrier.example: listed in trusted group `api`, "
            "which profile `arrears` allows: plain HTTP is enriched"
        ),
        "considered `portal.carrier.example` of group `portal`: its ports are 80, 443, not 8080",
        "considered `portal.carrier.example` of group `api`: the longest match: it decides",
    ]


def test_longest_network() -> None:
    assert lines("arrears", to("198.51.100.200"))[2:] == [
        "considered `198.51.100.128/25` of group `shops`: the longest match: it decides",
        "considered `198.51.100.0/24` of group `office`: a longer match, `198.51.100.128/25`, comes first",
    ]


def test_address_not_bound() -> None:
    assert lines("arrears", to(PORTAL, 443, at="198.18.0.2", scheme=Scheme.HTTPS)) == [
        "https://portal.carrier.example:443 at 198.18.0.2 under profile `arrears`: refused",
        (
            "rule arrears/unbound/portal: the name is listed in group `portal`, "
            "but this subscriber was not given the address for it"
        ),
        (
            "considered `portal.carrier.example` of group `portal`: the longest match, "
            "but 198.18.0.2 was not given to this subscriber for this name"
        ),
        "considered `portal.carrier.example` of group `api`: its ports are 8080, not 443",
    ]
    assert "it decides" in lines("arrears", to(PORTAL, at=AT))[2]


def test_udp_and_dns() -> None:
    quic = to("pay.test", 443, scheme=Scheme.RAW, transport=Transport.UDP)
    assert lines("arrears", quic)[0] == "udp pay.test:443 under profile `arrears`: refused"
    assert lines("arrears", quic)[2] == "considered `pay.test` of group `payment`: groups speak of TCP, not UDP"
    query = to("pay.test", 53, scheme=Scheme.DNS, transport=Transport.UDP)
    assert lines("arrears", query)[2] == "considered `pay.test` of group `payment`: the longest match: it decides"
    odd = to("[2001:db8:9::1]", 53, scheme=Scheme.DNS, transport=Transport.UDP)
    assert lines("arrears", odd)[0] == "dns://[2001:db8:9::1]:53 under profile `arrears`: refused"
    assert lines("arrears", odd)[2].endswith("a network is no answer to a DNS question")


def test_unknown_profile() -> None:
    with pytest.raises(NotFound):
        explain(POLICIES, PolicyName("nope"), to(PORTAL), NO_BINDINGS, NOW)


@given(
    st.sampled_from(TABLE), st.sampled_from(("open", "arrears", "training")), st.timedeltas(timedelta(-9), timedelta(9))
)
def test_agrees_with_decide(
    row: tuple[object, Destination, object, object, object], name: str, later: timedelta
) -> None:
    profile = POLICIES.profile(PolicyName(name))
    explanation = explain(POLICIES, PolicyName(name), row[1], BOUND, NOW + later)
    assert explanation.decision is decide(profile, row[1], BOUND, NOW + later)
    decided = [one for one in explanation.candidates if one.decided]
    assert [one.group for one in decided] == ([explanation.decision.group] if explanation.decision.group else [])
