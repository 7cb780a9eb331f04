"""Daily cap and rate of a profile, and what is reached past the cap (G7)."""

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import UNLIMITED, DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.policy.rules import PolicySet

PORTAL, HELP = GroupName("portal"), GroupName("help")
GROUPS = [DestinationGroup(PORTAL, ("portal.carrier.example",)), DestinationGroup(HELP, ("help.carrier.example",))]
ARREARS = PolicyName("arrears")
LANDING = "http://portal.carrier.example/green"


def build(limits: Limits, *essential: GroupName, allow: tuple[GroupName, ...] = (PORTAL, HELP)) -> PolicySet:
    return PolicySet.build(GROUPS, [PolicyProfile(ARREARS, Verdict.REDIRECT, allow, LANDING, limits, essential)])


def test_a_profile_carries_its_limits() -> None:
    profile = build(Limits(1 << 20, 1_000_000), PORTAL).profile(ARREARS)
    assert (profile.limits, profile.essential) == (Limits(1 << 20, 1_000_000), frozenset({PORTAL}))
    assert build(UNLIMITED).profile(ARREARS).limits == UNLIMITED


def test_the_landing_page_is_reached_past_a_cap() -> None:
    with pytest.raises(InvalidInput, match="is in group `portal`, which a line cannot reach past its `daily_cap`"):
        build(Limits(1 << 20), HELP)
    build(Limits(0, 1_000_000), HELP)


@pytest.mark.parametrize(
    ("limits", "unlimited"),
    [(UNLIMITED, True), (Limits(rate_past_cap=1), True), (Limits(daily_cap=1), False), (Limits(rate=1), False)],
)
def test_a_rate_past_no_cap_limits_nothing(limits: Limits, unlimited: bool) -> None:
    assert limits.unlimited is unlimited


def test_what_is_essential_is_allowed() -> None:
    with pytest.raises(InvalidInput, match="`essential` names group `help`, which is not under `allow`"):
        build(UNLIMITED, PORTAL, HELP, allow=(PORTAL,))
