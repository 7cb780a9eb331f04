"""Duties of accounts, on the calendar of a whole carrier."""

from datetime import timedelta

from nfemu.carrier.ports import PutDuty
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.identity import AccountId
from tests.fakes.world import START, World

HOUR = timedelta(hours=1)
ZHANG = AccountId("zhang")


async def test_a_duty_that_nobody_does_is_forgotten(world: World) -> None:
    duty = AccountDuty(ZHANG, DutyKind.CREDIT, START + HOUR)
    await world.store.commit([PutDuty(duty.account, duty.kind, duty.due_at)])
    await world.restart()
    assert await world.service.advance_clock(2 * HOUR) == []
    assert await world.store.duties(ZHANG) == []
