"""Channels that bring messages: how many in a second, which fail, and what is done then.

A channel takes so many messages in each second of business time (S7). The last tenth of it is kept for what somebody
waits for, so that a wave never makes a stop notice or a "restored" late. A message that does not arrive is tried again
after a pause that doubles; one that its channel gives up goes out by SMS, which every phone takes, and one that SMS
gives up has failed.

What fails is emulated, by draw: for one seed the same messages fail, whatever else happens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nfemu.bss.draws import RANGE, draw
from nfemu.bss.notices import NoticeInput, advance, click_code
from nfemu.bss.urgency import URGENCY, Urgency
from nfemu.model.identity import NoticeId
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState

SECOND = timedelta(seconds=1)
_KEPT = 10
"""One in so many is kept for what is urgent."""


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """`per_second`: messages in a second of business time. `fail`: of a hundred, so many do not arrive."""

    per_second: int = 500
    fail: int = 0


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """`attempts`: after so many failures a channel gives up. `retry`: the first pause. `relay`: short messages are kept
    for receivers until one has acknowledged them. `seed`: of what fails."""

    channels: Mapping[Channel, ChannelRules] = field(default_factory=dict)
    attempts: int = 3
    retry: timedelta = timedelta(minutes=10)
    relay: bool = False
    seed: int = 1

    def channel(self, channel: Channel) -> ChannelRules:
        return self.channels.get(channel, ChannelRules())


@dataclass(frozen=True, slots=True)
class Pace:
    """What a channel has taken in one second of business time."""

    second: datetime
    taken: int = 0


def admit(rules: ChannelRules, pace: Pace | None, urgency: Urgency, now: datetime) -> Pace | None:
    """The pace once one more has been taken; None where the channel has no room for it in this second."""
    second = now.replace(microsecond=0)
    taken = pace.taken if pace is not None and pace.second == second else 0
    return Pace(second, taken + 1) if taken < room(rules, urgency) else None


def room(rules: ChannelRules, urgency: Urgency) -> int:
    """How many messages of that urgency a channel takes in a second, one at least."""
    kept = 0 if urgency is Urgency.AT_ONCE else rules.per_second // _KEPT
    return max(1, rules.per_second - kept)


def next_second(now: datetime) -> datetime:
    """When there is room again."""
    return now.replace(microsecond=0) + SECOND


def arrives(rules: NoticeRules, notice: Notice) -> bool:
    """Whether this attempt succeeds."""
    event = f"{notice.channel.value} {notice.kind.value} {notice.created_at.isoformat()} {notice.attempts}"
    drawn: int = draw(rules.seed, notice.imsi.digits, event) * 100 // RANGE
    return drawn >= rules.channel(notice.channel).fail


def not_arrived(rules: NoticeRules, notice: Notice, now: datetime) -> Notice:
    """The message after a failure: to be tried again, or failed."""
    attempts = notice.attempts + 1
    if attempts >= rules.attempts:
        return replace(advance(notice, NoticeInput.FAIL), attempts=attempts, retry_at=None)
    return replace(notice, attempts=attempts, retry_at=now + rules.retry * 2 ** (attempts - 1))


def has_substitute(notice: Notice) -> bool:
    """Whether another channel takes over: SMS, from any that has given up. A stop notice has gone out by SMS besides
    (S4)."""
    given_up = notice.state is NoticeState.FAILED and notice.channel is not Channel.SMS
    return given_up and notice.kind is not NoticeKind.STOP_NOTICE


def instead(notice: Notice, identifier: NoticeId, now: datetime) -> Notice:
    """What goes out by SMS for a message that another channel has given up."""
    given_up, own = f"?n={click_code(notice.id)}", f"?n={click_code(identifier)}"
    return replace(
        notice,
        id=identifier,
        channel=Channel.SMS,
        state=NoticeState.PENDING,
        text=notice.text.replace(given_up, own),
        link=None if notice.link is None else notice.link.replace(given_up, own),
        created_at=now,
        attempts=0,
    )


def most_urgent_first(notices: Iterable[Notice]) -> list[Notice]:
    """Of the same urgency as they come."""
    return sorted(notices, key=lambda notice: URGENCY[notice.kind])
