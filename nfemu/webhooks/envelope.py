"""An event of a timeline as the body of webhooks: the envelope is that of TM Forum's notifications (TMF630, TMF688).

    {"eventId", "eventTime", "eventType", "correlationId", "domain", "event": {...}}

`event` of a timeline's own kind has `subscriber`, `businessTime` and `detail`; of TM Forum's, the resource.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from nfemu.model import event_kinds, events, tm_forum
from nfemu.model.event_kinds import wanted
from nfemu.model.identity import EventId, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import OrderKind, PaymentState
from nfemu.model.subscriber import Subscriber
from nfemu.model.timeline import TimelineEvent
from nfemu.model.webhooks import Delivery, RecordedEvent, Webhook

DOMAIN = "nfemu"
_DIGEST = 16
_STATUS = {OrderKind.STOP.value: tm_forum.SUSPENDED, OrderKind.RESUME.value: tm_forum.ACTIVE}
Resource = dict[str, object]


def deliveries(webhook: Webhook, recorded: RecordedEvent, card: Subscriber, currency: str) -> Iterator[Delivery]:
    """What `webhook` is told of one event of `card`: nothing, the event, TM Forum's notification, or both."""
    for kind, content in _told(recorded.event, card, currency):
        if wanted(webhook.events, kind):
            event = _event_id(recorded, kind)
            body = _body(event, kind, recorded.event, content)
            yield Delivery(webhook.id, event, kind, body, recorded.event.at)


def _told(event: TimelineEvent, card: Subscriber, currency: str) -> Iterator[tuple[str, Resource]]:
    yield event.name, _own(event, card)
    if event.name == events.ORDER_DONE and event.detail["kind"] in _STATUS:
        yield event_kinds.CUSTOMER_STATE_CHANGE, {"customer": _customer(card, _STATUS[event.detail["kind"]])}
    if event.name in _TOPUPS:
        kind, status = _TOPUPS[event.name]
        yield kind, {"topupBalance": _topup(event, card, status, currency)}


_TOPUPS: Mapping[str, tuple[str, str]] = {
    events.PAYMENT_ORDERED: (event_kinds.TOPUP_CREATE, tm_forum.TOPUP_STATUS[PaymentState.CREATED]),
    events.PAYMENT_CANCELLED: (event_kinds.TOPUP_CANCEL, tm_forum.TOPUP_STATUS[PaymentState.CLOSED]),
    events.PAYMENT_EXPIRED: (event_kinds.TOPUP_CANCEL, tm_forum.TOPUP_STATUS[PaymentState.CLOSED]),
    events.PAYMENT_REFUSED: (event_kinds.TOPUP_FAILURE, "failed"),
}


def _own(event: TimelineEvent, card: Subscriber) -> Resource:
    who = {"number": card.msisdn.e164, "imsi": card.imsi.digits, "account": card.account}
    return {"subscriber": who, "businessTime": _time_or_none(event.business_at), "detail": dict(event.detail)}


def _customer(card: Subscriber, status: str) -> Resource:
    return {
        "id": card.msisdn.e164,
        "href": tm_forum.customer_href(card.msisdn),
        "status": status,
        "account": [{"id": card.account, "name": card.account}],
    }


def _topup(event: TimelineEvent, card: Subscriber, status: str, currency: str) -> Resource:
    detail = event.detail
    number = PaymentNo(detail["payment"])
    found: Resource = {"id": number, "href": tm_forum.topup_href(number), "status": status}
    if "amount" in detail:
        found["amount"] = tm_forum.quantity(Money.of_decimal(detail["amount"], currency))
    if "reason" in detail:
        found["reason"] = detail["reason"]
    return {**found, "bucket": {"id": card.account, "href": tm_forum.bucket_href(card.account)}}


def _event_id(recorded: RecordedEvent, kind: str) -> EventId:
    """The same whenever it is made of the same event. `at` tells apart what two lives of one state bring about."""
    event = recorded.event
    text = f"{recorded.serial} {event.at.isoformat()} {event.imsi} {event.correlation} {kind}"
    return EventId(f"evt-{hashlib.blake2b(text.encode(), digest_size=_DIGEST).hexdigest()}")


def _body(event_id: EventId, kind: str, event: TimelineEvent, content: Resource) -> str:
    envelope = {
        "eventId": event_id,
        "eventTime": event.at.isoformat(),
        "eventType": kind,
        "correlationId": event.correlation,
        "domain": DOMAIN,
        "event": content,
    }
    return json.dumps(envelope, ensure_ascii=False)


def _time_or_none(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
