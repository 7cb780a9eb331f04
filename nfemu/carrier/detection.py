"""A request was blocked on a restricted line: its owner is sent the link, once a business day (G20).

Enforcement points report lines, not requests, and report them again and again: the account's lock and what is stored
make one message of it, over restarts too. A message that its channel did not take is looked at anew when it is tried
again (`current`): whoever has paid meanwhile is told nothing (S6), and the amount is the one of that moment (S8).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from nfemu.bss.detection import quiet_until
from nfemu.bss.notices import compose
from nfemu.bss.texts import Template
from nfemu.carrier.commands import Begin, Emit, LoadAhead, LoadLastNotice, LoadPendingNotices, NewId, Now, Step, ask
from nfemu.carrier.delivery import deliver_fresh
from nfemu.carrier.lines import aimed_profile, line_of, locked_line
from nfemu.carrier.ports import AccountView, Line, PutNotice
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import line_status
from nfemu.carrier.view import commit
from nfemu.model import events
from nfemu.model.account import AccountKind
from nfemu.model.identity import CorrelationId, Msisdn, NoticeId
from nfemu.model.notices import Notice, NoticeKind
from nfemu.model.subscriber import Hold, OrderedProfile

_LINK_KINDS = (NoticeKind.STOPPED, NoticeKind.DETECTED)
_NOTHING_TO_SAY = timedelta(minutes=1)
"""How long a line that is not restricted for its owner need not be looked at again."""


def request_blocked(rules: CarrierRules, msisdn: Msisdn) -> Step[datetime]:
    """Send the link if it is time. Until when, by the carrier's clock, a further blocked request would change nothing.

    Raises NotFound; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    until = yield from _looked_at(rules, view, line, correlation)
    return until - (yield from ask(LoadAhead(view.account.id)))


def _looked_at(rules: CarrierRules, view: AccountView, line: Line, correlation: CorrelationId) -> Step[datetime]:
    """By the account's own time."""
    now = yield from ask(Now())
    if not rules.detection.enabled or not is_restricted(view, line):
        return now + _NOTHING_TO_SAY
    told = yield from _told(view, line)
    quiet = quiet_until(rules.detection, told, now)
    if quiet is not None:
        return quiet
    identifier = NoticeId((yield from ask(NewId("ntc"))))
    template, amount = _template(rules, view, line), line_status(rules, view, line.subscriber.imsi).shown_due
    notice = compose(identifier, template, rules.letterhead, line.subscriber, amount, correlation, now)
    yield from ask(Emit(line.subscriber.imsi, correlation, events.TRAFFIC_BLOCKED, {"notice": identifier}))
    view = yield from commit(view, [PutNotice(notice)])
    yield from deliver_fresh(rules, view.account.id, [notice])
    return quiet_until(rules.detection, [notice], now) or now


def current(rules: CarrierRules, view: AccountView, notice: Notice) -> Notice | None:
    """A pending message as it has to be sent now; None where its reason is gone. Others stay as they are."""
    if notice.kind is not NoticeKind.DETECTED:
        return notice
    line = line_of(view, notice.imsi)
    if not is_restricted(view, line):
        return None
    template, amount = _template(rules, view, line), line_status(rules, view, notice.imsi).shown_due
    composed = compose(
        notice.id, template, rules.letterhead, line.subscriber, amount, notice.correlation, notice.created_at
    )
    return replace(notice, text=composed.text)


def is_restricted(view: AccountView, line: Line) -> bool:
    """Restricted, and no order under way to open it."""
    ordered, aim = line.subscription.ordered, aimed_profile(view, line)
    return ordered is not OrderedProfile.OPEN and aim is not OrderedProfile.OPEN


def _told(view: AccountView, line: Line) -> Step[list[Notice]]:
    """The last message with the link of each kind, sent or about to be."""
    imsi = line.subscriber.imsi
    pending = yield from ask(LoadPendingNotices(view.account.id))
    told = [notice for notice in pending if notice.imsi == imsi and notice.kind in _LINK_KINDS]
    for kind in _LINK_KINDS:
        last = yield from ask(LoadLastNotice(imsi, kind))
        if last is not None:
            told.append(last)
    return told


def _template(rules: CarrierRules, view: AccountView, line: Line) -> Template:
    """A hold by hand comes first: whatever the account owes, paying does not lift it."""
    if line.subscription.hold is Hold.RESTRICT:
        return Template.DETECTED_BY_HAND
    if view.account.kind is AccountKind.PERSONAL:
        return Template.DETECTED_GREEN
    settled = line_status(rules, view, line.subscriber.imsi).shown_due.minor == 0
    return Template.DETECTED_UNIT_SETTLED if settled else Template.DETECTED_UNIT
