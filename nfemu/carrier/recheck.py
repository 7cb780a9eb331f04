"""A message is looked at once more at the moment of sending (S6), and the outbox's use case that does it.

A reason can go while a message waits for its channel: whoever has paid, or was stopped meanwhile, is not dunned. What
is still true is said with the amount of that moment where it can be (S8).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from nfemu.bss.dunning import Policy, Rule
from nfemu.bss.dunning.actions import Spared
from nfemu.bss.dunning.announced import SOON, stops_at_once
from nfemu.bss.dunning.renewing import said_now
from nfemu.bss.dunning.situation import Situation
from nfemu.bss.standing import standing
from nfemu.carrier.commands import Begin, LoadPendingNotices, Lock, Now, Step, ask
from nfemu.carrier.delivery import deliver
from nfemu.carrier.detection import current
from nfemu.carrier.dunning_notices import reworded, withdrawn
from nfemu.carrier.dunning_situation import situation_of, told_of
from nfemu.carrier.lines import aimed_profile, line_of, load_account
from nfemu.carrier.ports import AccountView, Change, PutDuty, PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import commit
from nfemu.model.account import Standing
from nfemu.model.duties import DutyKind
from nfemu.model.identity import AccountId, NoticeId
from nfemu.model.notices import Notice, NoticeKind
from nfemu.model.subscriber import OrderedProfile

_ARREARS = (NoticeKind.DUNNING, NoticeKind.STOP_NOTICE)
"""Said to those who are overdue."""
_REMINDERS = (*_ARREARS, NoticeKind.LOW_BALANCE, NoticeKind.FORECAST, NoticeKind.MONTH_END)
"""Said to those who are not stopped."""
_GONE = Spared(Rule.S6, "not told: its reason is gone")


def send(rules: CarrierRules, account: AccountId, due: Collection[NoticeId]) -> Step[list[Notice]]:
    """Send those of the account's pending notices that are `due`; as they are then. Raises NotFound, Unavailable."""
    yield from ask(Begin())
    yield from ask(Lock(account))
    view = yield from load_account(account)
    pending = [notice for notice in (yield from ask(LoadPendingNotices(account))) if notice.id in due]
    still, cancelled = yield from still_due(rules, view, pending)
    return [*cancelled, *(yield from deliver(rules, account, still))]


def still_due(
    rules: CarrierRules, view: AccountView, pending: Sequence[Notice]
) -> Step[tuple[list[Notice], list[Notice]]]:
    """What of `pending` is still to be sent, as it is to be said now; and what is not, cancelled, with an event.

    What it is only too late for today (S22) dunning looks at anew; and soon it sees to the stop that comes with its
    notice (S24).
    """
    now, reconsider = (yield from ask(Now())), _simply
    if rules.dunning.policy is Policy.GRADED and any(notice.kind in _REMINDERS for notice in pending):
        reconsider = partial(_as_decided, (yield from situation_of(rules, view, (), now)), now)
    due: list[Notice] = []
    cancelled: list[Notice] = []
    reasons: set[Rule] = set()
    for notice in pending:
        found = reconsider(rules, view, notice) if notice.kind in _REMINDERS else current(rules, view, notice)
        if isinstance(found, Notice):
            due.append(found)
        else:
            why = found or _GONE
            reasons.add(why.rule)
            cancelled += yield from withdrawn([notice], why)
    later: list[Change] = []
    if Rule.S22 in reasons:
        later = [PutDuty(view.account.id, DutyKind.DUNNING, now)]
    elif any(notice.kind is NoticeKind.STOP_NOTICE for notice in due):
        at_once = stops_at_once(rules.dunning, view.account, view.balance, now)
        later = [PutDuty(view.account.id, DutyKind.DUNNING, now + SOON)] if at_once else []
    yield from commit(view, [*map(PutNotice, cancelled), *later])
    return due, cancelled


def _as_decided(
    situation: Situation, now: datetime, rules: CarrierRules, view: AccountView, notice: Notice
) -> Notice | Spared:
    """Under the policy that makes reminders: by the rules that made this one."""
    if not rules.dunning.on(Rule.S6):
        return notice
    again = said_now(rules.dunning, situation, told_of(notice), now)
    return again if isinstance(again, Spared) else reworded(rules, view, notice, again)


def _simply(rules: CarrierRules, view: AccountView, notice: Notice) -> Notice | Spared:
    """Under the others, which make none: what an earlier one has left."""
    is_open = aimed_profile(view, line_of(view, notice.imsi)) is OrderedProfile.OPEN
    overdue = standing(view.balance, rules.dunning.limit(view.account)) is Standing.OVERDUE
    return notice if is_open and (overdue or notice.kind not in _ARREARS) else _GONE
