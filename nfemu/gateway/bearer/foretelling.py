"""What a line's traffic would meet on its bearer, foretold from what the points go by, without sending anything."""

from nfemu.carrier.ports import LineState
from nfemu.gateway.addresses import is_foreign
from nfemu.gateway.bearer.dns.truth import is_real
from nfemu.gateway.gateway import NameService
from nfemu.model.destination import Destination, IpAddress
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.policy import Decision, Verdict
from nfemu.policy.dns import DnsAnswer, Kind, Question, judge
from nfemu.policy.points import NO_ANSWER, NO_DATA, Bearer, Point, Truth, opens
from nfemu.policy.reach import Guard, Reach


def families_of(state: LineState) -> tuple[int, ...]:
    """That the phone has addresses of; programs go by IPv4 where they can."""
    return (*((4,) if state.ue_ipv4 is not None else ()), *((6,) if state.ue_ipv6 is not None else ()))


async def truth_of(names: NameService, line: Bearer, destination: Destination) -> Truth:
    """Where the name leads, or whether anybody is at the address. A name that the line may not ask for is not asked."""
    host = destination.host if destination.host is not None else str(destination.address)
    if destination.host is not None and not _may_ask(line, destination.host):
        return Truth()
    try:
        route = (await names.answer(host)).route
    except NotFound:
        return Truth()
    except Unavailable:
        return Truth(sign=NO_ANSWER)
    real = is_real(route)
    return Truth(tuple(each for each in route.addresses if not real or is_foreign(each)), NO_DATA)


def reach_of(points: tuple[Point, ...], decision: Decision, truth: Truth) -> Reach:
    """The same in the words of `explain`: where the policy allows and a point refuses, the point is the reason."""
    if decision.verdict is not Verdict.ALLOW or not points:
        return Reach(points=points)
    last = points[-1]
    if not opens(points):
        return Reach(truth.addresses, guard=Guard(_rule_of(last), f"{last.place.value}: {last.verdict}"), points=points)
    return Reach(truth.addresses, "the emulated Internet" if truth.addresses else "", points=points)


def _rule_of(point: Point) -> str:
    return point.rule or f"gateway/{'-'.join(point.place.value.lower().split())}"


def _may_ask(line: Bearer, host: str) -> bool:
    specification = line.specification
    question = Question(host, Kind.A)
    verdict = judge(specification.policies, line.policy, question, line.now, specification.hours_at)
    return verdict.answer is DnsAnswer.TRUE


def is_within(address: IpAddress, state: LineState) -> bool:
    """Whether it is one of the phone's own."""
    if address.version == 4:
        return address == state.ue_ipv4
    return state.ue_ipv6 is not None and address in state.ue_ipv6
