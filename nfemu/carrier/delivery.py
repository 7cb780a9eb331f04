"""Messages on their way: handed to their channels, and what becomes of them stored.

What is stored as pending is sent, whatever crashes: once, since a message enters the inbox by the commit that says
so. A use case hands over at once what somebody waits for. Waves, and what its channel has no room for or did not bring,
wait for the outbox, which takes them up in business time, the most urgent first (S7).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from nfemu.bss.channels import has_substitute, instead, most_urgent_first, next_second, not_arrived
from nfemu.bss.notices import delivered
from nfemu.bss.urgency import URGENCY, Urgency
from nfemu.carrier.commands import Commit, Deliver, Emit, FinishLater, NewId, Now, SendLater, Step, ask
from nfemu.carrier.ports import Change, Delivery, PutNotice, Relay
from nfemu.carrier.rules import CarrierRules
from nfemu.model import events
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId, NoticeId
from nfemu.model.notices import Channel, Notice, NoticeState


def fresh(changes: Iterable[Change]) -> list[Notice]:
    """The messages among changes that are to be sent once these are committed."""
    put = (change.notice for change in changes if isinstance(change, PutNotice))
    return [notice for notice in put if notice.state is NoticeState.PENDING]


def deliver(rules: CarrierRules, account: AccountId, notices: Sequence[Notice]) -> Step[list[Notice]]:
    """Send pending notices, the most urgent first; as they are then. What is pending still is tried again: soon where
    its channel could not be asked, else by the outbox."""
    changes: list[Change] = []
    after: list[Notice] = []
    for notice in most_urgent_first(notices):
        try:
            delivery = yield from ask(Deliver(notice))
        except Unavailable:
            yield from ask(FinishLater(account))
            after.append(notice)
            continue
        found, change = yield from _OUTCOMES[delivery](rules, notice, (yield from ask(Now())))
        after.append(found)
        changes += change
    yield from ask(Commit(tuple(changes)))
    return after


def deliver_fresh(rules: CarrierRules, account: AccountId, notices: Sequence[Notice]) -> Step[list[Notice]]:
    """The first attempt of what has just been stored; a delay is worth one event, its repetitions are not. What was
    tried, as it is then."""
    at_once = [notice for notice in notices if URGENCY[notice.kind] <= Urgency.SOON]
    if len(at_once) < len(notices):
        yield from ask(SendLater((yield from ask(Now()))))
    tried = yield from deliver(rules, account, at_once)
    for notice in tried:
        if notice in at_once:
            yield from _tell(notice, events.NOTICE_DELAYED)
    yield from ask(Commit(()))
    return tried


Outcome = Step[tuple[Notice, list[Change]]]


def _taken(rules: CarrierRules, notice: Notice, now: datetime) -> Outcome:
    yield from _tell(notice, events.NOTICE_SENT)
    sent = delivered(notice, now)
    relayed: list[Change] = [Relay(notice.id)] if rules.notices.relay and notice.channel is Channel.SMS else []
    return sent, [PutNotice(sent), *relayed]


def _full(_: CarrierRules, notice: Notice, now: datetime) -> Outcome:
    yield from ask(SendLater(next_second(now)))
    return notice, []


def _failed(rules: CarrierRules, notice: Notice, now: datetime) -> Outcome:
    """It is tried again, or goes out by another channel, or has failed."""
    after = not_arrived(rules.notices, notice, now)
    final = after.state is NoticeState.FAILED
    yield from _tell(notice, events.NOTICE_FAILED, {"attempt": str(after.attempts), "final": str(final).lower()})
    if after.retry_at is not None:
        yield from ask(SendLater(after.retry_at))
    if not has_substitute(after):
        return after, [PutNotice(after)]
    other = instead(after, NoticeId((yield from ask(NewId("ntc")))), now)
    yield from ask(SendLater(now))
    return after, [PutNotice(after), PutNotice(other)]


_OUTCOMES: Mapping[Delivery, Callable[[CarrierRules, Notice, datetime], Outcome]] = {
    Delivery.TAKEN: _taken,
    Delivery.FULL: _full,
    Delivery.FAILED: _failed,
}


def _tell(notice: Notice, name: str, more: dict[str, str] | None = None) -> Step[None]:
    detail = {"notice": notice.id, "kind": notice.kind.value, "channel": notice.channel.value, "sender": notice.sender}
    yield from ask(Emit(notice.imsi, notice.correlation, name, {**detail, **(more or {})}))
