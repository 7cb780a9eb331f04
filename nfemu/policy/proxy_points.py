"""What a flow meets over proxy access: one point for a request, two for a tunnel."""

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Decision, Verdict
from nfemu.model.signs import CONNECTED, FAILED, FORBIDDEN, NOT_SENT, OVER, RESET, TLS
from nfemu.policy.connectivity import shows_page
from nfemu.policy.points import Place, Point, points_of_request
from nfemu.policy.reach import Reach
from nfemu.policy.rules import CompiledProfile

_FORBIDS = frozenset({"gateway/private-address", "gateway/names-only"})
"""Guards that answer with 403; the others could not find out where to go, and say 5xx."""
_NO_RAW = "gateway/no-raw"
"""Of what passes through a tunnel, not of the tunnel."""


def points_of_proxy(
    profile: CompiledProfile,
    destination: Destination,
    decision: Decision,
    found: Reach,
    capped: frozenset[PolicyName] = frozenset(),
) -> tuple[Point, ...]:
    """`found` is what becomes of the destination, which was decided so under that profile. The line is past its daily
    cap under the profiles `capped`.
    """
    if destination.scheme is Scheme.DNS or destination.transport is not Transport.TCP:
        return (Point(Place.PROXY, "not carried: proxies take TCP, and ask for names themselves", "", NOT_SENT),)
    used_up = profile.name in capped and decision.group not in profile.essential
    if used_up and not _is_refused_first(destination, decision, found):
        place = Place.HTTP if destination.scheme is Scheme.HTTP else Place.CONNECT
        return (Point(place, "the day's volume is used up", f"{profile.name}/daily-cap", OVER),)
    if destination.scheme is not Scheme.HTTP:
        return _tunnel(profile, destination, decision, found)
    if (guard := found.guard) is None:
        speaks_tls = destination.port == 443 and decision.verdict is Verdict.ALLOW
        return (
            () if speaks_tls else points_of_request(profile, decision)
        )  # what an origin makes of it is its own affair
    return (Point(Place.HTTP, guard.reason, guard.rule, _sign(guard.rule)),)


def _tunnel(profile: CompiledProfile, destination: Destination, decision: Decision, found: Reach) -> tuple[Point, ...]:
    guard = found.guard if found.guard is not None and found.guard.rule != _NO_RAW else None
    if guard is not None and (_is_early(destination, guard.rule) or not _dials_late(profile, destination)):
        return (Point(Place.CONNECT, guard.reason, guard.rule, _sign(guard.rule)),)
    if decision.verdict is not Verdict.ALLOW:
        return (Point(Place.CONNECT, "refused", decision.rule, FORBIDDEN),)
    opened = Point(Place.CONNECT, "opened", decision.rule, CONNECTED)
    if destination.scheme is Scheme.RAW:
        return (opened,)
    if guard is not None:
        return opened, Point(Place.SNI, guard.reason, guard.rule, RESET)
    return opened, Point(Place.SNI, "the name of the tunnel: passed on", decision.rule, TLS)


def _is_refused_first(destination: Destination, decision: Decision, found: Reach) -> bool:
    """The cap is the reason of requests that the policy blocks too, but for checks, not of tunnels, nor of what nobody
    dials.
    """
    if found.guard is not None and (found.guard.rule in _FORBIDS or found.guard.rule == _NO_RAW):
        return True
    if destination.scheme is Scheme.HTTP:
        return shows_page(destination, decision)
    return decision.verdict is not Verdict.ALLOW


def _is_early(destination: Destination, rule: str) -> bool:
    """Whether it is refused before anything is opened: a literal may be forbidden as such."""
    return destination.address is not None and rule in _FORBIDS


def _dials_late(profile: CompiledProfile, destination: Destination) -> bool:
    """After the tunnel's first octets: a restricted line's, and one to where a raw octet must not get."""
    rule = profile.match(destination)
    return profile.restricted or (rule is not None and rule.group.trusted) or destination.port == 80


def _sign(rule: str) -> str:
    return FORBIDDEN if rule in _FORBIDS else FAILED
