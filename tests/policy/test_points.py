"""Points whatever the access: those of a request, and whether a flow that meets some gets through."""

import pytest

from nfemu.model.identity import PolicyName
from nfemu.model.signs import CONNECTED, FAILED, FORBIDDEN, NO_TLS, OVER, REFUSED, RESET, SINKHOLE, TLS
from nfemu.policy.points import Place, Point, opens, points_of_request
from nfemu.policy.rules import NO_BINDINGS, decide
from tests.policy.making import LANDING, NOW, to
from tests.policy.test_bearer_points import POLICIES


@pytest.mark.parametrize(
    ("policy", "host", "expected"),
    [
        ("open", "portal.carrier.example", [("forwarded", "answered"), ("enriched", "header inserted")]),
        ("open", "news.example", [("forwarded", "answered"), ("not enriched", "no header inserted")]),
        ("arrears", "news.example", [(f"redirected to {LANDING}", f"redirect to {LANDING}")]),
        ("strict", "news.example", [("refused", "403 from the gateway")]),
    ],
)
def test_a_request(policy: str, host: str, expected: list[tuple[str, str]]) -> None:
    profile = POLICIES.profile(PolicyName(policy))
    decision = decide(profile, to(host), NO_BINDINGS, NOW)
    found = points_of_request(profile, decision)
    assert [(one.verdict, one.sign) for one in found] == expected
    assert {one.rule for one in found} == {decision.rule}


def test_who_gets_through() -> None:
    """Whoever meets no refusal: a sinkhole is one of DNS's answers, and what comes behind it decides."""
    through = [Point(Place.DNS_A, "", "", SINKHOLE), Point(Place.NFT, "", "", CONNECTED), Point(Place.SNI, "", "", TLS)]
    assert opens(through)
    for sign in (REFUSED, RESET, NO_TLS, FORBIDDEN, FAILED, OVER):
        assert not opens([*through, Point(Place.HTTP, "", "", sign)])
