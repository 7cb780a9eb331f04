"""What an earlier process left is finished at the start, or tried again."""

import pytest

from nfemu.model.errors import Unavailable
from nfemu.model.money import Money
from tests.fakes.world import LI, ZHANG, World, imsi_of


async def test_a_start_that_cannot_finish_an_account_goes_on_and_tries_again(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.attach(LI)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    service = await world.restart()
    account = (await service.find("13800138000")).account
    assert account in service._unfinished.finishing
    assert (await service.status(LI)).effective == "internet"
    world.faults.heal()
    await service._unfinished.finish(account)
    assert (await service.status(ZHANG)).effective == "green"


async def test_a_line_that_is_gone_from_the_store_does_not_stop_the_start(world: World) -> None:
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    world.faults.heal()
    world.store._tables.subscribers.pop(imsi_of(ZHANG))
    await world.restart()
