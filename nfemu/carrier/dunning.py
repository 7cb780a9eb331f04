"""Dunning done: the account's situation loaded, decided on, and carried out, in the commit of whatever brought it up.

A movement of the ledger decides at once (`movements`); with nothing happening the account's duty does, at the moment
that the last decision named (`dunning_duty`). Messages are stored as pending and sent by whoever sends those; the
timeline tells which rule fired, which did not, and why.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nfemu.bss.dunning.actions import Action, CancelStop, Remind, Spared, Stop, StopNotice
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.history import history_of
from nfemu.bss.dunning.rules import Policy
from nfemu.bss.dunning.situation import Card, Fees, Service, Situation, Told
from nfemu.bss.dunning.texts import text_of
from nfemu.bss.fees import next_fees
from nfemu.carrier.commands import (
    Emit,
    LoadDuties,
    LoadLedgerSince,
    LoadToldSince,
    NewId,
    Now,
    Step,
    ask,
)
from nfemu.carrier.lines import aimed_profile, line_of, orders_of
from nfemu.carrier.orders import Cause, line_changes
from nfemu.carrier.ports import AccountView, Change, Line, PutDuty, PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.transitions import Dunned
from nfemu.model import events
from nfemu.model.account import LedgerEntry
from nfemu.model.duties import DutyKind
from nfemu.model.identity import CorrelationId, Imsi, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind, NoticeState
from nfemu.model.orders import OrderState
from nfemu.model.subscriber import Hold, OrderedProfile

_REMEMBERED = timedelta(days=62)
"""How far back a decision looks: two months at least."""
_WAITING = (OrderState.CREATED, OrderState.DEAD)
_TOLD = (NoticeState.PENDING, NoticeState.SENT)
_NAMES = {
    Remind: events.DUNNING_REMINDER,
    StopNotice: events.DUNNING_STOP_NOTICE,
    Stop: events.DUNNING_STOP,
    CancelStop: events.DUNNING_STOP_CANCELLED,
    Spared: events.DUNNING_SPARED,
}


def decided(
    rules: CarrierRules, view: AccountView, fresh: Sequence[LedgerEntry], correlation: CorrelationId
) -> Step[list[Change]]:
    """What dunning does with the account as it is in `view`, `fresh` being entries in it that are not stored yet; to
    be committed with them. Under `immediate` nothing."""
    if rules.dunning.policy is Policy.IMMEDIATE:
        return []
    now = yield from ask(Now())
    situation = yield from _situation(rules, view, fresh, now)
    plan = decide_dunning(rules.dunning, situation, now)
    changes: list[Change] = []
    for action in plan.actions:
        yield from _emit(view, action, correlation)
        changes += yield from _carried_out(rules, view, action, correlation, now)
    return [*changes, PutDuty(view.account.id, DutyKind.DUNNING, plan.wake_at)]


def _situation(rules: CarrierRules, view: AccountView, fresh: Sequence[LedgerEntry], now: datetime) -> Step[Situation]:
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
        told=tuple(_told(notice) for notice in notices if notice.state in _TOLD),
        overdue_since=history.overdue_since,
        next_fees=None if fees is None else Fees(*fees),
        last_payment_at=history.last_payment_at,
        last_use_at=history.last_use_at,
        spend=history.spend,
        duty=next((duty.due_at for duty in duties if duty.kind is DutyKind.DUNNING), None),
    )


def _card(view: AccountView, line: Line) -> Card:
    subscriber = line.subscriber
    return Card(
        imsi=subscriber.imsi,
        role=subscriber.role,
        service=_service(view, line),
        share=view.shares.get(subscriber.imsi, Money(0, view.account.currency)),
        held=line.subscription.hold is not Hold.NONE,
        segment=subscriber.segment,
        wechat=subscriber.wechat,
    )


def _service(view: AccountView, line: Line) -> Service:
    if aimed_profile(view, line) is OrderedProfile.OPEN:
        return Service.OPEN
    waiting = any(order.state in _WAITING for order in orders_of(view, line.subscriber.imsi))
    still_open = line.subscription.ordered is OrderedProfile.OPEN
    return Service.STOPPING if waiting and still_open else Service.STOPPED


def _told(notice: Notice) -> Told:
    return Told(
        notice.kind,
        notice.channel,
        notice.imsi,
        notice.created_at,
        notice.sent_at,
        notice.clicked_at,
        notice.amount,
    )


def _carried_out(
    rules: CarrierRules, view: AccountView, action: Action, correlation: CorrelationId, now: datetime
) -> Step[list[Change]]:
    match action:
        case Remind() | StopNotice():
            return [PutNotice((yield from _notice(rules, view, action, correlation, now)))]
        case Stop(cards=cards):
            return (yield from _lines(rules, view, cards, Dunned.STOP, correlation))
        case CancelStop():
            stopping = [line.subscriber.imsi for line in view.lines if _service(view, line) is Service.STOPPING]
            return (yield from _lines(rules, view, stopping, Dunned.WITHDRAW, correlation))
        case _:
            return []


def _lines(
    rules: CarrierRules, view: AccountView, cards: Sequence[Imsi], trigger: Dunned, correlation: CorrelationId
) -> Step[list[Change]]:
    changes: list[Change] = []
    for imsi in cards:
        changes += yield from line_changes(rules, view, line_of(view, imsi), trigger, Cause.DUNNING, correlation)
    return changes


def _notice(
    rules: CarrierRules, view: AccountView, action: Remind | StopNotice, correlation: CorrelationId, now: datetime
) -> Step[Notice]:
    subscriber, letterhead = line_of(view, action.imsi).subscriber, rules.letterhead
    carrier = letterhead.name(subscriber.language)
    text = text_of(
        action.message,
        action.segment,
        subscriber.language,
        carrier=carrier,
        number=subscriber.msisdn.masked(letterhead.country_code),
        amount=action.amount,
        link=letterhead.portal_link,
    )
    return Notice(
        NoticeId((yield from ask(NewId("ntc")))),
        action.imsi,
        action.kind if isinstance(action, Remind) else NoticeKind.STOP_NOTICE,
        carrier,
        text,
        correlation,
        now,
        letterhead.portal_link,
        channel=action.channel,
        amount=action.amount,
    )


def _emit(view: AccountView, action: Action, correlation: CorrelationId) -> Step[None]:
    """On the timeline of those whom it concerns."""
    detail = {"rule": action.rule.value, "reason": action.reason}
    if isinstance(action, Remind | StopNotice):
        detail |= {"channel": action.channel.value, "amount": "" if action.amount is None else action.amount.decimal()}
        cards: Sequence[Imsi] = [action.imsi]
    else:
        cards = action.cards if isinstance(action, Stop) else [line.subscriber.imsi for line in view.lines]
    for imsi in cards:
        yield from ask(Emit(imsi, correlation, _NAMES[type(action)], detail))
