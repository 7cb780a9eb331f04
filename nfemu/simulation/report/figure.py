"""The figure: orders wanted in each hour, policy below policy, the month at the left and its first day at the right.

All panels have one scale, so what a policy does to the peak of day 1 is what the eye sees first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nfemu.model.orders import OrderKind
from nfemu.simulation.figures import KINDS, Comparison, PolicyFigures
from nfemu.simulation.report.shapes import Anchor, Box, Drawing, Rule, Shape, Words
from nfemu.simulation.report.table import moment

_WIDTH = 1200
_TOP, _PANEL, _GAP, _BOTTOM = 112, 170, 34, 46
_INK, _SOFT, _GRID, _LIMIT = "#1c2127", "#5b6672", "#e3e7eb", "#3d4650"
_COLOURS = {OrderKind.STOP: "#c8501e", OrderKind.RESUME: "#3b82b8"}
_DAY = 24
"""Hours."""


@dataclass(frozen=True, slots=True)
class _Column:
    """`hours` of the month from its beginning on, between two places. `ticks`: hour and label."""

    left: float
    right: float
    hours: int
    title: str
    axis: str
    ticks: tuple[tuple[int, str], ...]

    def x(self, hour: float) -> float:
        return self.left + (self.right - self.left) * hour / self.hours


@dataclass(frozen=True, slots=True)
class _Scale:
    """Of all panels: orders from 0 to `most`, a label every `step`."""

    most: int
    step: int

    @classmethod
    def up_to(cls, most: int) -> "_Scale":
        step = next(base * 10**power for power in range(9) for base in (1, 2, 5) if base * 10**power * 4 >= most)
        return cls(step * max(1, -(-most // step)), step)


def figure(comparison: Comparison) -> Drawing:
    policies = comparison.policies
    scale = _Scale.up_to(max(comparison.capacity, *(each.peak.orders for each in policies)))
    height = _TOP + len(policies) * (_PANEL + _GAP) + _BOTTOM - _GAP
    shapes: list[Shape] = [Box(0, 0, _WIDTH, height, "#ffffff"), *_head(comparison)]
    columns = _columns(comparison)
    for column in columns:
        shapes.append(Words(column.left, _TOP - 14, column.title, 14, _INK, bold=True))
        for row, policy in enumerate(policies):
            shapes += _panel(comparison, policy, column, scale, _TOP + row * (_PANEL + _GAP))
        shapes.append(Words((column.left + column.right) / 2, height - 10, column.axis, 13, _SOFT, Anchor.MIDDLE))
    for row, policy in enumerate(policies):
        peak = f"{policy.policy}: at most {policy.peak.orders} an hour"
        at = f" ({moment(policy.peak.at, comparison.zone)})" if policy.peak.at is not None else ""
        shapes.append(Words(columns[0].right, _TOP + row * (_PANEL + _GAP) + 16, peak + at, 14, _INK, Anchor.END, True))
    return Drawing(_WIDTH, height, f"stop and resume orders per hour, {comparison.month:%B %Y}", tuple(shapes))


def _head(comparison: Comparison) -> Iterator[Shape]:
    about = f"{comparison.people:,} simulated people, seed {comparison.seed}, {comparison.month:%B %Y}"
    yield Words(20, 32, "Stop and resume orders per hour", 20, _INK, bold=True)
    counted = "orders count in the hour in which they are wanted"
    yield Words(20, 56, f"{about}; {counted}; how people respond is assumed (simulation.yaml)", 14, _SOFT)
    x = 600.0
    for kind in KINDS:
        yield Box(x, 20, 14, 14, _COLOURS[kind])
        yield Words(x + 22, 32, f"{kind.value} orders", 14, _INK)
        x += 150
    yield Rule(x, 27, x + 30, 27, _LIMIT, 1.5, 5)
    yield Words(x + 40, 32, f"capacity: {comparison.capacity} an hour", 14, _INK)


def _columns(comparison: Comparison) -> Sequence[_Column]:
    month, hours = f"{comparison.month:%B}", len(comparison.policies[0].hours[OrderKind.STOP])
    days = tuple(((day - 1) * _DAY, str(day)) for day in (1, 5, 10, 15, 20, 25, hours // _DAY))
    clock = tuple((hour, f"{hour:02}") for hour in range(0, _DAY + 1, 3))
    return (
        _Column(66, 756, hours, "The month: orders per hour", f"day of {month}", days),
        _Column(826, 1180, _DAY, "Its first day: orders per hour", f"hour of 1 {month}", clock),
    )


def _panel(
    comparison: Comparison, policy: PolicyFigures, column: _Column, scale: _Scale, top: float
) -> Iterator[Shape]:
    bottom = top + _PANEL

    def y(orders: float) -> float:
        return bottom - _PANEL * orders / scale.most

    for orders in range(0, scale.most + 1, scale.step):
        yield Rule(column.left, y(orders), column.right, y(orders), _GRID)
        yield Words(column.left - 8, y(orders) + 4, str(orders), 12, _SOFT, Anchor.END)
    for hour in range(column.hours):
        below = 0
        for kind in KINDS:
            count = policy.hours[kind][hour]
            if count:
                width = column.x(hour + 1) - column.x(hour)
                yield Box(column.x(hour), y(below + count), width, y(below) - y(below + count), _COLOURS[kind])
            below += count
    yield Rule(column.left, y(comparison.capacity), column.right, y(comparison.capacity), _LIMIT, 1.5, 5)
    yield Rule(column.left, bottom, column.right, bottom, _SOFT)
    for hour, label in column.ticks:
        yield Rule(column.x(hour), bottom, column.x(hour), bottom + 4, _SOFT)
        yield Words(column.x(hour), bottom + 18, label, 12, _SOFT, Anchor.MIDDLE)
