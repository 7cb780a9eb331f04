"""Orders are asked about while they are open, and closed at their time, each for itself."""

from datetime import timedelta

import pytest

from nfemu.carrier.inquiries import Learned
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.runtime import clocks
from nfemu.runtime.account_clocks import AccountClocks
from nfemu.runtime.agenda import Agenda
from nfemu.runtime.inquiries import Inquiries
from tests.fakes.world import START, ZHANG, World

HOUR = timedelta(hours=1)


async def test_an_order_that_cannot_be_closed_holds_up_no_other(world: World) -> None:
    first, second, third = [(await world.service.order_payment(ZHANG, Money(100), ""))[0] for _ in range(3)]
    clock = clocks.TestClock(world.store, START)
    agenda = Agenda(clock)
    stuck, closed = {first.no}, []

    async def close(no: PaymentNo) -> Learned:
        if clock.now() < first.expires_at:
            return Learned.NOTHING
        if no in stuck:
            raise Unavailable("disk full; try again")
        closed.append(no)
        return Learned.CLOSED

    Inquiries(world.store, agenda, AccountClocks(world.store, clock), close).watch(first)
    with pytest.raises(Unavailable, match="disk full"):
        await agenda.advance(clock, START + HOUR)
    assert closed == [second.no, third.no]
    stuck.clear()
    await agenda.advance(clock, START + HOUR)
    assert closed[2] == first.no


async def test_one_that_will_never_be_understood_holds_up_nobody(world: World) -> None:
    for _ in range(2):
        await world.service.order_payment(ZHANG, Money(100), "")
    clock = clocks.TestClock(world.store, START)
    agenda, asked = Agenda(clock), []

    async def refuse(no: PaymentNo) -> Learned:
        asked.append(no)
        raise Conflict("booked for another order")

    Inquiries(world.store, agenda, AccountClocks(world.store, clock), refuse).watch(
        (await world.store.open_payments())[0]
    )
    assert await agenda.advance(clock, START + HOUR) == []
    assert len(asked) == 2 * 7
