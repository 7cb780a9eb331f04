"""What is used past the bundle is charged, and can stop a line; the green channel is free."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.fees import FeeRules
from nfemu.carrier.ports import PutSubscriber
from nfemu.model.identity import Imsi, Msisdn, PlanName, PolicyName
from nfemu.model.money import Money
from nfemu.model.plans import Measured, Plan, PriceList, Tariff
from nfemu.model.subscriber import OrderedProfile
from nfemu.model.usage import Usage
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
