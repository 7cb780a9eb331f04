"""Fees on the calendar: what falls due for an account at which moment, as a pure function (S1, S1b).

Plans of all cards of an account fall due together, at one moment of the month's first morning that is drawn for the
account: so the stop orders that fees cause are spread, and an account is stopped once. Services fall due at their own
hour. Nothing is ever due for a time before somebody has looked: who takes a plan within a month pays from the next one
on.

A fee has a number that names card, plan and time (`fee/basic/460001380013800/2026-12`), so that it is booked once,
whatever crashes and whoever asks again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from nfemu.bss.draws import spread
from nfemu.model.identity import AccountId, Imsi
from nfemu.model.money import Money
from nfemu.model.plans import Period, Plan, PriceList, Service
from nfemu.model.subscriber import Subscriber

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FeeRules:
    """`zone`: the carrier's, in which hours and months are."""

    prices: PriceList = field(default_factory=PriceList)
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Fee:
    """`number`: its trade number in the ledger. `due_at` is in UTC."""

    number: str
    imsi: Imsi
    amount: Money
    due_at: datetime
    note: str


def due_between(
    rules: FeeRules, account: AccountId, cards: Sequence[Subscriber], after: datetime, until: datetime
) -> list[Fee]:
    """What falls due behind `after` and up to `until`, that moment included; in order."""
    fees: list[Fee] = []
    at = next_moment(rules, account, cards, after)
    while at is not None and at <= until:
        fees += due_at(rules, account, cards, at)
        at = next_moment(rules, account, cards, at)
    return fees


def due_at(rules: FeeRules, account: AccountId, cards: Iterable[Subscriber], moment: datetime) -> list[Fee]:
    """What falls due at exactly that moment."""
    day = moment.astimezone(rules.zone).date()
    return [fee for card in cards for fee in _of_day(rules, account, card, day) if fee.due_at == moment]


def next_moment(rules: FeeRules, account: AccountId, cards: Iterable[Subscriber], after: datetime) -> datetime | None:
    """The first moment behind `after` at which something falls due; None: never."""
    today = after.astimezone(rules.zone).date()
    found = (_next(rules, account, card, today, after) for card in cards)
    return min((moment for moment in found if moment is not None), default=None)


def next_fees(
    rules: FeeRules, account: AccountId, cards: Sequence[Subscriber], now: datetime
) -> tuple[Money, datetime] | None:
    """What the month that begins next costs on its first day, plans and services together, and when the first of it
    falls due (S2, S8, S12); None: nothing."""
    first = _following_month(now.astimezone(rules.zone).date())
    fees = [fee for card in cards for fee in _of_day(rules, account, card, first)]
    if not fees:
        return None
    return sum((fee.amount for fee in fees[1:]), start=fees[0].amount), min(fee.due_at for fee in fees)


def _of_day(rules: FeeRules, account: AccountId, card: Subscriber, day: date) -> Iterator[Fee]:
    plan, services = _plan(rules, card), _services(rules, card)
    for what, at in _occasions(rules, account, plan, services, day):
        daily = isinstance(what, Service) and what.period is Period.DAY
        time_of = f"{day:%Y-%m-%d}" if daily else f"{day:%Y-%m}"
        origin, kind = ("fee", "plan") if isinstance(what, Plan) else ("service", "service")
        number = f"{origin}/{what.name}/{card.imsi}/{time_of}"
        yield Fee(number, card.imsi, what.fee, at, f"{kind} {what.name}, {time_of}")


def _occasions(
    rules: FeeRules, account: AccountId, plan: Plan | None, services: Iterable[Service], day: date
) -> Iterator[tuple[Plan | Service, datetime]]:
    """What falls due on that day, and when."""
    if plan is not None and plan.fee.minor > 0 and day.day == 1:
        yield plan, _of_month(rules, account, day)
    for service in services:
        if service.period is Period.DAY or day.day == service.day:
            yield service, _moment(rules, day, service.at)


def _next(rules: FeeRules, account: AccountId, card: Subscriber, today: date, after: datetime) -> datetime | None:
    """Of one card. Today's and tomorrow's hours, or those of the days in the months that have one."""
    plan, services = _plan(rules, card), _services(rules, card)
    days = {today, _following_month(today)} if plan is not None else set()
    for service in services:
        if service.period is Period.DAY:
            days |= {today, today + _DAY}
        else:
            days |= {today, today.replace(day=service.day), _following_month(today).replace(day=service.day)}
    found = (at for day in days for _, at in _occasions(rules, account, plan, services, day))
    return min((moment for moment in found if moment > after), default=None)


def _plan(rules: FeeRules, card: Subscriber) -> Plan | None:
    return rules.prices.plans.get(card.plan) if card.plan is not None else None


def _services(rules: FeeRules, card: Subscriber) -> list[Service]:
    """Of the plan and of the card itself, each once, but for those that cost nothing."""
    plan = _plan(rules, card)
    names = dict.fromkeys((*(plan.services if plan is not None else ()), *card.services))
    known = (rules.prices.services.get(name) for name in names)
    return [service for service in known if service is not None and service.fee.minor > 0]


def _of_month(rules: FeeRules, account: AccountId, first: date) -> datetime:
    prices = rules.prices
    opens = _moment(rules, first, prices.begins)
    return opens + spread(prices.seed, account, f"fees/{first:%Y-%m}", prices.window)


def _moment(rules: FeeRules, day: date, at: time) -> datetime:
    """In UTC, where moments can be compared and added to over a change of summer time."""
    return datetime.combine(day, at, rules.zone).astimezone(UTC)


def _following_month(day: date) -> date:
    """Its first day."""
    return (day.replace(day=28) + 4 * _DAY).replace(day=1)
