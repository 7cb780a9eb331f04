"""Notifications: the ladder, what a restart finds, what is not on record, and what is sent again by hand."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from nfemu.model.errors import NotFound, Unavailable
from nfemu.web.wechat import outbox
from nfemu.wechat.notification import LADDER, Attempt, Notification
from tests.web.wechat.asking import ordered, paid
from tests.web.wechat.provider import MCHID, Provider

NUMBER = "R20261101000001"


async def test_up_the_ladder_until_it_is_accepted(provider: Provider) -> None:
    await ordered(provider)
    provider.server.answers = [500] * len(LADDER)
    assert not await paid(provider)
    began = provider.now
    happened = await provider.advance(timedelta(days=3))
    assert len(happened) == len(LADDER)
    assert happened[-1] == f"notification of order {NUMBER}: attempt 16 accepted"
    (told,) = await provider.store.wechat.notifications(MCHID, NUMBER)
    attempts = await provider.store.wechat.attempts(told.id)
    assert [after.at - before.at for before, after in pairwise(attempts)] == list(LADDER)
    assert attempts[0].at == began


async def test_it_gives_up_in_the_end(provider: Provider) -> None:
    await ordered(provider)
    provider.server.answers = [500] * 99
    await paid(provider)
    assert len(await provider.advance(timedelta(days=3))) == len(LADDER)
    assert await provider.store.wechat.notifications_due() == []


async def test_a_restart_takes_up_what_is_due_and_nothing_else(provider: Provider) -> None:
    for number in (NUMBER, "R20261101000002"):
        await ordered(provider, number)
    assert await paid(provider)
    provider.server.answers = [503]
    assert not await paid(provider, "R20261101000002")
    await provider.restart()
    assert await provider.advance(LADDER[0]) == ["notification of order R20261101000002: attempt 2 accepted"]


async def test_once_more_by_hand_replaces_what_was_planned(provider: Provider) -> None:
    await ordered(provider)
    provider.server.answers = [500]
    await paid(provider)
    (told,) = await provider.store.wechat.notifications(MCHID, NUMBER)
    assert await provider.desk.outbox.resend(told.id)
    assert await provider.advance(timedelta(days=3)) == []
    assert len(provider.server.told) == 2
    assert await provider.desk.outbox.resend(told.id)
    with pytest.raises(NotFound, match="there is no notification `EV-0`"):
        await provider.desk.outbox.resend("EV-0")


async def test_books_that_cannot_be_written(provider: Provider) -> None:
    """What was delivered is not on record, so it is made again after a start: never too little."""
    await ordered(provider)
    provider.books.unwritable = (Attempt,)
    assert await paid(provider)
    provider.books.unwritable = ()
    await provider.restart()
    assert await provider.advance(timedelta(0)) == [f"notification of order {NUMBER}: attempt 1 accepted"]


async def test_a_payment_that_cannot_be_written_was_none(provider: Provider) -> None:
    await ordered(provider)
    provider.books.unwritable = (Notification,)
    with pytest.raises(Unavailable):
        await paid(provider)
    trade = await provider.desk.trade(MCHID, NUMBER)
    assert (trade.is_paid, provider.server.told) == (False, [])


async def test_books_that_cannot_be_read(provider: Provider) -> None:
    await ordered(provider)
    provider.books.readable = False
    assert not await paid(provider)
    with pytest.raises(Unavailable):
        await provider.advance(timedelta(0))
    provider.books.readable = True
    await provider.restart()
    assert await provider.advance(timedelta(0)) == [f"notification of order {NUMBER}: attempt 1 accepted"]


async def test_a_payer_does_not_wait_for_a_merchant_without_end(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ordered(provider)
    monkeypatch.setattr(outbox, "ANSWER_WITHIN", 0.01)
    gate = asyncio.Event()
    answer = provider.server

    async def wait(*arguments: object) -> outbox.Heard:
        await gate.wait()
        return await answer(*arguments)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(provider.desk.outbox, "_deliver", wait)
    assert not await paid(provider)
    gate.set()
    await provider.desk.settle()
    (told,) = await provider.store.wechat.notifications(MCHID, NUMBER)
    assert told.accepted


async def test_a_merchant_that_is_gone_is_not_told(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    await ordered(provider)
    monkeypatch.setattr(provider.merchants, "find", lambda _: None)
    assert not await provider.desk.pay(await provider.desk.trade(MCHID, NUMBER))
    (told,) = await provider.store.wechat.notifications(MCHID, NUMBER)
    (attempt,) = await provider.store.wechat.attempts(told.id)
    assert attempt.answer == "the merchant is not there any more"
