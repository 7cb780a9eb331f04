"""The three chains of one profile: where new flows are steered, and what is forwarded in each direction.

| hook | chain | sees |
|---|---|---|
| prerouting, nat | `steer_<profile>` | the first packet of every flow of a line |
| forward | `up_<profile>` | every packet from the line that was not steered to a port of the core |
| forward | `down_<profile>` | every packet of such a flow to the line |
| forward | `judged_up_<mark>`, `judged_down_<mark>` | those of them that go through, by the group that allows them |
| forward | `use_up_<mark>`, `use_down_<mark>` | the same, and what is known to go through: it is counted |
| forward | `known_<mark>` | what is known to go through from an open line: it is counted, and gets a lane (`lanes`) |

`up` and `down` ask the same of the far end, once as target and once as source: a flow that the profile does not permit
ends at its next packet, whichever way that goes and whenever the flow began. Past a line's daily cap the profile
permits only what it calls essential. What was steered is counted, and held to the cap, by those who read it.

What may be forwarded for as long as its line's profile and these rules stay is asked once: the flow is given a stamp,
a number that no other rules have, and its next packets go to the counter by the mark that the line has then and that
stamp (`compiler`). What elements can forbid later is asked at every packet: HTTP, since its target may come to be
trusted, and what a cap ends.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from nfemu.policy.compile.families import FAMILIES, Family
from nfemu.policy.compile.marks import Use, mark_of, use_mark
from nfemu.policy.compile.ranges import allowed_ranges, ranges_by_group, trusted_ranges
from nfemu.policy.compile.steering import DNS_PORT, SteeringPlan
from nfemu.policy.compile.table import (
    Action,
    Chain,
    Count,
    Field,
    Goto,
    In,
    Judged,
    Key,
    Lane,
    Redirect,
    Rule,
    SetMark,
    Stamp,
    State,
    Verdict,
)
from nfemu.policy.rules import CompiledProfile, PolicySet

REFUSE_UP, REFUSE_DOWN = "refuse_up", "refuse_down"
"""The chains, common to all profiles, that end a flow."""

_ICMP, _ICMP6 = 1, 58


@dataclass(frozen=True, slots=True)
class Direction:
    """`port` and `udp_port` are the far end's, like the address that `far` gives."""

    name: str
    port: Field
    udp_port: Field
    refuse: str

    def far(self, family: Family) -> Field:
        return family.target if self.port is Field.TCP_TO else family.source

    def line(self, family: Family) -> Field:
        return family.line if self.port is Field.TCP_TO else family.to_line


UP = Direction("up", Field.TCP_TO, Field.UDP_TO, REFUSE_UP)
DOWN = Direction("down", Field.TCP_FROM, Field.UDP_FROM, REFUSE_DOWN)


@dataclass(frozen=True, slots=True)
class ProfileCompiler:
    """`http` is what `http_ports` gave; `hours_at` as for `decide`; `stamps` has one for every use."""

    policies: PolicySet
    plan: SteeringPlan
    http: tuple[int, ...]
    hours_at: datetime | None
    stamps: Mapping[Use, int]

    def chains(self, profile: CompiledProfile) -> tuple[Chain, ...]:
        steer = self._steer_restricted(profile) if profile.restricted else self._steer_open()
        return (
            Chain(f"steer_{profile.name}", (*self._steer_dns(), *steer)),
            Chain(f"up_{profile.name}", tuple(self._permit(profile, UP))),
            Chain(f"down_{profile.name}", (_errors_of_known_flows(), *self._permit(profile, DOWN))),
            *(self._judged(profile, use, direction) for use in self._uses(profile) for direction in (UP, DOWN)),
            *(_used(use, direction) for use in self._uses(profile) for direction in (UP, DOWN)),
            *(self._known(use) for use in self._with_lanes(profile)),
        )

    def judged(self, profile: CompiledProfile, direction: Direction) -> Iterator[Judged]:
        """What has a stamp of this profile."""
        known = set(self._with_lanes(profile)) if direction is UP else set()
        for use in self._uses(profile):
            if _lasts(profile, use):
                chain = _known_chain(use) if use in known else _use_chain(use, direction)
                yield Judged(mark_of(profile.name), self.stamps[use], chain)

    def lanes(self, profile: CompiledProfile) -> Iterator[Lane]:
        """Of that what may have a lane to itself; none where the line is restricted."""
        for use in self._with_lanes(profile):
            yield Lane(mark_of(profile.name), self.stamps[use], use_mark(use))

    def _judged(self, profile: CompiledProfile, use: Use, direction: Direction) -> Chain:
        """An error about a flow says nothing of where that leads, and stamps nothing."""
        then = Rule((), Goto(_use_chain(use, direction)))
        if not _lasts(profile, use):
            return Chain(_judged_chain(use, direction), (then,))
        http = Rule((In((direction.port,), _keys(self.http)),), then.action)
        whole = In((Field.STATE,), ((State.NEW,), (State.ESTABLISHED,)))
        return Chain(_judged_chain(use, direction), (http, Rule((whole,), Stamp(self.stamps[use])), then))

    def _with_lanes(self, profile: CompiledProfile) -> Iterator[Use]:
        if not profile.restricted:
            yield from (use for use in self._uses(profile) if _lasts(profile, use))

    def _known(self, use: Use) -> Chain:
        """What leaves for the Internet by a stamp bears that as its mark, so that its flow gets a lane (`lanes`)."""
        counts = _used(use, UP).rules[:-1]
        leaves = Rule((), SetMark(mark=self.stamps[use]))
        return Chain(_known_chain(use), (*counts, leaves, Rule((), Verdict.ACCEPT)))

    def _uses(self, profile: CompiledProfile) -> Iterator[Use]:
        if not profile.restricted:
            yield profile.name, None
        for group in dict.fromkeys(rule.group.name for rule in profile.networks.rules()):
            yield profile.name, group

    def _steer_dns(self) -> Iterator[Rule]:
        """Every question goes to the carrier's DNS, whichever resolver it was meant for."""
        for field in (Field.UDP_TO, Field.TCP_TO):
            yield Rule((In((field,), ((DNS_PORT,),)),), Redirect(self.plan.ports.dns))

    def _steer_restricted(self, profile: CompiledProfile) -> Iterator[Rule]:
        """To a point that reads names: HTTP to the engine only where it may turn out to be allowed."""
        http, gate = In((Field.TCP_TO,), _keys(self.http)), Redirect(self.plan.ports.gate)
        yield Rule((self._tls(),), gate)
        for family in FAMILIES:
            yield Rule((http, In((family.line, family.target), family.bound)), self._engine)
            yield Rule((http, self._named(family)), self._engine)
            listed = allowed_ranges(profile, family.version, self.http.__contains__, self.hours_at)
            yield from _where(In((family.target, Field.TCP_TO), listed), self._engine)
        yield Rule((http,), Redirect(self.plan.ports.responder))

    def _steer_open(self) -> Iterator[Rule]:
        """HTTP to whoever believes headers, TLS that may outlive a restriction, since its name is what that would be
        judged by, and what a phone still sends to sinkholes from the time before.
        """
        http, gate = In((Field.TCP_TO,), _keys(self.http)), Redirect(self.plan.ports.gate)
        for family in FAMILIES:
            for trusted in self._trusted(family, UP):
                yield from _where(trusted, self._engine)
            yield Rule((self._tls(), self._named(family)), gate)
            sinkhole = self._sinkhole(family, UP)
            yield Rule((sinkhole, http), self._engine)
            yield Rule((sinkhole, self._tls()), gate)

    def _permit(self, profile: CompiledProfile, direction: Direction) -> Iterator[Rule]:
        return (
            self._permit_restricted(profile, direction) if profile.restricted else self._permit_open(profile, direction)
        )

    def _permit_restricted(self, profile: CompiledProfile, direction: Direction) -> Iterator[Rule]:
        """Nothing but listed addresses on ports that carry no name."""
        yield from self._listed(profile, direction, self._carries_no_name)
        yield Rule((), Goto(direction.refuse))

    def _permit_open(self, profile: CompiledProfile, direction: Direction) -> Iterator[Rule]:
        """Everything but what is to be steered, as far as it was opened before that was known. TLS to an address that
        has become a name's goes on: others may share it, and a restriction ends it anyway.
        """
        for field in (direction.udp_port, direction.port):
            yield Rule((In((field,), ((DNS_PORT,),)),), Goto(direction.refuse))
        for family in FAMILIES:
            for match in (*self._trusted(family, direction), self._sinkhole(family, direction)):
                yield from _where(match, Goto(direction.refuse))
        yield from self._listed(profile, direction, lambda _: True)
        yield Rule((), Goto(_judged_chain((profile.name, None), direction)))

    def _listed(self, profile: CompiledProfile, direction: Direction, ports: Callable[[int], bool]) -> Iterator[Rule]:
        """What networks allow, to its counter; a line past its cap gets no further than what is essential."""
        later: list[Rule] = []
        for family in FAMILIES:
            for group, keys in ranges_by_group(profile, family.version, ports, self.hours_at).items():
                listed = In((direction.far(family), direction.port), keys)
                rule = Rule((listed,), Goto(_judged_chain((profile.name, group), direction)))
                if group in profile.essential:
                    yield rule
                else:
                    later.append(rule)
        if profile.limits.daily_cap:
            for family in FAMILIES:
                capped = In((Field.MARK, direction.line(family)), family.capped)
                yield Rule((capped,), Goto(direction.refuse))
        yield from later

    def _carries_no_name(self, port: int) -> bool:
        return port not in self.http and port not in self.plan.tls_ports

    def _trusted(self, family: Family, direction: Direction) -> tuple[In, ...]:
        fields = (direction.far(family), direction.port)
        return (
            In(fields, family.trusted),
            In(fields, trusted_ranges(self.policies, family.version, self.http.__contains__)),
        )

    def _named(self, family: Family) -> In:
        return In((family.target, Field.TCP_TO), family.named)

    def _tls(self) -> In:
        return In((Field.TCP_TO,), _keys(sorted(self.plan.tls_ports)))

    def _sinkhole(self, family: Family, direction: Direction) -> In:
        network = next(one for one in self.plan.sinkholes if one.version == family.version)
        return In((direction.far(family),), ((network,),))

    @property
    def _engine(self) -> Redirect:
        return Redirect(self.plan.ports.engine)


def _lasts(profile: CompiledProfile, use: Use) -> bool:
    """No cap ends it."""
    return not profile.limits.daily_cap or use[1] in profile.essential


def _judged_chain(use: Use, direction: Direction) -> str:
    return f"judged_{direction.name}_{use_mark(use):08x}"


def _known_chain(use: Use) -> str:
    return f"known_{use_mark(use):08x}"


def _use_chain(use: Use, direction: Direction) -> str:
    return f"use_{direction.name}_{use_mark(use):08x}"


def _used(use: Use, direction: Direction) -> Chain:
    """A counter that finds no room breaks off its rule only."""
    counts = (
        Rule((), Count(family.used(direction.name), direction.line(family), use_mark(use))) for family in FAMILIES
    )
    return Chain(_use_chain(use, direction), (*counts, Rule((), Verdict.ACCEPT)))


def _errors_of_known_flows() -> Rule:
    """`Fragmentation needed` and its like, without which large packets of a permitted flow vanish."""
    return Rule(
        (In((Field.STATE,), ((State.RELATED,),)), In((Field.PROTOCOL,), _keys((_ICMP, _ICMP6)))), Verdict.ACCEPT
    )


def _keys(values: Iterable[int]) -> tuple[Key, ...]:
    return tuple((value,) for value in values)


def _where(match: In, action: Action) -> Iterator[Rule]:
    """No rule where nothing could match it."""
    if match.among:
        yield Rule((match,), action)
