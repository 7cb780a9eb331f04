"""Messages to a phone's owner: composed with the exact amount (S8) and the green channel's link (G1), sent once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from nfemu.bss.texts import FALLBACK, TEXTS, Template
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import CorrelationId, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState
from nfemu.model.subscriber import Subscriber

_KINDS = {
    Template.STOPPED_GREEN: NoticeKind.STOPPED,
    Template.STOPPED_BARRED: NoticeKind.STOPPED,
    Template.STOPPED_UNIT: NoticeKind.STOPPED,
    Template.STOPPED_UNIT_SETTLED: NoticeKind.STOPPED,
    Template.STOPPED_UNIT_BARRED: NoticeKind.STOPPED,
    Template.STOPPED_BY_HAND: NoticeKind.STOPPED,
    Template.DETECTED_GREEN: NoticeKind.DETECTED,
    Template.DETECTED_UNIT: NoticeKind.DETECTED,
    Template.DETECTED_UNIT_SETTLED: NoticeKind.DETECTED,
    Template.DETECTED_BY_HAND: NoticeKind.DETECTED,
    Template.RESTORED: NoticeKind.RESTORED,
    Template.RESTORED_DETACHED: NoticeKind.RESTORED,
    Template.PAYMENT_CONFIRMED: NoticeKind.PAYMENT_CONFIRMED,
    Template.PAYMENT_REFUNDED: NoticeKind.PAYMENT_REFUNDED,
    Template.DEDUCTED: NoticeKind.DEDUCTED,
    Template.DEDUCTION_FAILED: NoticeKind.DEDUCTION_FAILED,
    Template.DEDUCTION_FAILED_UNIT: NoticeKind.DEDUCTION_FAILED,
    Template.DEDUCTION_OVER_CAP: NoticeKind.DEDUCTION_FAILED,
    Template.DEDUCTION_OVER_CAP_UNIT: NoticeKind.DEDUCTION_FAILED,
}
_WITH_LINK = (NoticeKind.STOPPED, NoticeKind.DETECTED, NoticeKind.DEDUCTION_FAILED)
_CODE = 8
"""Digits of a message's number that its link carries: a short message is short."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The carrier's name per language (`en` at least), and the link into the green channel. Raises InvalidInput."""

    names: Mapping[str, str]
    portal_link: str
    country_code: str = "86"

    def __post_init__(self) -> None:
        if FALLBACK not in self.names:
            raise InvalidInput(f"the carrier has no name in `{FALLBACK}`; add one under `name`")

    def name(self, language: str) -> str:
        return self.names[language if language in self.names else FALLBACK]


def compose(
    identifier: NoticeId,
    template: Template,
    letterhead: Letterhead,
    subscriber: Subscriber,
    amount: Money,
    correlation: CorrelationId,
    now: datetime,
    sender: str | None = None,
    channel: Channel = Channel.SMS,
) -> Notice:
    """The message in the owner's language, pending. `sender` None: the carrier itself."""
    language = subscriber.language
    carrier = letterhead.name(language)
    link = personal_link(letterhead.portal_link, identifier)
    wording = TEXTS.get((template, language), TEXTS[template, FALLBACK])
    text = wording.format(
        carrier=carrier,
        number=subscriber.msisdn.masked(letterhead.country_code),
        amount=amount,
        link=link,
    )
    kind = _KINDS[template]
    return Notice(
        identifier,
        subscriber.imsi,
        kind,
        sender or carrier,
        text,
        correlation,
        now,
        link if kind in _WITH_LINK else None,
        channel=channel,
        amount=amount if "{amount}" in wording else None,
    )


def click_code(identifier: NoticeId) -> str:
    """How a link names its message: enough of the number to tell it from others to the same phone."""
    return identifier.rpartition("-")[2][:_CODE]


def personal_link(portal_link: str, identifier: NoticeId) -> str:
    """The link of one message, which tells the portal when it is opened."""
    return f"{portal_link}?n={click_code(identifier)}"


class NoticeInput(Enum):
    DELIVER = "deliver"
    FAIL = "fail"
    CANCEL = "cancel"


TRANSITIONS: dict[tuple[NoticeState, NoticeInput], NoticeState] = {
    (NoticeState.PENDING, NoticeInput.DELIVER): NoticeState.SENT,
    (NoticeState.PENDING, NoticeInput.FAIL): NoticeState.FAILED,
    (NoticeState.PENDING, NoticeInput.CANCEL): NoticeState.CANCELLED,
}


def advance(notice: Notice, event: NoticeInput) -> Notice:
    """Raises Conflict where the message has had its end already."""
    state = TRANSITIONS.get((notice.state, event))
    if state is None:
        raise Conflict(f"notice `{notice.id}` is {notice.state.value} already")
    return replace(notice, state=state)


def delivered(notice: Notice, now: datetime) -> Notice:
    """The message once its channel has it. Raises Conflict if it already had."""
    return replace(advance(notice, NoticeInput.DELIVER), sent_at=now, retry_at=None)


def clicked(notice: Notice, now: datetime) -> Notice:
    """The message once its link was opened; only the first time counts. Raises Conflict where it has none."""
    if notice.link is None:
        raise Conflict(f"notice `{notice.id}` ({notice.kind.value}) has no link to open")
    return notice if notice.clicked_at is not None else replace(notice, clicked_at=now)
