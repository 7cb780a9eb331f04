"""`compile_table`: the whole table for a set of policies.

| hook | chain | does |
|---|---|---|
| prerouting, raw | `guard` | drops foreign sources, gives the mark of the line's profile |
| prerouting, dstnat | `steer` | new flows, by mark: `steer_<profile>` |
| forward | `forward` | phones and the Internet only: by mark and stamp, else by mark `up_<profile>`, `down_<profile>` |
| input | `input` | from phones only what was steered here |
"""

from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv6Address, IPv6Network

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import PolicyName
from nfemu.policy.compile.families import FAMILIES, IPV6
from nfemu.policy.compile.marks import marks_of, use_marks
from nfemu.policy.compile.ports import check_expressible, http_ports
from nfemu.policy.compile.profile_chains import DOWN, REFUSE_DOWN, REFUSE_UP, UP, Direction, ProfileCompiler
from nfemu.policy.compile.steering import GATEWAY_ON_LINK, NEVER_REDIRECTED, NO_WAY, PHONE_ON_LINK, SteeringPlan
from nfemu.policy.compile.table import (
    FIRST_STAMP,
    STEERED,
    ByMark,
    ByStamp,
    Chain,
    ElementSet,
    Field,
    Goto,
    Hook,
    In,
    Judged,
    Jump,
    NotIn,
    Rule,
    SetMark,
    SetSource6,
    State,
    Table,
    Verdict,
    Within,
)
from nfemu.policy.rules import PolicySet

_TCP, _UDP, _ICMP, _ICMP6, _GRE, _ESP = 6, 17, 1, 58, 47, 50
_REFUSED_BY_FILTER = (_TCP, _UDP, _ICMP, _ICMP6, _GRE, _ESP)
"""Of other protocols the filter's refusals are not sure to be sent: the kernel takes the sum of all octets for a check
sum, which fits almost none (nf_reject_verify_csum), or connection tracking finds them invalid. A route refuses whatever
comes, over IPv4 five of a line at once and then one a second.
"""
_ROUTER_SOLICITATION, _SOLICITATION, _ADVERTISEMENT = 133, 135, 136
"""Neighbour discovery (RFC 4861), without which IPv6 has no neighbours. The core knows its phones, so it answers their
solicitations and learns nothing: its kernel remembers whoever asks, about a thousand for all namespaces of a machine.
For the same reason a phone may ask for routers without an address, or from the one that the core knows for good alone.
"""
_ROUTERS = IPv6Address("ff02::2")
_FROM_THIS_LINK = 255
"""Hop limit that no router has seen (RFC 4861, 6.1.1)."""
_ASKS = ElementSet("asks_for_routers", ("ifname",), pace=1)
"""Each answer is work for the one process that everybody needs."""

_NOBODY = IPv6Address("::")
_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 in IPv6 form, which is not to be seen on any link (RFC 4942): no policy could be found for it."""

_FROM_PHONE, _TO_PHONE = "from_phone", "to_phone"


def compile_table(
    policies: PolicySet, plan: SteeringPlan, hours_at: datetime | None = None, stamps_from: int = FIRST_STAMP
) -> Table:
    """The table without elements. `hours_at` is business time in the carrier's zone, as for `decide`: compiled again
    when a group opens or closes. `stamps_from`: the `next_stamp` of the table before it in the same kernel, so that no
    flow is taken to be judged by rules that have never seen it. Raises InvalidInput that names a rule which cannot be
    kept on bearers.
    """
    if not policies.names:
        raise InvalidInput("there is no policy profile; write one under `profiles`")
    check_expressible(policies, plan)
    marks = marks_of(policies.names)
    stamps = {use: stamps_from + number for number, use in enumerate(use_marks(policies).values())}
    compiler = ProfileCompiler(policies, plan, http_ports(policies, plan), hours_at, stamps)
    return Table(
        (*(one for family in FAMILIES for one in family.sets()), _ASKS),
        (
            _refuse_up(),
            _refuse_down(),
            *(chain for name in policies.names for chain in compiler.chains(policies.profile(name))),
            *_guard(plan, [mark for mark, name in marks.items() if not policies.profile(name).restricted]),
            _steer(plan, marks),
            _to_phone(marks, _judged(policies, compiler, DOWN)),
            _forward(plan, marks, _judged(policies, compiler, UP)),
            _input(plan, marks),
        ),
        stamps_from + len(stamps),
        tuple(lane for name in policies.names for lane in compiler.lanes(policies.profile(name))),
    )


def _judged(policies: PolicySet, compiler: ProfileCompiler, direction: Direction) -> tuple[Judged, ...]:
    profiles = map(policies.profile, policies.names)
    return tuple(one for profile in profiles for one in compiler.judged(profile, direction))


def _refuse_up() -> Chain:
    """The phone is told at once."""
    return Chain(REFUSE_UP, (Rule((_is(Field.PROTOCOL, _TCP),), Verdict.RESET), Rule((), Verdict.PROHIBIT)))


def _refuse_down() -> Chain:
    """The server is told to end a connection; of all else it learns nothing."""
    return Chain(REFUSE_DOWN, (Rule((_is(Field.PROTOCOL, _TCP),), Verdict.RESET), Rule((), Verdict.DROP)))


def _guard(plan: SteeringPlan, opened: list[int]) -> Iterator[Chain]:
    solicits, on_link = _is(Field.ICMP6_TYPE, _SOLICITATION), _is(Field.SOURCE6, PHONE_ON_LINK)
    asks = In((Field.ICMP6_TYPE,), ((_ROUTER_SOLICITATION,), (_SOLICITATION,)))
    own = In((Field.IN_FROM, IPV6.line), IPV6.lines)
    foreign = (NotIn((Field.IN_FROM, family.line), family.lines) for family in FAMILIES)
    yield Chain(
        _FROM_PHONE,
        (
            Rule((), SetMark()),
            # A phone may ask from any address of its prefix. As if from its one that the core knows for good, the
            # answer is the same, and there is nobody new to remember.
            Rule((solicits, own), SetSource6(PHONE_ON_LINK)),
            Rule((on_link,), Verdict.ACCEPT),  # without a mark: all but solicitations is refused
            Rule((asks, _is(Field.SOURCE6, _NOBODY)), Verdict.ACCEPT),
            Rule((_is(Field.TARGET6, _MAPPED),), Verdict.DROP),
            *(Rule((match,), Verdict.DROP) for match in foreign),
            *(Rule((), SetMark(family.policies, family.line)) for family in FAMILIES),
            Rule((In((Field.PROTOCOL,), tuple((one,) for one in _REFUSED_BY_FILTER)),), Verdict.ACCEPT),
            *(Rule((_is(Field.MARK, mark),), Verdict.ACCEPT) for mark in opened),
            Rule((), SetMark(mark=NO_WAY)),
        ),
    )
    hook = Hook("filter", "prerouting", "raw", Verdict.ACCEPT)
    yield Chain("guard", (Rule((_from_phone(plan),), Jump(_FROM_PHONE)),), hook)


def _steer(plan: SteeringPlan, marks: dict[int, PolicyName]) -> Chain:
    """What cannot be redirected is for the filter, which refuses it wherever it would have to be."""
    rules = (
        Rule((In((Field.TARGET6,), tuple((network,) for network in NEVER_REDIRECTED)),), Verdict.ACCEPT),
        Rule((_from_phone(plan),), _by_mark(marks, "steer")),
    )
    return Chain("steer", rules, Hook("nat", "prerouting", "dstnat", Verdict.ACCEPT))


def _to_phone(marks: dict[int, PolicyName], judged: tuple[Judged, ...]) -> Chain:
    """Answers; nobody outside opens a flow to a phone."""
    return Chain(
        _TO_PHONE,
        (
            Rule((), SetMark()),
            *(Rule((), SetMark(family.policies, family.to_line)) for family in FAMILIES),
            *_go_on((), judged),
            Rule((In((Field.STATE,), ((State.NEW,), (State.INVALID,))),), Verdict.DROP),
            Rule((), _by_mark(marks, "down")),
            Rule((), Goto(REFUSE_DOWN)),
        ),
    )


def _go_on(matches: tuple[In, ...], judged: tuple[Judged, ...]) -> Iterator[Rule]:
    """First of all: it is for most packets, and what all others are asked costs as much as the way through the core."""
    if judged:
        yield Rule(matches, ByStamp(judged))


def _forward(plan: SteeringPlan, marks: dict[int, PolicyName], judged: tuple[Judged, ...]) -> Chain:
    inwards, outwards = _is(Field.IN_FROM, plan.outside), _is(Field.OUT_TO, plan.outside)
    to_phone = _is(Field.OUT_TO, f"{plan.phones}*")
    rules = (
        *_go_on((outwards, _from_phone(plan)), judged),
        Rule((inwards, to_phone), Goto(_TO_PHONE)),
        # What belongs to no flow is often the late packet of a steered one: an answer would end that.
        Rule((In((Field.STATE,), ((State.INVALID,),)),), Verdict.DROP),
        Rule((_from_phone(plan), outwards), _by_mark(marks, "up")),
        Rule((_from_phone(plan),), Goto(REFUSE_UP)),
    )
    return Chain("forward", rules, Hook("filter", "forward", "filter", Verdict.DROP))


def _input(plan: SteeringPlan, marks: dict[int, PolicyName]) -> Chain:
    neighbours = In((Field.ICMP6_TYPE,), ((_SOLICITATION,), (_ADVERTISEMENT,)))
    solicits = _is(Field.ICMP6_TYPE, _SOLICITATION)
    known = In((Field.MARK,), tuple((mark,) for mark in marks))
    rules = (
        Rule((_is(Field.IN_FROM, "lo"),), Verdict.ACCEPT),
        Rule((_from_phone(plan), solicits), Verdict.ACCEPT),
        Rule((_from_phone(plan), *_ask_for_routers(), Within((Field.IN_FROM,), _ASKS.name)), Verdict.ACCEPT),
        # Not by a reset, for which the kernel would look for its way by the address alone: every phone has that one.
        Rule((_from_phone(plan), _is(Field.SOURCE6, PHONE_ON_LINK)), Verdict.PROHIBIT),
        Rule((_from_phone(plan), known, _is(Field.FLOW_MARK, STEERED)), Verdict.ACCEPT),
        Rule((_from_phone(plan),), Goto(REFUSE_UP)),
        Rule((neighbours,), Verdict.ACCEPT),
        Rule((In((Field.STATE,), ((State.ESTABLISHED,), (State.RELATED,))),), Verdict.ACCEPT),
    )
    return Chain("input", rules, Hook("filter", "input", "filter", Verdict.DROP))


def _ask_for_routers() -> Iterator[In]:
    yield _is(Field.ICMP6_TYPE, _ROUTER_SOLICITATION)
    yield _is(Field.HOPS6, _FROM_THIS_LINK)
    yield In((Field.SOURCE6,), ((_NOBODY,), (PHONE_ON_LINK,)))
    yield In((Field.TARGET6,), ((GATEWAY_ON_LINK,), (_ROUTERS,)))


def _from_phone(plan: SteeringPlan) -> In:
    return _is(Field.IN_FROM, f"{plan.phones}*")


def _is(field: Field, value: int | str | IPv6Address | IPv6Network) -> In:
    return In((field,), ((value,),))


def _by_mark(marks: dict[int, PolicyName], hook: str) -> ByMark:
    return ByMark(tuple((mark, f"{hook}_{name}") for mark, name in marks.items()))
