"""For every packet, the compiled table does what the specification says, and the specification obeys `decide`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nfemu.model.destination import IpAddress, Transport
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import PolicyName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.families import family_of
from nfemu.policy.compile.marks import use_mark
from nfemu.policy.compile.ports import http_ports
from nfemu.policy.compile.specification import Named, Specification, Trusted
from nfemu.policy.compile.steering import DNS_PORT, Packet, Steering, Way
from nfemu.policy.compile.table import STEERED, Key, State
from nfemu.policy.compile.table import Verdict as Ends
from nfemu.policy.compile.updates import SteeredLine, bind, cap, change_line, lead, named_ports, plug, trust, uncap
from nfemu.policy.rules import NO_BINDINGS, Bindings, PolicySet, decide
from tests.policy.compile.plane import Plane
from tests.policy.compile.worlds import (
    HOURS_AT,
    LINE,
    PLAN,
    TOLD,
    back,
    names_it_may_carry,
    packets,
    seen,
    told,
    worlds,
)
from tests.policy.making import NOW

World = tuple[list[DestinationGroup], list[PolicyProfile]]

PACKETS = tuple(packets())
EARLIER = NOW - timedelta(seconds=3)
GONE = PolicyName("gone")


@settings(max_examples=20)
@given(worlds(), TOLD, HOURS_AT, st.booleans())
def test_table_does_what_the_specification_says(
    world: World, bindings: Bindings, hours_at: datetime | None, past_cap: bool
) -> None:
    policies = build(world)
    plane = Plane(compile_table(policies, PLAN, hours_at), EARLIER)
    with_caps = [name for name in policies.names if policies.profile(name).limits.daily_cap]
    capped = frozenset(with_caps if past_cap else ())
    trusting, naming = tell(plane, policies, bindings)
    specification = Specification(policies, PLAN, trusting, hours_at, capped, naming)
    plane.now = NOW
    plane.apply(plug("ue1", LINE))
    for name in policies.names:
        plane.apply(cap(LINE, name) if name in capped else uncap(LINE, name))
    before = None
    stamps: dict[Packet, set[int]] = {packet: {0} for packet in PACKETS}
    # Twice, so that every flow meets every profile with every stamp that it was given under another one.
    for policy in (None, *policies.names, GONE, *policies.names):
        line = SteeredLine(LINE, policy)
        plane.apply(change_line(before, line))
        before = line
        for packet in PACKETS:
            steering = specification.steer(policy, packet, bindings, NOW)
            plane.counted.clear()
            assert told(plane.enter(seen(packet))) is steering, (policy, packet)
            assert plane.counted == counts(specification, policy, packet, steering, "up"), (policy, packet)
            if packet.way is Way.OUTSIDE and steering is not Steering.DROP:
                if steering is Steering.FORWARD:
                    stamps[packet].add(plane.flow_mark)
                straight = specification.goes_on(policy, packet, bindings, NOW)
                forwarded = Steering.FORWARD if straight else steering
                for stamp in stamps[packet]:
                    goes_on(plane, packet, stamp, straight=straight, known=policy in policies.names)
                    assert plane.counted == counts(specification, policy, packet, forwarded, "down"), (policy, packet)


def counts(
    specification: Specification, policy: PolicyName | None, packet: Packet, steering: Steering, direction: str
) -> dict[tuple[str, Key], int]:
    """One packet of the flow, where it is forwarded and nobody else counts it."""
    if policy is None or steering is not Steering.FORWARD:
        return {}
    family = family_of(packet.target)
    line = next(key for key in LINE.sources() if key.version == packet.target.version)
    return {(family.used(direction), (line, use_mark(specification.counted(policy, packet, NOW)))): 1}


def goes_on(plane: Plane, packet: Packet, stamp: int, *, straight: bool, known: bool) -> None:
    """What was opened under whatever profile goes on only where this one would forward it; or where it was steered."""
    later = replace(seen(packet), state=State.ESTABLISHED, flow_mark=stamp)
    assert (plane.enter(later).verdict is Ends.ACCEPT) is straight, packet
    plane.counted.clear()
    assert (plane.enter(back(later)).verdict is Ends.ACCEPT) is straight, packet
    assert (plane.enter(replace(later, flow_mark=STEERED)).verdict is Ends.ACCEPT) is known, packet


@settings(max_examples=20)
@given(worlds(), TOLD, HOURS_AT)
def test_specification_obeys_decide(world: World, bindings: Bindings, hours_at: datetime | None) -> None:
    policies = build(world)
    naming = known(bindings, partial(named_ports, policies, PLAN))
    specification = Specification(policies, PLAN, trusted(policies, bindings), hours_at, named=naming)
    for name in policies.names:
        for packet in PACKETS:
            steering = specification.steer(name, packet, bindings, NOW)
            decisions = [
                decide(policies.profile(name), destination, bindings, NOW, hours_at)
                for destination in names_it_may_carry(policies, packet)
            ]
            if steering is Steering.FORWARD:
                assert all(one.verdict is Verdict.ALLOW and not one.enrich for one in decisions), (name, packet)
            if leads_somewhere(packet) and any(one.verdict is Verdict.ALLOW for one in decisions):
                assert steering in {Steering.FORWARD, Steering.ENGINE, Steering.GATE}, (name, packet)
            if leads_somewhere(packet) and any(one.enrich for one in decisions):
                assert steering is Steering.ENGINE, (name, packet)


@settings(max_examples=20)
@given(worlds(), TOLD)
def test_a_place_that_a_restricted_line_may_reach_is_read_on_every_line(world: World, bindings: Bindings) -> None:
    """Whoever has its address, and has never asked for it: TLS of an open line may outlive a restriction, HTTP of a
    restricted one may be allowed.
    """
    policies = build(world)
    naming = known(bindings, partial(named_ports, policies, PLAN))
    specification = Specification(policies, PLAN, {}, named=naming)
    for address, port in naming:
        packet = Packet(address, Transport.TCP, port)
        for name in policies.names:
            steering = specification.steer(name, packet, NO_BINDINGS, EARLIER)
            if port in PLAN.tls_ports:
                assert steering is Steering.GATE, (name, packet)
            elif policies.profile(name).restricted:
                assert steering is Steering.ENGINE, (name, packet)


def leads_somewhere(packet: Packet) -> bool:
    """Not to the carrier's DNS, not to an address that nobody has."""
    asks = packet.port == DNS_PORT and packet.transport is not Transport.OTHER
    mapped = packet.target.version == 6 and packet.target.ipv4_mapped is not None
    return packet.way is Way.OUTSIDE and not asks and not mapped and not PLAN.is_sinkhole(packet.target)


def build(world: World) -> PolicySet:
    try:
        return PolicySet.build(*world)
    except InvalidInput:
        assume(False)
        raise


def trusted_ports(policies: PolicySet, name: str) -> list[int]:
    rules = [rule for one in policies.names for rule in policies.profile(one).hosts.candidates(name)]
    trusting = [rule for rule in rules if rule.group.trusted]
    return [port for port in http_ports(policies, PLAN) if any(port in rule.ports for rule in trusting)]


def trusted(policies: PolicySet, bindings: Bindings) -> Trusted:
    """Where the names of the bindings make somebody who believes headers known, and until when."""
    return known(bindings, partial(trusted_ports, policies))


def known(bindings: Bindings, ports: Callable[[str], list[int]]) -> dict[tuple[IpAddress, int], datetime]:
    """Where the names of the bindings lead, on the ports that each has, and until when."""
    found: dict[tuple[IpAddress, int], datetime] = {}
    for (name, address), until in bindings.items():
        for port in ports(name):
            found[address, port] = max(until, found.get((address, port), until))
    return found


def tell(plane: Plane, policies: PolicySet, bindings: Bindings) -> tuple[Trusted, Named]:
    """The bindings come to the table one by one, as DNS gives them; earlier ones may last longer."""
    told_so: dict[tuple[str, IpAddress], datetime] = {}
    trusting: dict[tuple[IpAddress, int], datetime] = {}
    naming: dict[tuple[IpAddress, int], datetime] = {}
    for (name, address), until in bindings.items():
        told_so[name, address] = until
        plane.apply(bind(LINE, address, told_so, EARLIER))
        ports, named = trusted_ports(policies, name), named_ports(policies, PLAN, name)
        longest = max(until for (_, where), until in told_so.items() if where == address)
        seconds = round((longest - EARLIER).total_seconds())
        trusting |= {(address, port): longest for port in ports}
        naming |= {(address, port): longest for port in named}
        for batch, where in (
            (trust(policies, PLAN, name, address, seconds), ports),
            (lead(address, named, seconds), named),
        ):
            assert bool(batch) is bool(where)
            plane.apply(batch)
    return trusting, naming
