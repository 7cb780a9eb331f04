"""What a flow meets on its way, told from the policy alone: one point after the other, and what the phone sees of each.

`explain` shows it, and `nfemu verify` holds a running carrier to it. A point's `sign` is all that a phone can tell of
it: by it alone the redirect responder and the HTTP engine, which answer alike, cannot be told apart. Which points there
are depends on the access: see `bearer_points` and `proxy_points`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from nfemu.model.policy import Decision, Verdict
from nfemu.model.signs import ANSWERED, FAILED, FORBIDDEN, INSERTED, NO_TLS, NOT_INSERTED, OVER, REFUSED, RESET
from nfemu.policy.rules import CompiledProfile


class Place(Enum):
    """A point of enforcement, and what lies before and behind all of them."""

    PHONE = "phone"
    DNS_A = "DNS A"
    DNS_AAAA = "DNS AAAA"
    NFT = "nft"
    SNI = "SNI gate"
    HTTP = "HTTP"
    IDENTITY = "identity"
    ORIGIN = "origin"
    PROXY = "proxy"
    CONNECT = "CONNECT"


@dataclass(frozen=True, slots=True)
class Point:
    """`verdict` in words; `rule` is empty where none is asked. `sign`: what the phone sees."""

    place: Place
    verdict: str
    rule: str
    sign: str


def points_of_request(profile: CompiledProfile, decision: Decision) -> tuple[Point, ...]:
    """Of a GET that was decided so, wherever it was read."""
    if decision.verdict is Verdict.REDIRECT:
        text = f"redirected to {profile.redirect_to}"
        return (Point(Place.HTTP, text, decision.rule, f"redirect to {profile.redirect_to}"),)
    if decision.verdict is Verdict.REJECT:
        return (Point(Place.HTTP, "refused", decision.rule, FORBIDDEN),)
    forwarded = Point(Place.HTTP, "forwarded", decision.rule, ANSWERED)
    if decision.enrich:
        return forwarded, Point(Place.IDENTITY, "enriched", decision.rule, INSERTED)
    return forwarded, Point(Place.IDENTITY, "not enriched", decision.rule, NOT_INSERTED)


def opens(points: Sequence[Point]) -> bool:
    """Whether a flow that meets these points gets through."""
    return all(point.sign not in (REFUSED, RESET, NO_TLS, FORBIDDEN, FAILED, OVER) for point in points)
