"""What dunning decides on: an account as the store has it, with what its people were told and what it spends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nfemu.bss.dunning.history import history_of
from nfemu.bss.dunning.situation import Card, Fees, Service, Situation, Told
from nfemu.bss.fees import next_fees
from nfemu.carrier.commands import LoadDuties, LoadLedgerSince, LoadToldSince, Step, ask
from nfemu.carrier.lines import aimed_profile, orders_of
from nfemu.carrier.ports import AccountView, Line
from nfemu.carrier.rules import CarrierRules
from nfemu.model.account import LedgerEntry
from nfemu.model.duties import DutyKind
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeState
from nfemu.model.orders import OrderState
from nfemu.model.subscriber import Hold, OrderedProfile

_REMEMBERED = timedelta(days=62)
"""How far back a decision looks: two months at least."""
_WAITING = (OrderState.CREATED, OrderState.DEAD)
_TOLD = (NoticeState.PENDING, NoticeState.SENT)


def situation_of(
    rules: CarrierRules, view: AccountView, fresh: Sequence[LedgerEntry], now: datetime
) -> Step[Situation]:
    """The account as it is in `view`, `fresh` being entries in it that are not stored yet."""
    account, since = view.account.id, now - _REMEMBERED
    stored = yield from ask(LoadLedgerSince(account, since))
    notices = yield from ask(LoadToldSince(account, since))
    duties = yield from ask(LoadDuties(account))
    zone = rules.dunning.hours.zone
    limit = rules.dunning.limit(view.account)
    history = history_of([*stored, *fresh], view.balance, limit, zone, now)
    fees = next_fees(rules.fees, account, [line.subscriber for line in view.lines], now)
    return Situation(
        account=view.account,
        balance=view.balance,
        cards=tuple(_card(view, line) for line in view.lines),
        told=tuple(told_of(notice) for notice in notices if notice.state in _TOLD),
        overdue_since=history.overdue_since,
        next_fees=None if fees is None else Fees(*fees),
        last_payment_at=history.last_payment_at,
        last_use_at=history.last_use_at,
        spend=history.spend,
        duty=next((duty.due_at for duty in duties if duty.kind is DutyKind.DUNNING), None),
        deductible=None if view.agreement is None else view.agreement.cap,
    )


def _card(view: AccountView, line: Line) -> Card:
    subscriber = line.subscriber
    return Card(
        imsi=subscriber.imsi,
        role=subscriber.role,
        service=service_of(view, line),
        share=view.shares.get(subscriber.imsi, Money(0, view.account.currency)),
        held=line.subscription.hold is not Hold.NONE,
        segment=subscriber.segment,
        wechat=subscriber.wechat,
    )


def service_of(view: AccountView, line: Line) -> Service:
    if aimed_profile(view, line) is OrderedProfile.OPEN:
        return Service.OPEN
    waiting = any(order.state in _WAITING for order in orders_of(view, line.subscriber.imsi))
    still_open = line.subscription.ordered is OrderedProfile.OPEN
    return Service.STOPPING if waiting and still_open else Service.STOPPED


def told_of(notice: Notice) -> Told:
    return Told(
        notice.kind,
        notice.channel,
        notice.imsi,
        notice.created_at,
        notice.sent_at,
        notice.clicked_at,
        notice.amount,
    )
