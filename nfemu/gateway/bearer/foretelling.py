"""What a line's traffic would meet on its bearer, foretold from what the points go by, without sending anything."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network

from nfemu.carrier.ports import LineState
from nfemu.gateway.addresses import NO_PUBLIC_ADDRESS, is_foreign, refused_literal
from nfemu.gateway.bearer.dns.truth import is_real
from nfemu.gateway.link.host import NameService
from nfemu.model.destination import Destination, IpAddress
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.policy import Decision, Verdict
from nfemu.model.signs import FORBIDDEN, NO_ANSWER, NO_DATA, NO_NAME
from nfemu.policy.bearer_points import NOBODY, PRIVATE, SILENT, Bearer, Truth
from nfemu.policy.dns import DnsAnswer, Kind, Question, judge
from nfemu.policy.points import Point, opens
from nfemu.policy.reach import Guard, Reach

_NOWHERE = {
    NO_NAME: Guard(NOBODY, "the name does not exist"),
    NO_ANSWER: Guard(SILENT, "the DNS does not answer for the name now; try again"),
    NO_DATA: Guard(PRIVATE, NO_PUBLIC_ADDRESS),
}
"""Why an allowed name has no addresses for a line."""


def families_of(state: LineState) -> tuple[int, ...]:
    """That the phone has addresses of; programs go by IPv4 where they can."""
    return (*((4,) if state.ue_ipv4 is not None else ()), *((6,) if state.ue_ipv6 is not None else ()))


def networks_of(state: LineState) -> tuple[IPv4Network | IPv6Network, ...]:
    """The phone's own addresses."""
    ipv4 = (IPv4Network(state.ue_ipv4),) if state.ue_ipv4 is not None else ()
    return (*ipv4, *((state.ue_ipv6,) if state.ue_ipv6 is not None else ()))


async def truth_of(
    names: NameService, line: Bearer, destination: Destination, may_dial: Callable[[IpAddress], bool] = is_foreign
) -> Truth:
    """Where the name leads, or whether anybody is at the address. A name that the line may not ask for is not asked."""
    address = destination.address
    host = destination.host if destination.host is not None else str(address)
    none = FORBIDDEN if address is not None and refused_literal(address) is not None else ""
    if destination.host is not None and not _may_ask(line, destination.host):
        return Truth()
    try:
        route = (await names.answer(host)).route
    except NotFound:
        return Truth(sign=none or NO_NAME)
    except Unavailable:
        return Truth(sign=NO_ANSWER)
    real = is_real(route)
    told = (each for each in route.addresses if not real or may_dial(each))
    return Truth(tuple(told), none or NO_DATA, real)


def reach_of(points: tuple[Point, ...], destination: Destination, decision: Decision, truth: Truth) -> Reach:
    """The same in the words of `explain`: where the policy allows and a point refuses, the point is the reason."""
    if decision.verdict is not Verdict.ALLOW:
        return Reach(points=points)
    if destination.host is not None and not truth.addresses:
        return Reach(guard=_NOWHERE.get(truth.sign), points=points)
    if not opens(points):
        last = points[-1]
        rule = last.rule or f"gateway/{last.place.value.lower().replace(' ', '-')}"
        return Reach(truth.addresses, guard=Guard(rule, f"{last.place.value}: {last.verdict}"), points=points)
    leads_to = f"the Internet, port {destination.port}" if truth.real else "the emulated Internet"
    return Reach(truth.addresses, leads_to if truth.addresses else "", points=points)


def _may_ask(line: Bearer, host: str) -> bool:
    specification = line.specification
    question = Question(host, Kind.A)
    verdict = judge(specification.policies, line.policy, question, line.now, specification.hours_at)
    return verdict.answer is DnsAnswer.TRUE
