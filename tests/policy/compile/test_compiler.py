"""What cannot be kept on bearers is refused by name; networks as ranges; who is told apart from whom."""

from datetime import time
from ipaddress import ip_address

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Hours, Limits, PolicyProfile, Verdict
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.marks import mark_of, marks_of, use_marks
from nfemu.policy.compile.ports import http_ports
from nfemu.policy.compile.ranges import allowed_ranges, trusted_ranges
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import ByStamp, Range
from nfemu.policy.rules import PolicySet
from tests.policy.making import NOW, group, profile

PLAN = SteeringPlan()
COLLIDING = ("aspjwwk", "rnrsgud")


def policies(*groups: DestinationGroup, default: Verdict = Verdict.REJECT) -> PolicySet:
    return PolicySet.build(groups, [profile("garden", default, *(one.name for one in groups))])


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (
            group("dns", "ns.test", ports=(53, 80)),
            r"`garden/allow/dns/ns\.test` .*port 53 always leads to the carrier's",
        ),
        (group("dns", networks=("192.0.2.0/24",), ports=(53,)), r"`garden/allow/dns/192\.0\.2\.0/24` .*port 53"),
        (
            group("mail", "mail.test", ports=(25, 80)),
            r"`garden/allow/mail/mail\.test` .*port 25 carries SMTP, in which",
        ),
        (group("wide", networks=("100.64.0.0/10",)), r"`garden/allow/wide/100\.64\.0\.0/10` .*of 100\.100\.0\.0/16"),
    ],
)
@pytest.mark.parametrize("default", [Verdict.REJECT, Verdict.ALLOW])
def test_a_rule_that_cannot_be_kept_is_refused_by_name(
    listed: DestinationGroup, message: str, default: Verdict
) -> None:
    with pytest.raises(InvalidInput, match=message):
        compile_table(policies(listed, default=default), PLAN)


def test_nothing_to_compile() -> None:
    with pytest.raises(InvalidInput, match="there is no policy profile"):
        compile_table(PolicySet.build((), ()), PLAN)


def test_where_a_cap_may_end_everything_no_flow_is_past_judgement() -> None:
    """Then there is nothing that a stamp could say."""
    capped = PolicyProfile(PolicyName("garden"), Verdict.ALLOW, limits=Limits(daily_cap=1000))
    table = compile_table(PolicySet.build((), [capped]), PLAN)
    assert not any(isinstance(rule.action, ByStamp) for chain in table.chains for rule in chain.rules)


def test_addresses_need_no_name() -> None:
    compile_table(policies(group("mail", networks=("192.0.2.25",), ports=(25, 22))), PLAN)


def test_profiles_with_one_number() -> None:
    """The best known two words with one CRC-32."""
    with pytest.raises(InvalidInput, match="`plumless` and `buckeroo` cannot be told apart"):
        marks_of([PolicyName("plumless"), PolicyName("buckeroo")])


def test_uses_with_one_number() -> None:
    """Two groups of one profile, found by trying."""
    made = policies(group("g1", networks=("192.0.2.1",)), group("g2", networks=("192.0.2.2",)))
    assert list(use_marks(made).values()) == [("garden", None), ("garden", "g1"), ("garden", "g2")]
    one, other = COLLIDING
    made = policies(group(one, networks=("192.0.2.1",)), group(other, networks=("192.0.2.2",)))
    with pytest.raises(InvalidInput, match=f"`garden/{one}` and `garden/{other}` cannot be told apart"):
        compile_table(made, PLAN)


def test_no_mark_is_that_of_no_profile() -> None:
    assert mark_of(PolicyName("")) == 1
    assert marks_of([PolicyName("open")]) == {mark_of(PolicyName("open")): "open"}


def test_http_ports_are_those_of_names_and_of_who_is_trusted() -> None:
    made = policies(
        group("quiz", "quiz.test", ports=(8081, 443)),
        group("database", networks=("192.0.2.1",), ports=(5432,)),
        group("office", networks=("192.0.2.2",), ports=(8000,), trusted=True),
    )
    assert http_ports(made, PLAN) == (80, 8000, 8081)


def test_longest_prefix_decides_for_every_address() -> None:
    night = Hours(time(20), time(8))
    closed = DestinationGroup(GroupName("closed"), networks=("192.0.2.64/26",), ports=(22,), hours=night)
    made = policies(
        group("wide", networks=("192.0.2.0/24", "2001:db8::/32"), ports=(22, 5432)),
        closed,
        group("inner", networks=("192.0.2.70",), ports=(22,)),
        group("next", networks=("192.0.3.0/24", "255.255.255.255"), ports=(22,)),
    )
    found = allowed_ranges(made.profile(PolicyName("garden")), 4, lambda port: port == 22, NOW)
    assert found == (
        (Range(ip_address("192.0.2.0"), ip_address("192.0.2.63")), 22),
        (Range(ip_address("192.0.2.70"), ip_address("192.0.2.70")), 22),
        (Range(ip_address("192.0.2.128"), ip_address("192.0.3.255")), 22),
        (Range(ip_address("255.255.255.255"), ip_address("255.255.255.255")), 22),
    )
    low = Range(ip_address("2001:db8::"), ip_address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))
    assert allowed_ranges(made.profile(PolicyName("garden")), 6, lambda port: port == 22, NOW) == ((low, 22),)


def test_trusted_networks_are_those_of_all_profiles_at_any_time() -> None:
    night = Hours(time(20), time(8))
    closed = DestinationGroup(GroupName("closed"), networks=("192.0.2.0/25",), ports=(80,), trusted=True, hours=night)
    overlapping = group("wide", networks=("192.0.2.64/26", "192.0.2.128/26"), ports=(80,), trusted=True)
    plain = group("plain", networks=("192.0.0.0/16",))
    made = PolicySet.build(
        (closed, overlapping, plain),
        (profile("a", Verdict.ALLOW, "closed", "plain"), profile("b", Verdict.REJECT, "wide")),
    )
    whole = Range(ip_address("192.0.2.0"), ip_address("192.0.2.191"))
    assert trusted_ranges(made, 4, lambda port: port == 80) == ((whole, 80),)
