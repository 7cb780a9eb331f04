"""What a month came to, in numbers that can be compared: of one policy, and of several on the same people.

An hour's orders are those that were wanted in it, whenever their queue let them through: what a peak would ask of the
network elements, not what they can do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import median_low

from nfemu.bss.order_report import Spread, of_kinds
from nfemu.model.identity import Imsi
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.simulation.crowd import Felt, Heard
from nfemu.simulation.month import Seen, Setting
from nfemu.simulation.rules import Calls, Parameter

HOUR = timedelta(hours=1)
_BEFORE, _WITH = timedelta(days=1), timedelta(minutes=1)
"""A stop notice is of a stop that comes so long after it at the most, or so long before it: notice and stop together
(S24)."""
Executed = list[tuple[Imsi, datetime]]
KINDS = (OrderKind.STOP, OrderKind.RESUME)
TO_DUN = frozenset(
    {
        NoticeKind.MONTH_END,
        NoticeKind.DUNNING,
        NoticeKind.FORECAST,
        NoticeKind.LOW_BALANCE,
        NoticeKind.STOP_NOTICE,
    }
)
"""What is said to avoid a stop; the rest tells what has happened."""


@dataclass(frozen=True, slots=True)
class Peak:
    """`orders` in the hour that begins `at`; None where there were none at all."""

    orders: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """`hours`: orders wanted, by kind, in each hour of the month. Amounts and counts are of the month, but for what is
    `before` it: from the day on which the clock began."""

    policy: str
    hours: Mapping[OrderKind, Sequence[int]]
    peaks: Mapping[OrderKind, Peak]
    peak: Peak
    """Of both kinds together."""
    stops: int
    """That were carried out, of single lines."""
    stopped_people: int
    resumes: int
    superseded: int
    """Stops that waited for their turn until the payment had overtaken them."""
    untold: int
    """Stops without a stop notice (S22)."""
    by_night: int
    """Stops carried out in quiet hours (S22)."""
    waited: Mapping[OrderKind, Spread | None]
    without_service: timedelta | None
    """From a line's stop to its resume or the month's end; the median."""
    notices: Mapping[tuple[NoticeKind, Channel], int]
    before: int
    """Messages before the month, to remind of its fee (S2)."""
    payments: int
    paid: Money
    prepaid: Money
    """Paid before the month began."""
    calls: int
    """To the hotline, in thousandths, by the assumed rate."""

    def by_channel(self) -> Counter[Channel]:
        counts: Counter[Channel] = Counter()
        for (_, channel), count in self.notices.items():
            counts[channel] += count
        return counts


@dataclass(frozen=True, slots=True)
class Comparison:
    """`capacity`: orders of an hour that the network elements can carry out, at this number of people. `told`: what
    was assumed of them."""

    month: date
    zone: tzinfo
    begins: datetime
    people: int
    cards: int
    seed: int
    capacity: int
    told: tuple[Parameter, ...]
    policies: tuple[PolicyFigures, ...]


def figures(policy: str, setting: Setting, seen: Seen) -> PolicyFigures:
    begins, ends = setting.begins, setting.ends
    orders = [order for order in seen.orders if begins <= order.created_at < ends and order.kind in KINDS]
    stops, resumes = (_executed(orders, kind) for kind in KINDS)
    hours = {kind: _by_hour(orders, kind, begins, ends) for kind in KINDS}
    felt = [each for each in seen.felt if begins <= each.at < ends]
    untold = _untold(felt, seen.heard)
    paid = [each for each in seen.paid if begins <= each.at < ends]
    nothing = Money(0, setting.numbering.currency)
    return PolicyFigures(
        policy=policy,
        hours=hours,
        peaks={kind: _peak(hours[kind], begins) for kind in KINDS},
        peak=_peak([sum(each) for each in zip(*hours.values(), strict=True)], begins),
        stops=len(stops),
        stopped_people=len({each.account for each in felt}),
        resumes=len(resumes),
        superseded=sum(order.kind is OrderKind.STOP and order.state is OrderState.SUPERSEDED for order in orders),
        untold=len(untold),
        by_night=sum(setting.rules.dunning.hours.is_quiet(at) for _, at in stops),
        waited={report.kind: report.waited for report in of_kinds(orders, begins)},
        without_service=_without_service(stops, resumes, ends),
        notices=Counter((each.kind, each.channel) for each in seen.heard if begins <= each.at < ends),
        before=sum(each.at < begins and each.kind in TO_DUN for each in seen.heard),
        payments=len(paid),
        paid=sum((each.amount for each in paid), start=nothing),
        prepaid=sum((each.amount for each in seen.paid if each.at < begins), start=nothing),
        calls=_calls(setting.simulation.calls, felt, untold),
    )


def _executed(orders: Iterable[WorkOrder], kind: OrderKind) -> Executed:
    return [(order.imsi, order.executed_at) for order in orders if order.kind is kind and order.executed_at]


def _by_hour(orders: Iterable[WorkOrder], kind: OrderKind, begins: datetime, ends: datetime) -> tuple[int, ...]:
    counts = Counter((order.created_at - begins) // HOUR for order in orders if order.kind is kind)
    return tuple(counts[hour] for hour in range((ends - begins) // HOUR))


def _peak(hours: Sequence[int], begins: datetime) -> Peak:
    """The first of the highest."""
    most = max(hours)
    return Peak(most, begins + hours.index(most) * HOUR if most else None)


def _without_service(stops: Executed, resumes: Executed, ends: datetime) -> timedelta | None:
    back: dict[Imsi, list[datetime]] = defaultdict(list)
    for imsi, at in resumes:
        back[imsi].append(at)
    lasted = [next((end for end in sorted(back[imsi]) if end >= at), ends) - at for imsi, at in stops]
    return median_low(lasted) if lasted else None


def _untold(stops: Iterable[Felt], heard: Iterable[Heard]) -> list[Felt]:
    noticed: dict[Imsi, list[datetime]] = defaultdict(list)
    for each in heard:
        if each.kind is NoticeKind.STOP_NOTICE:
            noticed[each.imsi].append(each.at)
    return [stop for stop in stops if not any(-_WITH <= stop.at - at <= _BEFORE for at in noticed[stop.imsi])]


def _calls(calls: Calls, felt: Iterable[Felt], untold: Iterable[Felt]) -> int:
    """Who was stopped once without a word counts as that."""
    everybody, surprised = ({each.account for each in stops} for stops in (felt, untold))
    return len(everybody - surprised) * calls.told + len(surprised) * calls.untold
