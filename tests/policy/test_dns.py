from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.destination import Scheme
from nfemu.model.errors import NotFound
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Hours, Verdict
from nfemu.policy.dns import DnsAnswer, Kind, Question, is_listed, judge
from nfemu.policy.rules import NO_BINDINGS, PolicySet, decide
from tests.policy.making import LANDING, NOW, group, profile, to

TRUE, SINKHOLE, NODATA, NXDOMAIN = DnsAnswer.TRUE, DnsAnswer.SINKHOLE, DnsAnswer.NODATA, DnsAnswer.NXDOMAIN
CNAME, TXT, NULL, ANY, AXFR, OPT = 5, 16, 10, 255, 252, 41
DAY = DestinationGroup(GroupName("day"), ("day.example",), hours=Hours(time(8), time(20)))
POLICIES = PolicySet.build(
    [group("portal", "portal.carrier.example", trusted=True), group("pay", ".pay.example"), DAY],
    [
        profile("open", Verdict.ALLOW, "portal"),
        profile("arrears", Verdict.REDIRECT, "portal", "pay", "day", redirect_to=LANDING),
        profile("training", Verdict.REJECT, "pay"),
    ],
)
PORTAL, PAY, NEWS = "portal.carrier.example", "www.pay.example", "news.example"


@pytest.mark.parametrize(
    ("policy", "name", "kind", "answer", "binds"),
    [
        ("arrears", PORTAL, Kind.A, TRUE, True),
        ("arrears", PAY, Kind.AAAA, TRUE, True),
        ("arrears", PAY, Kind.HTTPS, NODATA, False),
        ("arrears", PAY, CNAME, NODATA, False),
        ("arrears", PAY, TXT, NODATA, False),
        ("arrears", NEWS, Kind.A, SINKHOLE, False),
        ("arrears", NEWS, Kind.AAAA, SINKHOLE, False),
        ("arrears", NEWS, Kind.HTTPS, NODATA, False),
        ("arrears", NEWS, TXT, NODATA, False),
        ("arrears", NEWS, NULL, NODATA, False),
        ("arrears", None, Kind.A, NXDOMAIN, False),
        ("arrears", None, TXT, NXDOMAIN, False),
        ("training", PAY, Kind.A, TRUE, True),
        ("training", NEWS, Kind.A, NXDOMAIN, False),
        ("training", NEWS, TXT, NXDOMAIN, False),
        ("open", NEWS, Kind.A, TRUE, False),
        ("open", NEWS, TXT, TRUE, False),
        ("open", NEWS, Kind.HTTPS, TRUE, False),
        ("open", NEWS, ANY, NODATA, False),
        ("open", "_dns.resolver.arpa", Kind.SVCB, NODATA, False),
        ("open", "resolver.arpa", TXT, NODATA, False),
        ("open", NEWS, AXFR, NODATA, False),
        ("open", NEWS, OPT, NODATA, False),
        ("open", PORTAL, Kind.A, TRUE, True),
        ("open", PORTAL, Kind.HTTPS, NODATA, False),
        ("open", PAY, Kind.A, TRUE, True),
        ("open", PAY, Kind.SVCB, NODATA, False),
        ("open", PAY, TXT, TRUE, False),
        ("open", None, Kind.A, NXDOMAIN, False),
        ("open", None, TXT, TRUE, False),
        ("open", None, ANY, NODATA, False),
    ],
)
def test_what_a_question_gets(policy: str, name: str | None, kind: int, answer: DnsAnswer, binds: bool) -> None:
    found = judge(POLICIES, PolicyName(policy), Question(name, kind), NOW)
    assert (found.answer, found.binds) == (answer, binds)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (PAY, "arrears/allow/pay/.pay.example"),
        (NEWS, "arrears/default"),
        (None, "arrears/default"),
        ("day.example", "arrears/closed/day"),
    ],
)
def test_the_deciding_rule_is_told(name: str | None, rule: str) -> None:
    assert judge(POLICIES, PolicyName("arrears"), Question(name, Kind.A), NOW).decision.rule == rule


@pytest.mark.parametrize(("hour", "answer"), [(7, SINKHOLE), (12, TRUE), (20, SINKHOLE)])
def test_a_name_is_resolved_while_its_group_is_open(hour: int, answer: DnsAnswer) -> None:
    question = Question("day.example", Kind.A)
    assert judge(POLICIES, PolicyName("arrears"), question, NOW, NOW.replace(hour=hour)).answer is answer


def test_listed_is_what_any_profile_names() -> None:
    assert [is_listed(POLICIES, name) for name in (PORTAL, PAY, "pay.example", "evilpay.example", NEWS)] == [
        True,
        True,
        True,
        False,
        False,
    ]


@given(
    st.sampled_from(["open", "arrears", "training"]),
    st.lists(st.sampled_from(["www", "pay", "evilpay", "portal", "carrier", "day", "example"]), min_size=1, max_size=4),
    st.sampled_from([Kind.A, Kind.AAAA]),
    st.none() | st.integers(0, 23),
)
def test_addresses_are_true_exactly_where_decide_allows(
    policy: str, labels: list[str], kind: Kind, hour: int | None
) -> None:
    name, hours_at = ".".join(labels), None if hour is None else NOW.replace(hour=hour)
    found = judge(POLICIES, PolicyName(policy), Question(name, kind), NOW, hours_at)
    decision = decide(POLICIES.profile(PolicyName(policy)), to(name, 53, scheme=Scheme.DNS), NO_BINDINGS, NOW, hours_at)
    assert found.decision is decision
    assert (found.answer is TRUE) is (decision.verdict is Verdict.ALLOW)
    assert found.binds <= (found.answer is TRUE)


def test_a_policy_that_does_not_exist() -> None:
    with pytest.raises(NotFound, match="holiday"):
        judge(POLICIES, PolicyName("holiday"), Question(NEWS, Kind.A), NOW)
