"""A message is looked at once more at the moment of sending (S6), and the outbox's use case that does it.

A reason can go while a message waits for its channel: whoever has paid, or was stopped meanwhile, is not dunned. What
is still true is said with the amount of that moment where it can be (S8).
"""

from collections.abc import Collection, Sequence

from nfemu.bss.notices import NoticeInput, advance
from nfemu.bss.standing import standing
from nfemu.carrier.commands import Begin, Emit, LoadPendingNotices, Lock, Step, ask
from nfemu.carrier.delivery import deliver
from nfemu.carrier.detection import current
from nfemu.carrier.lines import aimed_profile, line_of, load_account
from nfemu.carrier.ports import AccountView, PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.view import commit
from nfemu.model import events
from nfemu.model.account import Standing
from nfemu.model.identity import AccountId, NoticeId
from nfemu.model.notices import Notice, NoticeKind
from nfemu.model.subscriber import OrderedProfile

_ARREARS = (NoticeKind.DUNNING, NoticeKind.STOP_NOTICE)
"""Said to those who are overdue."""
_REMINDERS = (*_ARREARS, NoticeKind.LOW_BALANCE, NoticeKind.FORECAST, NoticeKind.MONTH_END)
"""Said to those who are not stopped."""


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
    """What of `pending` is still to be sent, as it is to be said now; and what is not, cancelled, with an event."""
    due: list[Notice] = []
    cancelled: list[Notice] = []
    for notice in pending:
        found = current(rules, view, notice) if _has_reason(view, notice) else None
        if found is None:
            cancelled.append(advance(notice, NoticeInput.CANCEL))
        else:
            due.append(found)
    for notice in cancelled:
        detail = {"notice": notice.id, "kind": notice.kind.value, "rule": "S6"}
        yield from ask(Emit(notice.imsi, notice.correlation, events.NOTICE_WITHDRAWN, detail))
    yield from commit(view, [PutNotice(notice) for notice in cancelled])
    return due, cancelled


def _has_reason(view: AccountView, notice: Notice) -> bool:
    if notice.kind not in _REMINDERS:
        return True
    if aimed_profile(view, line_of(view, notice.imsi)) is not OrderedProfile.OPEN:
        return False
    return notice.kind not in _ARREARS or standing(view.balance, view.account.credit_limit) is Standing.OVERDUE
