"""Messages of dunning: an action as the message that it is, said anew at the moment of sending, or withdrawn."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from nfemu.bss.dunning.actions import CancelStop, Remind, Spared, StopNotice
from nfemu.bss.dunning.texts import text_of
from nfemu.bss.notices import NoticeInput, advance, personal_link
from nfemu.carrier.commands import Emit, NewId, Step, ask
from nfemu.carrier.lines import line_of
from nfemu.carrier.ports import AccountView
from nfemu.carrier.rules import CarrierRules
from nfemu.model import events
from nfemu.model.identity import CorrelationId, NoticeId
from nfemu.model.notices import Notice, NoticeKind


def notice_of(
    rules: CarrierRules, view: AccountView, action: Remind | StopNotice, correlation: CorrelationId, now: datetime
) -> Step[Notice]:
    """Pending, with a link of its own."""
    identifier = NoticeId((yield from ask(NewId("ntc"))))
    subscriber = line_of(view, action.imsi).subscriber
    return Notice(
        identifier,
        action.imsi,
        action.kind if isinstance(action, Remind) else NoticeKind.STOP_NOTICE,
        rules.letterhead.name(subscriber.language),
        _text(rules, view, action, identifier),
        correlation,
        now,
        personal_link(rules.letterhead.portal_link, identifier),
        channel=action.channel,
        amount=action.amount,
    )


def reworded(rules: CarrierRules, view: AccountView, notice: Notice, action: Remind | StopNotice) -> Notice:
    """The same message with what `action` says (S8)."""
    return replace(notice, text=_text(rules, view, action, notice.id), amount=action.amount)


def withdrawn(notices: Iterable[Notice], why: Spared | CancelStop) -> Step[list[Notice]]:
    """Pending messages that are not sent any more; to be stored."""
    cancelled = [advance(notice, NoticeInput.CANCEL) for notice in notices]
    for notice in cancelled:
        detail = {"notice": notice.id, "kind": notice.kind.value, "rule": why.rule.value, "reason": why.reason}
        yield from ask(Emit(notice.imsi, notice.correlation, events.NOTICE_WITHDRAWN, detail))
    return cancelled


def _text(rules: CarrierRules, view: AccountView, action: Remind | StopNotice, identifier: NoticeId) -> str:
    subscriber, letterhead = line_of(view, action.imsi).subscriber, rules.letterhead
    return text_of(
        action.message,
        action.segment,
        subscriber.language,
        carrier=letterhead.name(subscriber.language),
        number=subscriber.msisdn.masked(letterhead.country_code),
        amount=action.amount,
        link=personal_link(letterhead.portal_link, identifier),
    )
