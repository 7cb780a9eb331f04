"""Whether rows from outside are a carrier's: each is read into the model, as a start and every question do.

What one table's rules and references say is the database's own to refuse.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from nfemu.model.errors import Conflict, InvalidInput, Unavailable
from nfemu.store import rows, webhooks, wechat_rows
from nfemu.store.content import Part
from nfemu.store.schema import metadata
from nfemu.store.times import from_micros

_UNREADABLE = (InvalidInput, ValueError, ArithmeticError, TypeError)
"""What reading a row raises that holds something else than the program writes."""


def _as_it_is(_: Any) -> None:
    """Of the payment provider's house: the database's rules are all there are."""


def _card(row: Any) -> None:
    rows.subscriber_from(row)
    rows.subscription_from(row)


def _setting(row: Any) -> None:
    if row.key == "clock":
        from_micros(int(row.value))


_READ: Mapping[str, Callable[[Any], object]] = {
    "account": rows.account_from,
    "subscriber": _card,
    "session": rows.session_from,
    "ledger": rows.entry_from,
    "work_order": rows.order_from,
    "notice": rows.notice_from,
    "payment": rows.payment_from,
    "agreement": rows.agreement_from,
    "deduction": rows.deduction_from,
    "credit_grant": rows.grant_from,
    "consumption": rows.consumption_from,
    "posted_usage": rows.posted_from,
    "duty": rows.duty_from,
    "account_clock": rows.ahead_from,
    "event": rows.event_from,
    "webhook_delivery": webhooks.delivery_from,
    "wechat_trade": wechat_rows.trade_from,
    "wechat_refund": wechat_rows.refund_from,
    "wechat_notification": wechat_rows.notification_from,
    "wechat_attempt": wechat_rows.attempt_from,
    "wechat_armed": wechat_rows.armed_from,
    "usage": lambda row: date.fromisoformat(row.day),
    "setting": _setting,
}


def check(name: str, parts: Iterable[Part], subscribers: int) -> None:
    """Of the state `name`, which says that it has so many. Raises Conflict with the first row that is wrong."""
    found = 0
    for part in parts:
        _check_part(name, part)
        found += len(part.rows) if part.table == "subscriber" else 0
    if found != subscribers:
        raise _refusal(name, f"it says that it has {subscribers} subscribers, and has {found}")


def _check_part(name: str, part: Part) -> None:
    table = metadata.tables.get(part.table)
    if table is None or set(part.columns) != set(table.columns.keys()):
        raise _refusal(name, f"there is no table `{part.table}` of the columns {', '.join(part.columns)}")
    read = _READ.get(part.table, _as_it_is)
    row_of = namedtuple("row_of", part.columns)  # type: ignore[misc]  # noqa: PYI024 - columns are known at run time
    for number, values in enumerate(part.rows, 1):
        try:
            read(row_of(*values))
        except _UNREADABLE as error:
            raise _refusal(name, f"row {number} of `{part.table}` (`{next(iter(values), '')}`): {error}") from None


def _refusal(name: str, what: str) -> Conflict:
    return Conflict(f"the state `{name}` cannot be a carrier's: {what}; delete it and save it anew")


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Around what reads the store at a start. Raises Unavailable with the way out."""
    try:
        yield
    except _UNREADABLE as error:
        raise Unavailable(
            f"the store of `{folder}` holds what no carrier can go on with ({error}); empty it with `nfemu reset`"
        ) from error
