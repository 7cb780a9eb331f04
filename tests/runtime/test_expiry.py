"""Orders are closed at their time, each for itself."""

from datetime import timedelta

import pytest

from nfemu.model.errors import Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.runtime import clocks
from nfemu.runtime.agenda import Agenda
from nfemu.runtime.expiry import Expiry
from tests.fakes.world import START, ZHANG, World

HOUR = timedelta(hours=1)


async def test_an_order_that_cannot_be_closed_holds_up_no_other(world: World) -> None:
    first, second, third = [(await world.service.order_payment(ZHANG, Money(100), ""))[0] for _ in range(3)]
    clock = clocks.TestClock(world.store, START)
    agenda = Agenda(clock)
    stuck, closed = {first.no}, []

    async def close(no: PaymentNo) -> bool:
        if no in stuck:
            raise Unavailable("disk full; try again")
        closed.append(no)
        return True

    expiry = Expiry(world.store, agenda, clock, close)
    expiry.watch(first)
    with pytest.raises(Unavailable, match="disk full"):
        await agenda.advance(clock, START + HOUR)
    assert closed == [second.no, third.no]
    stuck.clear()
    await agenda.advance(clock, START + HOUR)
    assert closed[2] == first.no
