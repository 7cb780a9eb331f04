"""What a flow meets over proxy access."""

import pytest

from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import Limits, PolicyProfile, Verdict
from nfemu.model.signs import OVER
from nfemu.policy.proxy_points import points_of_proxy
from nfemu.policy.reach import Guard, Reach
from nfemu.policy.rules import NO_BINDINGS, PolicySet, decide
from nfemu.policy.urls import destination_of
from tests.policy.making import LANDING, NOW, group
from tests.policy.test_bearer_points import POLICIES

ARREARS = PolicyName("arrears")
CAPPED = PolicySet.build(
    [group("portal", "portal.carrier.example", trusted=True), group("pay", "pay.example")],
    [
        PolicyProfile(
            ARREARS,
            Verdict.REDIRECT,
            (GroupName("portal"), GroupName("pay")),
            LANDING,
            limits=Limits(daily_cap=1000),
            essential=(GroupName("portal"),),
        )
    ],
)
REACHED = Reach(leads_to="the emulated Internet")


def guarded(rule: str) -> Reach:
    return Reach(guard=Guard(f"gateway/{rule}", "why"))


@pytest.mark.parametrize(
    ("policy", "url", "found", "expected"),
    [
        ("open", "http://portal.carrier.example/", REACHED, [("HTTP", "answered"), ("identity", "header inserted")]),
        ("arrears", "http://news.example/", Reach(), [("HTTP", f"redirect to {LANDING}")]),
        ("strict", "http://news.example/", Reach(), [("HTTP", "403 from the gateway")]),
        ("open", "http://10.0.0.1/", guarded("private-address"), [("HTTP", "403 from the gateway")]),
        ("open", "http://gone.example/", guarded("no-such-name"), [("HTTP", "5xx from the gateway")]),
        ("open", "https://news.example/", REACHED, [("CONNECT", "connected"), ("SNI gate", "TLS")]),
        ("arrears", "https://news.example/", Reach(), [("CONNECT", "403 from the gateway")]),
        ("arrears", "https://198.18.0.9/", guarded("names-only"), [("CONNECT", "403 from the gateway")]),
        ("open", "https://gone.example/", guarded("no-such-name"), [("CONNECT", "5xx from the gateway")]),
        ("open", "https://gone.example:80/", guarded("no-such-name"),
         [("CONNECT", "connected"), ("SNI gate", "reset")]),
        ("arrears", "https://pay.example/", guarded("no-answer"), [("CONNECT", "connected"), ("SNI gate", "reset")]),
        ("open", "https://portal.carrier.example/", guarded("no-answer"),
         [("CONNECT", "connected"), ("SNI gate", "reset")]),
        ("arrears", "tcp://pay.example:443", guarded("no-raw"), [("CONNECT", "connected")]),
        ("open", "http://news.example:443/", REACHED, []),
        ("open", "https://10.0.0.1:80/", guarded("private-address"), [("CONNECT", "403 from the gateway")]),
        ("open", "dns:news.example", Reach(), [("proxy", "not sent")]),
        ("open", "udp://news.example:443", guarded("tcp-only"), [("proxy", "not sent")]),
    ],
)  # fmt: skip
def test_points(policy: str, url: str, found: Reach, expected: list[tuple[str, str]]) -> None:
    profile, destination = POLICIES.profile(PolicyName(policy)), destination_of(url)
    decision = decide(profile, destination, NO_BINDINGS, NOW)
    assert [(one.place.value, one.sign) for one in points_of_proxy(profile, destination, decision, found)] == expected


def test_past_the_cap_a_check_that_leads_to_no_page_is_told_why_too() -> None:
    rejecting = PolicyProfile(ARREARS, Verdict.REJECT, limits=Limits(daily_cap=1000))
    profile, check = PolicySet.build([], [rejecting]).profile(ARREARS), destination_of("http://captive.apple.com/")
    decision = decide(profile, check, NO_BINDINGS, NOW)
    (met,) = points_of_proxy(profile, check, decision, Reach(), frozenset({ARREARS}))
    assert met.sign == OVER


@pytest.mark.parametrize(
    ("url", "found", "expected"),
    [
        ("http://news.example/", Reach(), [("HTTP", OVER)]),
        ("http://captive.apple.com/", Reach(), [("HTTP", f"redirect to {LANDING}")]),
        ("http://captive.apple.com/any", Reach(), [("HTTP", OVER)]),
        ("http://pay.example/", REACHED, [("HTTP", OVER)]),
        ("https://pay.example/", REACHED, [("CONNECT", OVER)]),
        ("https://news.example/", Reach(), [("CONNECT", "403 from the gateway")]),
        ("http://10.0.0.1/", guarded("private-address"), [("HTTP", "403 from the gateway")]),
        ("http://portal.carrier.example/", REACHED, [("HTTP", "answered"), ("identity", "header inserted")]),
    ],
)
def test_past_the_cap_only_what_is_essential_goes_on(url: str, found: Reach, expected: list[tuple[str, str]]) -> None:
    profile, destination = CAPPED.profile(ARREARS), destination_of(url)
    decision = decide(profile, destination, NO_BINDINGS, NOW)
    met = points_of_proxy(profile, destination, decision, found, frozenset({ARREARS}))
    assert [(one.place.value, one.sign) for one in met] == expected
