"""What is used past the bundle is charged, and can stop a line; the green channel is free."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.fees import FeeRules
from nfemu.carrier.ports import PutSubscriber
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import Imsi, Msisdn, PlanName, PolicyName
from nfemu.model.money import Money
from nfemu.model.plans import Measured, Plan, PriceList, Tariff
from nfemu.model.subscriber import OrderedProfile
from nfemu.model.usage import Usage
from tests.fakes.faults import Crash
from tests.fakes.world import LI, ZHANG, World, imsi_of, rules

TARIFFS = {Measured.DATA: Tariff(1000, 100, Money(300)), Measured.VOICE: Tariff(600, 60, Money(15))}
BASIC = Plan(PlanName("basic"), Money(0), (), TARIFFS)


@pytest.fixture
async def world() -> World:
    """ZHANG is on a plan."""
    world = World(replace(rules(), fees=FeeRules(PriceList({BASIC.name: BASIC}))))
    service = await world.start()
    card = await service.find(ZHANG.e164)
    await world.store.commit([PutSubscriber(replace(card, plan=BASIC.name))])
    return world


async def charges(world: World, msisdn: Msisdn) -> list[tuple[str | None, int]]:
    return [(each.trade_no, each.amount.minor) for each in await world.service.ledger(msisdn) if each.amount.minor < 0]


async def test_calls_past_the_bundle_are_charged_and_stop_who_cannot_pay(world: World) -> None:
    await world.service.consume(ZHANG, Measured.VOICE, 590)
    assert await charges(world, ZHANG) == []
    status = await world.service.consume(ZHANG, Measured.VOICE, 80)
    assert status.balance == Money(3000 - 30)
    assert await charges(world, ZHANG) == [(f"voice/basic/{imsi_of(ZHANG)}/2026-11/2", -30)]
    status = await world.service.consume(ZHANG, Measured.VOICE, 60 * 200)
    assert status.ordered is OrderedProfile.ARREARS


async def test_a_new_month_has_a_new_bundle(world: World) -> None:
    await world.service.consume(ZHANG, Measured.VOICE, 600)
    await world.service.advance_clock(timedelta(days=30))
    await world.service.consume(ZHANG, Measured.VOICE, 600)
    assert await charges(world, ZHANG) == []
    bill = await world.service.bill(ZHANG)
    assert [(each.measured, each.used) for each in bill.used] == [(Measured.DATA, 0), (Measured.VOICE, 600)]
    assert (bill.next_fees, bill.grants) == (None, ())


async def test_who_has_no_plan_is_counted_and_pays_nothing(world: World) -> None:
    await world.service.consume(LI, Measured.DATA, 5000)
    assert await charges(world, LI) == []
    assert (await world.service.bill(LI)).used[0].used == 5000


async def test_the_gateway_s_octets_are_charged_but_for_the_green_channel_s(world: World) -> None:
    used = [
        Usage(imsi_of(ZHANG), PolicyName("open"), "", 600, 600),
        Usage(imsi_of(ZHANG), PolicyName("arrears"), "portal", 6000, 6000),
        Usage(imsi_of(LI), PolicyName("open"), "", 6000, 6000),
        Usage(Imsi("460009999999999"), PolicyName("open"), "", 1, 1),
    ]
    world.service.used(used)
    await world.service.stop()
    assert await charges(world, ZHANG) == [(f"data/basic/{imsi_of(ZHANG)}/2026-11/2", -600)]
    assert (await world.service.bill(LI)).used[0].used == 0


async def test_what_is_posted_under_a_key_counts_once(world: World) -> None:
    """Again, also at once, and after others: the first counts."""
    service = world.service
    await asyncio.gather(*(service.consume(ZHANG, Measured.DATA, 1050, "k") for _ in range(5)))
    assert await charges(world, ZHANG) == [(f"data/basic/{imsi_of(ZHANG)}/2026-11/1", -300)]
    await service.consume(ZHANG, Measured.DATA, 100)
    assert (await service.consume(ZHANG, Measured.DATA, 1050, "k")).balance == Money(3000 - 600)
    await service.consume(LI, Measured.DATA, 1, "another")


@pytest.mark.parametrize(
    ("number", "measured", "amount"),
    [(LI, Measured.DATA, 1050), (ZHANG, Measured.VOICE, 1050), (ZHANG, Measured.DATA, 1051)],
)
async def test_a_key_is_for_one_thing(world: World, number: Msisdn, measured: Measured, amount: int) -> None:
    await world.service.consume(ZHANG, Measured.DATA, 1050, "k")
    with pytest.raises(Conflict, match="under the key `k` for another card or amount; use a new key"):
        await world.service.consume(number, measured, amount, "k")
    with pytest.raises(InvalidInput, match="is not 1 to 64 printable ASCII characters"):
        await world.service.consume(ZHANG, Measured.DATA, 1050, "")


@pytest.mark.parametrize("point", range(4))
async def test_a_post_that_was_cut_off_can_be_sent_again(world: World, point: int) -> None:
    """Whether or not it was counted before the process died."""
    world.faults.crash_at(point)
    with contextlib.suppress(Crash):
        await world.service.consume(ZHANG, Measured.DATA, 1050, "k")
    world.faults.heal()
    await world.restart()
    await world.service.consume(ZHANG, Measured.DATA, 1050, "k")
    assert [amount for _, amount in await charges(world, ZHANG)] == [-300]
    assert (await world.service.bill(ZHANG)).used[0].used == 1050
