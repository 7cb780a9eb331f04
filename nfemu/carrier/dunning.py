"""Dunning done: the account's situation loaded, decided on, and carried out, in the commit of whatever brought it up.

A movement of the ledger decides at once (`movements`); with nothing happening the account's duty does, at the moment
that the last decision named (`dunning_duty`). Messages are stored as pending and sent by whoever sends those; the
timeline tells which rule fired, which did not, and why.
"""

from collections.abc import Sequence
from datetime import datetime

from nfemu.bss.dunning.actions import Action, CancelStop, Remind, Spared, Stop, StopNotice
from nfemu.bss.dunning.deciding import decide_dunning
from nfemu.bss.dunning.rules import Policy
from nfemu.bss.dunning.situation import Service
from nfemu.carrier.commands import Emit, LoadPendingNotices, Now, Step, ask
from nfemu.carrier.dunning_notices import notice_of, withdrawn
from nfemu.carrier.dunning_situation import service_of, situation_of
from nfemu.carrier.lines import line_of
from nfemu.carrier.orders import Cause, line_changes
from nfemu.carrier.ports import AccountView, Change, PutDuty, PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.transitions import Dunned
from nfemu.model import events
from nfemu.model.account import LedgerEntry
from nfemu.model.agreements import DeductionState
from nfemu.model.duties import DutyKind
from nfemu.model.identity import CorrelationId, Imsi
from nfemu.model.notices import NoticeKind

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
    be committed with them. Under `immediate` nothing; while an agreement is being asked nothing yet (G19)."""
    if rules.dunning.policy is Policy.IMMEDIATE:
        return []
    if is_asked(view):
        return [PutDuty(view.account.id, DutyKind.DUNNING, None)]
    now = yield from ask(Now())
    situation = yield from situation_of(rules, view, fresh, now)
    plan = decide_dunning(rules.dunning, situation, now)
    changes: list[Change] = []
    for action in plan.actions:
        yield from _emit(view, action, correlation)
        changes += yield from _carried_out(rules, view, action, correlation, now)
    return [*changes, PutDuty(view.account.id, DutyKind.DUNNING, plan.wake_at)]


def is_asked(view: AccountView) -> bool:
    """Is an agreement being asked? Whoever does that decides with the answer (`deductions.settle`)."""
    return view.deduction is not None and view.deduction.state is DeductionState.REQUESTED


def _carried_out(
    rules: CarrierRules, view: AccountView, action: Action, correlation: CorrelationId, now: datetime
) -> Step[list[Change]]:
    match action:
        case Remind() | StopNotice():
            return [PutNotice((yield from notice_of(rules, view, action, correlation, now)))]
        case Stop(cards=cards):
            return (yield from _lines(rules, view, cards, Dunned.STOP, correlation))
        case CancelStop(cards=cards):
            stopping = [imsi for imsi in cards if service_of(view, line_of(view, imsi)) is Service.STOPPING]
            unsaid = yield from _withdrawn(view, action)
            return [*unsaid, *(yield from _lines(rules, view, stopping, Dunned.WITHDRAW, correlation))]
        case _:
            return []


def _withdrawn(view: AccountView, action: CancelStop) -> Step[list[Change]]:
    """Of a stop that does not come nobody is told any more."""
    pending = yield from ask(LoadPendingNotices(view.account.id))
    its = (notice for notice in pending if notice.imsi in action.cards)
    unsaid = (notice for notice in its if notice.kind is NoticeKind.STOP_NOTICE)
    return [*map(PutNotice, (yield from withdrawn(unsaid, action)))]


def _lines(
    rules: CarrierRules, view: AccountView, cards: Sequence[Imsi], trigger: Dunned, correlation: CorrelationId
) -> Step[list[Change]]:
    changes: list[Change] = []
    for imsi in cards:
        changes += yield from line_changes(rules, view, line_of(view, imsi), trigger, Cause.DUNNING, correlation)
    return changes


def _emit(view: AccountView, action: Action, correlation: CorrelationId) -> Step[None]:
    """On the timeline of those whom it concerns."""
    detail = {"rule": action.rule.value, "reason": action.reason}
    if isinstance(action, Remind | StopNotice):
        detail |= {"channel": action.channel.value, "amount": "" if action.amount is None else action.amount.decimal()}
        cards: Sequence[Imsi] = [action.imsi]
    else:
        cards = action.cards if isinstance(action, Stop | CancelStop) else [line.subscriber.imsi for line in view.lines]
    for imsi in cards:
        yield from ask(Emit(imsi, correlation, _NAMES[type(action)], detail))
