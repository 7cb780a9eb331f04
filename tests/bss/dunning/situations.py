"""Any situation, for properties: what can be stored, whether or not rules would ever have led there."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from nfemu.bss.dunning.case import Case
from nfemu.bss.dunning.rules import AtNight, DunningRules, LargeArrears, Policy
from nfemu.bss.dunning.situation import Card, Fees, Service, Situation, Told
from nfemu.model.account import AccountKind, Standing
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.subscriber import CardRole, Segment
from tests.bss.dunning.making import MAIN, RULES, SECOND, account, at

KINDS = [
    NoticeKind.MONTH_END,
    NoticeKind.DUNNING,
    NoticeKind.FORECAST,
    NoticeKind.LOW_BALANCE,
    NoticeKind.STOP_NOTICE,
]
MOMENTS = st.integers(0, 60 * 24 * 90).map(lambda minutes: at(1, 0, month=10) + timedelta(minutes=minutes))
AMOUNTS = st.integers(-30000, 20000).map(Money)


def before(now: datetime, *, days: int = 35) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 24 * 60).map(lambda minutes: now - timedelta(minutes=minutes))


@st.composite
def cards(draw: st.DrawFn) -> tuple[Card, ...]:
    roles = draw(st.sampled_from([(CardRole.MAIN,), (CardRole.MAIN, CardRole.SECONDARY)]))
    return tuple(
        Card(
            imsi,
            role,
            draw(st.sampled_from(Service)),
            draw(AMOUNTS),
            draw(st.booleans()),
            draw(st.sampled_from(Segment)),
            draw(st.booleans()),
        )
        for imsi, role in zip((MAIN, SECOND), roles, strict=False)
    )


@st.composite
def told(draw: st.DrawFn, now: datetime) -> tuple[Told, ...]:
    found = []
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=4)):
        created = draw(before(now, days=draw(st.sampled_from([1, 35]))))
        sent = draw(st.sampled_from([None, created, min(now, created + timedelta(minutes=3))]))
        channel = draw(st.sampled_from(Channel))
        clicked = draw(st.sampled_from([None, now]))
        imsi = draw(st.sampled_from([MAIN, SECOND]))
        found.append(Told(kind, channel, imsi, created, sent, clicked, Money(100)))
    return tuple(sorted(found, key=lambda each: each.created_at))


@st.composite
def situations(draw: st.DrawFn, now: datetime) -> Situation:
    kind, limit = draw(st.sampled_from(AccountKind)), draw(st.sampled_from([0, 1000]))
    days = before(now).map(lambda moment: moment.date())
    found = Situation(
        account=account(draw(st.integers(1, 10)), limit=limit, kind=kind),
        balance=draw(AMOUNTS),
        cards=draw(cards()),
        told=draw(told(now)),
        next_fees=draw(st.none() | st.just(Fees(Money(5900), at(1, 0, month=12)))),
        last_payment_at=draw(st.none() | before(now)),
        last_use_at=draw(st.none() | before(now, days=2)),
        spend=draw(st.dictionaries(days, st.integers(1, 900).map(Money), max_size=3)),
        duty=draw(st.none() | MOMENTS),
    )
    if Case(RULES, found, now).standing is not Standing.OVERDUE:
        return found
    return replace(found, overdue_since=draw(before(now, days=draw(st.sampled_from([1, 35])))))


RULES_AT_NIGHT = replace(RULES, large=LargeArrears(Money(20000), AtNight.AT_ONCE))
CLASSIC = replace(RULES, policy=Policy.CLASSIC)
POLICIES: list[DunningRules] = [RULES, RULES_AT_NIGHT, CLASSIC]
