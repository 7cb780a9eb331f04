"""Nothing passes by a lane that the first table would refuse, or count otherwise, or send elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings

from nfemu.model.destination import IpAddress, Transport
from nfemu.model.identity import PolicyName
from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.lanes import render_lanes, render_let_in, render_lines, render_ways
from nfemu.policy.compile.marks import mark_of
from nfemu.policy.compile.steering import Way
from nfemu.policy.compile.table import FIRST_STAMP, STEERED, Batch, State, Table
from nfemu.policy.compile.table import Verdict as Ends
from nfemu.policy.compile.updates import SteeredLine, cap, change_line, every_line, plug, uncap
from nfemu.policy.rules import Bindings, PolicySet
from tests.policy.compile.lanes_plane import Frame, Lanes
from tests.policy.compile.plane import End, Plane, Seen
from tests.policy.compile.test_equality import EARLIER, GONE, World, build, tell
from tests.policy.compile.worlds import HOURS_AT, LINE, OTHER, PLAN, PORTS, TOLD, back, packets, seen, worlds
from tests.policy.making import NOW

FLOWS = [
    seen(packet, line, interface)
    for line, interface in ((LINE, "ue1"), (OTHER, "ue2"))
    for packet in packets()
    if packet.transport is Transport.TCP and packet.way is Way.OUTSIDE
    if line is LINE or packet.port == PORTS[0]
]
ACK = frozenset({"ack"})
FLAGS = (ACK | {"psh"}, ACK | {"fin"}, ACK | {"syn"}, frozenset({"rst"}), frozenset({"urg"}), None)
MARKS = (FIRST_STAMP + 1, FIRST_STAMP + 2, *(mark_of(PolicyName(f"p{number}")) for number in range(3)))
"""Without `NO_WAY`, which the core's routes refuse from wherever it comes. On real links no packet arrives with any."""
_Flow = tuple[IpAddress, IpAddress, int]


def oddities(packet: Seen) -> Iterator[Frame]:
    """That packet of a flow that is open, each time with one thing that is not as usual."""
    yield from (Frame(replace(packet, mark=mark)) for mark in MARKS)
    yield from (Frame(packet, flags) for flags in FLAGS)
    yield from (Frame(replace(packet, in_from=link)) for link in ("ue1", "ue2", PLAN.outside))
    yield Frame(replace(packet, hops=1))
    yield Frame(packet, fragment=True)


OPEN = [replace(packet, state=State.ESTABLISHED) for flow in FLOWS for packet in (flow, back(flow))]
ODD = [frame for packet in OPEN for frame in oddities(packet)][::13]
"""Some: each oddity in both directions, and of many flows."""


@dataclass(slots=True)
class Both:
    """The two tables, told the same, and what connection tracking knows."""

    table: Table
    plane: Plane
    lanes: Lanes = field(default_factory=Lanes)
    stamps: dict[_Flow, int] = field(default_factory=dict)
    passed: int = 0
    """By lanes."""
    closed: frozenset[str] = frozenset()
    """Interfaces of lines that are not open."""

    def begin(self) -> None:
        self.lanes.run(render_lanes(self.table, PLAN))
        for interface, addresses in (("ue1", LINE), ("ue2", OTHER)):
            self.plane.apply(plug(interface, addresses))
            self.lanes.run(render_let_in(interface, addresses))
            self.lanes.run(render_ways((), dict.fromkeys(addresses.sources(), interface)))

    def apply(self, batch: Batch) -> None:
        self.plane.apply(batch)
        self.lanes.run(render_lines(batch))

    def load(self, table: Table, batch: Batch) -> None:
        self.plane.load(table)
        self.lanes.run(render_lanes(table, PLAN, self.table))
        self.table = table
        self.apply(batch)

    def open(self, flow: Seen) -> None:
        """Its first packet, and one more."""
        assert self.lanes.come(Frame(flow, frozenset({"syn"}))) is None
        assert self.lanes.come(Frame(replace(flow, state=State.ESTABLISHED))) is None, "another flow's lane"
        end = self.plane.enter(flow)
        if end.verdict is Ends.ACCEPT:
            self.stamps[_key(flow)] = STEERED if end.port else self.plane.flow_mark
            self._leave(flow, end)
            self.go_on(flow)

    def go_on(self, flow: Seen) -> None:
        """Whichever way it goes."""
        later = replace(flow, state=State.ESTABLISHED, flow_mark=self.stamps.get(_key(flow), 0))
        if not self.meets(Frame(later)):
            self._leave(later, self.plane.enter(later))
        self.meets(Frame(back(later)))

    def meets(self, frame: Frame) -> bool:
        """Whether it passes by a lane, which is as well as any other way."""
        self.lanes.counted.clear()
        sent = self.lanes.come(frame)
        if sent is None:
            assert not self.lanes.counted
            return False
        assert frame.flags is not None
        assert frame.flags - {"psh"} == ACK
        assert frame.packet.hops > 1
        assert not frame.fragment
        assert not self.closed & {frame.packet.in_from, frame.packet.out_to}
        stamp = self.stamps[_key(frame.packet)]
        assert stamp >= FIRST_STAMP
        self.plane.counted.clear()
        assert self.plane.enter(replace(frame.packet, flow_mark=stamp)) == End(Ends.ACCEPT)
        assert sent.device == frame.packet.out_to
        counted = {(name, key) for name, key in self.lanes.counted if name.startswith("lane_")}
        assert counted == {
            (name.replace("used", "lane"), (str(line), f"{use:#x}")) for name, (line, use) in self.plane.counted
        }
        self.passed += 1
        return True

    def _leave(self, packet: Seen, end: End) -> None:
        if end == End(Ends.ACCEPT):
            self.lanes.leave(replace(packet, mark=self.plane.mark))


def _key(packet: Seen) -> _Flow:
    """The same for both directions; the far end's port tells flows of one line and target apart."""
    far = packet.in_from == PLAN.outside
    line, target = (packet.target, packet.source) if far else (packet.source, packet.target)
    return line, target, packet.from_port if far else packet.to_port


@settings(max_examples=6)
@given(worlds(), worlds(), TOLD, HOURS_AT, HOURS_AT)
def test_what_passes_by_a_lane_would_pass_anyway(
    world: World, other: World, told: Bindings, hours: datetime | None, later: datetime | None
) -> None:
    policies, others = build(world), build(other)
    table = compile_table(policies, PLAN, hours)
    both = Both(table, Plane(table, EARLIER))
    both.begin()
    before: SteeredLine | None = None
    both.apply(change_line(None, SteeredLine(OTHER, policies.names[0])))
    for policy in (*policies.names, policies.names[0], None, *policies.names, GONE):
        line = SteeredLine(LINE, policy)
        both.apply(change_line(before, line))
        before = line
        opened = policy in policies.names and not policies.profile(policy).restricted
        both.closed = frozenset() if opened else frozenset({"ue1"})
        pass_through(both)
    if not policies.profile(policies.names[0]).limits.daily_cap:
        assert both.passed
    tell(both.plane, policies, told)
    both.plane.now = NOW + timedelta(seconds=1)
    capped(both, policies)
    pass_through(both)
    both.load(
        compile_table(others, PLAN, later, table.next_stamp),
        every_line([SteeredLine(LINE, others.names[-1]), SteeredLine(OTHER, others.names[0])]),
    )
    both.passed, both.closed = 0, frozenset()
    for flow in FLOWS:
        both.meets(Frame(replace(flow, state=State.ESTABLISHED)))
    assert not both.passed, "a lane of other rules"
    pass_through(both)


def capped(both: Both, policies: PolicySet) -> None:
    for name in policies.names:
        if policies.profile(name).limits.daily_cap:
            both.apply(cap(LINE, name))
        else:
            both.apply(uncap(LINE, name))


def pass_through(both: Both) -> None:
    """First what is open already, then the same flows anew."""
    for flow in FLOWS:
        both.go_on(flow)
    for frame in ODD:
        both.meets(frame)
    for flow in FLOWS:
        both.open(flow)
    for frame in ODD:
        both.meets(frame)
