"""The lanes in the core's kernel, and where they are known to lead."""

from collections.abc import Callable, Iterable

from nfemu.model.destination import IpAddress
from nfemu.policy.compile.families import LANE_COUNTERS
from nfemu.policy.compile.lanes import render_lanes, render_let_in, render_let_out, render_lines, render_ways
from nfemu.policy.compile.render import LANES, render_removal
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch, Table
from nfemu.policy.compile.updates import LineAddresses

NOWHERE = LineAddresses(None, None)


class KernelLanes:
    """What goes into the same transactions as the first table's. `there` says whether the kernel has lanes; if not,
    that is nothing.
    """

    def __init__(self, plan: SteeringPlan, there: Callable[[], bool]) -> None:
        self._plan = plan
        self._there = there
        self._ways: dict[IpAddress, str] = {}
        """The interfaces that lanes lead to."""

    def rules(self, table: Table, instead_of: Table | None) -> str:
        return render_lanes(table, self._plan, instead_of) if self._there() else ""

    def removal(self) -> str:
        return render_removal(LANES) if self._there() else ""

    def lines(self, batch: Batch) -> str:
        return render_lines(batch) if self._there() else ""

    def counters(self) -> Iterable[str]:
        return LANE_COUNTERS if self._there() else ()

    def let_in(self, interface: str, now: LineAddresses) -> str:
        return render_let_in(interface, now) + self._lead(interface, now) if self._there() else ""

    def let_out(self, interface: str) -> str:
        return render_let_out(interface) + self._lead(interface, NOWHERE) if self._there() else ""

    def led(self, interface: str, now: LineAddresses) -> None:
        """What `let_in` or `let_out` said is in force."""
        others = {source: leads for source, leads in self._ways.items() if leads != interface}
        self._ways = others | dict.fromkeys(now.sources(), interface)

    def removed(self) -> None:
        """No lane leads anywhere."""
        self._ways = {}

    def _lead(self, interface: str, now: LineAddresses) -> str:
        """An address may come to the interface before it is taken from another."""
        own = {source for source, leads in self._ways.items() if leads == interface}
        wanted = dict.fromkeys(now.sources(), interface)
        return render_ways([*(own - wanted.keys()), *(wanted.keys() & self._ways.keys())], wanted)
