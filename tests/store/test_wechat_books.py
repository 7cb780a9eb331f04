"""The emulated WeChat Pay's books, on every database: what was kept is what is found, whole and in order."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from nfemu.store import SqlStore
from nfemu.wechat.entries import Entry
from nfemu.wechat.faults import Armed, Deviation, Fault, FaultKind
from nfemu.wechat.notification import Attempt, Event, Notification
from nfemu.wechat.refunds import begin
from tests.wechat.making import ALL_OF_IT, NOW, PAID, TRADE

LATER = NOW + timedelta(seconds=15)
TOLD = Notification("EV-1", TRADE.mchid, Event.PAID, TRADE.out_trade_no, TRADE.notify_url, NOW, LATER, held=True)
TRIED = Attempt("EV-1", 1, NOW, LATER, Deviation.SIGNATURE, 401, "错误")
FAULTY = replace(TRADE, out_trade_no="R2", prepay_id="wx2", fault=Fault(FaultKind.LATE, "60"), created_at=LATER)


async def kept(store: SqlStore, *entries: Entry) -> None:
    await store.wechat.keep(entries)


async def test_trades(sql_store: SqlStore) -> None:
    books = sql_store.wechat
    await kept(sql_store, TRADE, FAULTY)
    assert await books.trade(TRADE.mchid, "R2") == FAULTY
    await kept(sql_store, PAID)
    assert await books.trade(TRADE.mchid, TRADE.out_trade_no) == PAID
    assert await books.trade_by_transaction(TRADE.mchid, "4200000001") == PAID
    assert await books.trade_by_prepay("wx2") == FAULTY
    assert await books.newest_trades(10) == [FAULTY, PAID]
    assert await books.newest_trades(1) == [FAULTY]
    assert await books.trades_paid(TRADE.mchid, NOW, LATER) == [PAID]
    assert await books.trades_paid(TRADE.mchid, LATER, LATER + timedelta(days=1)) == []
    assert (await books.trade("other", "R2"), await books.trade_by_transaction("other", "4200000001")) == (None, None)


async def test_refunds(sql_store: SqlStore) -> None:
    books = sql_store.wechat
    trade, refund = begin(PAID, ALL_OF_IT, 0, "50300", NOW)
    await kept(sql_store, trade, refund)
    assert await books.refund(trade.mchid, "refund-1") == refund
    assert await books.refunds(trade.mchid, trade.out_trade_no) == [refund]
    assert await books.refunds_begun(trade.mchid, NOW, LATER) == [refund]
    assert await books.refund(trade.mchid, "refund-2") is None


async def test_notifications_and_attempts(sql_store: SqlStore) -> None:
    books = sql_store.wechat
    sooner, done = replace(TOLD, id="EV-2", due_at=NOW), replace(TOLD, id="EV-3", due_at=None, accepted=True)
    again = replace(TRIED, number=2, deviation=Deviation.NONE, status=0)
    await kept(sql_store, TRADE, TOLD, sooner, done, TRIED, again)
    assert await books.notification("EV-3") == done
    assert await books.notifications_due() == [sooner, TOLD]
    assert await books.notifications(TRADE.mchid, TRADE.out_trade_no) == [TOLD, sooner, done]
    assert await books.attempts("EV-1") == [TRIED, again]


async def test_what_is_armed(sql_store: SqlStore) -> None:
    first, second = Armed(1, Fault(FaultKind.LOST), left=2), Armed(2, Fault.parse("error:NO_AUTH"), "m", "o")
    await kept(sql_store, second, first)
    await kept(sql_store, replace(first, left=1))
    assert await sql_store.wechat.armed() == [replace(first, left=1), second]
    await kept(sql_store, replace(second, left=0))
    assert await sql_store.wechat.armed() == [replace(first, left=1)]


@pytest.mark.parametrize(
    "entries", [(TRADE, replace(FAULTY, prepay_id=TRADE.prepay_id)), (TRADE, replace(TOLD, out_trade_no="nobody's"))]
)
async def test_all_or_none(sql_store: SqlStore, entries: Iterable[Entry]) -> None:
    with pytest.raises(IntegrityError):
        await sql_store.wechat.keep(entries)
    assert await sql_store.wechat.newest_trades(10) == []


async def test_a_reset_empties_them(sql_store: SqlStore) -> None:
    await kept(sql_store, TRADE, TOLD, TRIED)
    await sql_store.wipe()
    assert await sql_store.wechat.newest_trades(10) == []
