"""The provider at work: orders, payments and refunds, each recorded before anybody is told.

One trade takes one step at a time. What a payer does ends whether or not the payer waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from nfemu.model.errors import Conflict, NotFound
from nfemu.runtime.locks import KeyedLocks
from nfemu.web.wechat.arming import Arming
from nfemu.web.wechat.books import Books
from nfemu.web.wechat.outbox import Outbox
from nfemu.wechat import numbers, refunds
from nfemu.wechat.documents import ZONE
from nfemu.wechat.errors import CODES, Refused
from nfemu.wechat.faults import OF_ORDERING, Fault, FaultKind, first_attempt
from nfemu.wechat.notification import Event, Notification
from nfemu.wechat.refunds import Refund, WantedRefund
from nfemu.wechat.trade import Trade, TradeInput, advance, order_again, pay, standing

_SERVER_ERROR = 500


class Desk:
    """`key`: the provider's own, 32 octets. `now`: business time. `refuse_next_order`: has the carrier's network
    elements refuse one. Before anything else call `resume`.
    """

    def __init__(
        self,
        key: bytes,
        books: Books,
        outbox: Outbox,
        now: Callable[[], datetime],
        refuse_next_order: Callable[[], object],
    ) -> None:
        self.key = key
        self.books = books
        self.outbox = outbox
        self.arming = Arming(books)
        self.now = now
        self._refuse_next_order = refuse_next_order
        self._locks: KeyedLocks[tuple[str, str]] = KeyedLocks()
        self._steps: set[asyncio.Task[bool]] = set()

    async def resume(self) -> None:
        """Take up what an earlier process left. Raises Unavailable."""
        await self.arming.load()
        await self.outbox.resume()

    async def settle(self) -> None:
        """Wait for what is under way (before the process ends)."""
        await asyncio.gather(*self._steps, return_exceptions=True)
        await self.outbox.settle_attempts()

    # ---- for merchants

    async def order(self, wanted: Trade) -> Trade:
        """A new trade, or the one that this very order has made before; `wanted` has no `prepay_id`. Raises Refused,
        Unavailable."""
        async with self._alone(wanted.mchid, wanted.out_trade_no):
            known = await self.books.trade(wanted.mchid, wanted.out_trade_no)
            if known is not None:
                return order_again(known, wanted.digest, self.now())
            trade = await self._order_new(wanted)
        if trade.fault is not None and trade.fault.kind is FaultKind.SLOW:
            await asyncio.sleep(trade.fault.seconds)
        return trade

    async def trade(self, mchid: str, out_trade_no: str) -> Trade:
        """As it stands now. Raises Refused, Unavailable."""
        return self._found(await self.books.trade(mchid, out_trade_no))

    async def trade_by_transaction(self, mchid: str, transaction_id: str) -> Trade:
        """Raises Refused, Unavailable."""
        return self._found(await self.books.trade_by_transaction(mchid, transaction_id))

    async def close(self, mchid: str, out_trade_no: str) -> None:
        """Nobody can pay it any more. Raises Refused, Unavailable."""
        await self._step(mchid, out_trade_no, TradeInput.CLOSE)

    async def refund(self, trade: Trade, wanted: WantedRefund) -> tuple[Refund, Trade]:
        """A new refund, or the one that this very wish has made before. Raises Refused, Unavailable."""
        async with self._alone(trade.mchid, trade.out_trade_no):
            trade = await self.trade(trade.mchid, trade.out_trade_no)
            known = await self.books.refund(trade.mchid, wanted.out_refund_no)
            if known is not None:
                refunds.check_repeat(known, wanted)
                return known, trade
            trade, refund = await self._begun(trade, wanted)
            told = self._refund_notice(refund)
            await self.books.keep([trade, refund, *told])
        for notification in told:
            await self.outbox.submit(notification)
        return refund, trade

    async def refund_of(self, mchid: str, out_refund_no: str) -> tuple[Refund, Trade]:
        """Raises Refused, Unavailable."""
        refund = await self.books.refund(mchid, out_refund_no)
        if refund is None:
            raise Refused("RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund, await self.trade(mchid, refund.out_trade_no)

    # ---- for payers

    async def prepared(self, prepay_id: str) -> Trade:
        """The trade behind a payment page. Raises NotFound, Unavailable."""
        trade = await self.books.trade_by_prepay(prepay_id)
        if trade is None:
            raise NotFound("no such order; order again at the merchant")
        return standing(trade, self.now())

    async def verify(self, trade: Trade) -> Trade:
        """The payer is asked. Raises Refused where nobody can pay it, Unavailable."""
        return await self._step(trade.mchid, trade.out_trade_no, TradeInput.VERIFY)

    async def give_up(self, trade: Trade) -> Trade:
        """Raises as `verify`."""
        return await self._step(trade.mchid, trade.out_trade_no, TradeInput.GIVE_UP)

    async def fail(self, trade: Trade) -> Trade:
        """The payer's money did not do. Raises as `verify`."""
        return await self._step(trade.mchid, trade.out_trade_no, TradeInput.FAIL)

    async def pay(self, trade: Trade, openid: str = "") -> bool:
        """The payer has paid. On return the merchant has been told, if it answers in time; True: it has accepted.

        `openid`: the payer's, of an H5 order. Raises as `verify`: nothing was paid.
        """
        task = asyncio.create_task(self._pay(trade, openid))
        self._steps.add(task)
        task.add_done_callback(self._steps.discard)
        return await asyncio.shield(task)

    # ---- for whoever tests a merchant

    async def arm(self, fault: Fault, mchid: str = "", out_trade_no: str = "", count: int = 1) -> None:
        """For a trade that is there, or for the next orders. Raises Conflict for one for which it is too late,
        InvalidInput, Unavailable."""
        if not out_trade_no:
            await self.arming.arm(fault, mchid, count=count)
            return
        async with self._alone(mchid, out_trade_no):
            trade = await self.books.trade(mchid, out_trade_no)
            if trade is None:
                await self.arming.arm(fault, mchid, out_trade_no)
            elif trade.is_paid or fault.kind in OF_ORDERING:
                done = "paid" if trade.is_paid else "placed"
                raise Conflict(f"order `{out_trade_no}` is {done} already; arm `{fault.kind.value}` before that")
            else:
                await self.books.keep([replace(trade, fault=fault)])

    async def _order_new(self, wanted: Trade) -> Trade:
        fault, used = self.arming.take(wanted.mchid, wanted.out_trade_no, wanted.total)
        if fault is not None and fault.kind is FaultKind.ERROR:
            return await self._refuse_by_order(wanted, fault, used)
        trade = self._made(wanted, fault)
        await self.books.keep([trade, *used])
        return trade

    async def _refuse_by_order(self, wanted: Trade, fault: Fault, used: tuple[Any, ...]) -> Trade:
        """Raises Refused. What the provider's own trouble hides has happened all the same."""
        taken = CODES[fault.parameter].status >= _SERVER_ERROR
        await self.books.keep([*([self._made(wanted, fault)] if taken else []), *used])
        raise Refused(fault.parameter)

    def _made(self, wanted: Trade, fault: Fault | None) -> Trade:
        day = wanted.created_at.astimezone(ZONE)
        prepay_id = numbers.prepay_id(self.key, wanted.mchid, wanted.out_trade_no, day)
        return replace(wanted, prepay_id=prepay_id, fault=fault)

    async def _step(self, mchid: str, out_trade_no: str, event: TradeInput) -> Trade:
        async with self._alone(mchid, out_trade_no):
            trade = advance(await self.trade(mchid, out_trade_no), event, self.now())
            await self.books.keep([trade])
            return trade

    async def _pay(self, trade: Trade, openid: str) -> bool:
        async with self._alone(trade.mchid, trade.out_trade_no):
            now = self.now()
            number = numbers.transaction_id(self.key, trade.mchid, trade.out_trade_no)
            paid = pay(await self.trade(trade.mchid, trade.out_trade_no), now, number, openid)
            told = [self._paid_notice(paid)]
            entries: list[Any] = [paid]
            if paid.fault is not None and paid.fault.kind is FaultKind.REFUND:
                refunded, refund = await self._begun(paid, _of_the_provider(paid))
                refund = replace(refund, arrives_at=now)
                entries = [refunded, refund]
                told += self._refund_notice(refund)
            await self.books.keep([*entries, *told])
        if paid.fault is not None and paid.fault.kind is FaultKind.RESUME_FAILS:
            self._refuse_next_order()
        accepted = await asyncio.gather(*(self.outbox.submit(notification) for notification in told))
        return accepted[0]

    async def _begun(self, trade: Trade, wanted: WantedRefund) -> tuple[Trade, Refund]:
        parts = await self.books.refunds(trade.mchid, trade.out_trade_no)
        number = numbers.refund_id(self.key, trade.mchid, wanted.out_refund_no)
        return refunds.begin(trade, wanted, len(parts), number, self.now())

    def _paid_notice(self, trade: Trade) -> Notification:
        now = self.now()
        return Notification(
            id=numbers.notification_id(self.key, Event.PAID.value, trade.mchid, trade.out_trade_no),
            mchid=trade.mchid,
            event=Event.PAID,
            out_trade_no=trade.out_trade_no,
            url=trade.notify_url,
            created_at=now,
            due_at=first_attempt(trade.fault, now),
            held=trade.fault is not None and trade.fault.kind is FaultKind.OUT_OF_ORDER,
        )

    def _refund_notice(self, refund: Refund) -> list[Notification]:
        if not refund.notify_url:
            return []
        return [
            Notification(
                id=numbers.notification_id(self.key, Event.REFUNDED.value, refund.mchid, refund.out_refund_no),
                mchid=refund.mchid,
                event=Event.REFUNDED,
                out_trade_no=refund.out_trade_no,
                url=refund.notify_url,
                created_at=refund.arrives_at,
                due_at=refund.arrives_at,
                out_refund_no=refund.out_refund_no,
            )
        ]

    def _found(self, trade: Trade | None) -> Trade:
        if trade is None:
            raise Refused("ORDER_NOT_EXIST")
        return standing(trade, self.now())

    @asynccontextmanager
    async def _alone(self, mchid: str, out_trade_no: str) -> AsyncIterator[None]:
        await self._locks.acquire((mchid, out_trade_no))
        try:
            yield
        finally:
            self._locks.release((mchid, out_trade_no))


def _of_the_provider(trade: Trade) -> WantedRefund:
    """All of it, by the provider itself."""
    return WantedRefund(
        out_refund_no=f"provider-{trade.out_trade_no}",
        amount=trade.total,
        total=trade.total,
        currency=trade.currency,
        digest="",
        reason="refunded by the provider",
        notify_url=trade.notify_url,
    )
