"""What the provider must never forget. `nfemu.store.wechat_books` keeps it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from nfemu.wechat.entries import Entry
from nfemu.wechat.faults import Armed
from nfemu.wechat.notification import Attempt, Notification
from nfemu.wechat.refunds import Refund
from nfemu.wechat.trade import Trade


class Books(Protocol):
    """Every method raises Unavailable: nothing was written."""

    async def keep(self, entries: Iterable[Entry]) -> None:
        """All in their order, or none; durable on return. One that is there already is replaced, but for attempts."""

    async def trade(self, mchid: str, out_trade_no: str) -> Trade | None: ...

    async def trade_by_transaction(self, mchid: str, transaction_id: str) -> Trade | None: ...

    async def trade_by_prepay(self, prepay_id: str) -> Trade | None: ...

    async def newest_trades(self, limit: int, offset: int = 0) -> list[Trade]:
        """Of all merchants, without the newest `offset`."""

    async def trades_paid(self, mchid: str, since: datetime, until: datetime) -> list[Trade]:
        """Paid at or after `since` and before `until`, in that order."""

    async def refund(self, mchid: str, out_refund_no: str) -> Refund | None: ...

    async def refunds(self, mchid: str, out_trade_no: str) -> list[Refund]:
        """Of one trade, oldest first."""

    async def refunds_begun(self, mchid: str, since: datetime, until: datetime) -> list[Refund]:
        """As `trades_paid`."""

    async def notification(self, identifier: str) -> Notification | None: ...

    async def notifications(self, mchid: str, out_trade_no: str) -> list[Notification]:
        """About one trade and its refunds, oldest first."""

    async def notifications_due(self) -> list[Notification]:
        """Those with a `due_at`, by that time."""

    async def attempts(self, notification: str) -> list[Attempt]:
        """Oldest first."""

    async def armed(self) -> list[Armed]:
        """Those of which some are left, oldest first."""
