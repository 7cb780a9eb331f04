"""How far receivers of webhooks have been told, and what is on its way to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from nfemu.model.identity import EventId, WebhookId
from nfemu.model.webhooks import Delivery, DeliveryState, RecordedEvent
from nfemu.store import rows, schema
from nfemu.store.prepared import Prepared, insert
from nfemu.store.times import from_micros, from_micros_or_none, to_micros, to_micros_or_none

_table = schema.webhook_delivery
_position = schema.webhook_position
_is_its = _table.c.webhook == sa.bindparam("webhook")

_positions = Prepared(sa.select(_position.c.webhook))
_insert_position = insert(_position)
_move_position = Prepared(
    sa.update(_position).where(_position.c.webhook == sa.bindparam("b_webhook")).values(serial=sa.bindparam("serial"))
)
_forget_position = Prepared(sa.delete(_position).where(_position.c.webhook == sa.bindparam("webhook")))
_forget_its = Prepared(sa.delete(_table).where(_is_its))
_last_serial = Prepared(sa.select(sa.func.max(schema.event.c.serial)))
_events = Prepared(
    sa.select(schema.event)
    .where(
        schema.event.c.serial
        > sa.select(_position.c.serial).where(_position.c.webhook == sa.bindparam("webhook")).scalar_subquery()
    )
    .order_by(schema.event.c.serial)
    .limit(sa.bindparam("limit"))
)
_insert = insert(_table)
_next = Prepared(
    sa.select(_table).where(_is_its, schema.PENDING).order_by(_table.c.serial).limit(sa.literal_column("1"))
)
_one = Prepared(sa.select(_table).where(_is_its, _table.c.event == sa.bindparam("event")))
_newest_first = sa.select(_table).where(_is_its).order_by(_table.c.serial.desc()).limit(sa.bindparam("limit"))
_all = Prepared(_newest_first)
_in_state = Prepared(_newest_first.where(_table.c.state == sa.bindparam("state")))
_MOVES = ("since", "state", "attempts", "refusals", "next_attempt_at", "outcome", "settled_at")
_update = Prepared(
    sa.update(_table)
    .where(_table.c.webhook == sa.bindparam("b_webhook"), _table.c.event == sa.bindparam("b_event"))
    .values({name: sa.bindparam(name) for name in _MOVES})
)
_forget_old = Prepared(sa.delete(_table).where(schema.SETTLED, _table.c.settled_at < sa.bindparam("before")))


def begin(connection: Connection, webhooks: Collection[WebhookId]) -> None:
    known = set(_positions.run(connection).scalars())
    last = _last_serial.run(connection).scalar_one() or 0
    for name in sorted(known.difference(webhooks)):
        for forget in (_forget_its, _forget_position):
            forget.run(connection, {"webhook": name})
    for name in sorted(set(webhooks) - known):
        _insert_position.run(connection, {"webhook": name, "serial": last})


def events(connection: Connection, webhook: WebhookId, limit: int) -> list[RecordedEvent]:
    found = _events.run(connection, {"webhook": webhook, "limit": limit})
    return [RecordedEvent(row.serial, rows.event_from(row)) for row in found]


def take(connection: Connection, webhook: WebhookId, serial: int, deliveries: Sequence[Delivery]) -> None:
    """Nothing of one that has been forgotten meanwhile."""
    if _move_position.run(connection, {"b_webhook": webhook, "serial": serial}).rowcount:
        for each in deliveries:
            _insert.run(connection, _values(each))


def next_delivery(connection: Connection, webhook: WebhookId) -> Delivery | None:
    row = _next.run(connection, {"webhook": webhook}).one_or_none()
    return None if row is None else delivery_from(row)


def put(connection: Connection, delivery: Delivery) -> None:
    values = _values(delivery)
    moved = {name: values[name] for name in _MOVES}
    _update.run(connection, {**moved, "b_webhook": delivery.webhook, "b_event": delivery.event})


def delivery(connection: Connection, webhook: WebhookId, event: EventId) -> Delivery | None:
    row = _one.run(connection, {"webhook": webhook, "event": event}).one_or_none()
    return None if row is None else delivery_from(row)


def deliveries(connection: Connection, webhook: WebhookId, state: DeliveryState | None, limit: int) -> list[Delivery]:
    """Newest first."""
    asked = {"webhook": webhook, "limit": limit}
    found = _all.run(connection, asked) if state is None else _in_state.run(connection, {**asked, "state": state.value})
    return [delivery_from(row) for row in found]


def forget_before(connection: Connection, before: datetime) -> None:
    _forget_old.run(connection, {"before": to_micros(before)})


def delivery_from(row: Row[Any]) -> Delivery:
    return Delivery(
        webhook=WebhookId(row.webhook),
        event=EventId(row.event),
        kind=row.kind,
        body=row.body,
        since=from_micros(row.since),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        refusals=row.refusals,
        next_attempt_at=from_micros_or_none(row.next_attempt_at),
        outcome=row.outcome,
        settled_at=from_micros_or_none(row.settled_at),
    )


def _values(delivery: Delivery) -> dict[str, Any]:
    return {
        "webhook": delivery.webhook,
        "event": delivery.event,
        "kind": delivery.kind,
        "body": delivery.body,
        "since": to_micros(delivery.since),
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "refusals": delivery.refusals,
        "next_attempt_at": to_micros_or_none(delivery.next_attempt_at),
        "outcome": delivery.outcome,
        "settled_at": to_micros_or_none(delivery.settled_at),
    }
