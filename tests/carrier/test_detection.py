"""A blocked request on a restricted line sends the link (G20): to whom, how often, with which text."""

import asyncio
from datetime import timedelta

import pytest

from nfemu.bss.detection import DetectionRules
from nfemu.carrier import detection
from nfemu.model import events
from nfemu.model.errors import NotFound
from nfemu.model.identity import AccountId, Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, ACME_TWO, LI, START, ZHANG, World, link_of, rules

HALF_AN_HOUR = timedelta(minutes=30)


async def blocked(world: World, msisdn: Msisdn) -> None:
    await world.service._request_blocked(msisdn)


async def detected(world: World, msisdn: Msisdn) -> list[Notice]:
    return [notice for notice in await world.service.inbox(msisdn) if notice.kind is NoticeKind.DETECTED]


async def later(world: World) -> None:
    await world.service.advance_clock(HALF_AN_HOUR)


async def test_the_first_blocked_request_sends_the_link_once_a_day(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    await later(world)
    await asyncio.gather(*(blocked(world, ZHANG) for _ in range(10)))
    (notice,) = await detected(world, ZHANG)
    assert "¥29.00" in notice.text
    assert notice.link == link_of(notice)
    assert events.TRAFFIC_BLOCKED in [event.name for event in await world.service.timeline(ZHANG)]
    await world.restart()
    await blocked(world, ZHANG)
    assert len(await detected(world, ZHANG)) == 1
    await world.service.advance_clock(timedelta(days=1))
    await blocked(world, ZHANG)
    assert len(await detected(world, ZHANG)) == 2


async def test_soon_after_a_stop_notice_nothing_more_is_said(world: World) -> None:
    """G1 has just sent the same link."""
    await world.service.charge(ZHANG, Money(5900))
    assert await world.service._request_blocked(ZHANG) == START + HALF_AN_HOUR
    assert await detected(world, ZHANG) == []


@pytest.mark.parametrize("enabled", [True, False])
async def test_who_owes_nothing_and_whoever_is_not_restricted_hears_nothing(enabled: bool) -> None:
    world = World(rules(detection=DetectionRules(enabled)))
    await world.start()
    await blocked(world, ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    await later(world)
    if enabled:
        await pay(world.service, ZHANG, Money(2900))
    await blocked(world, ZHANG)
    assert await detected(world, ZHANG) == []
    await world.service.stop()


async def test_a_line_that_is_about_to_be_restored_hears_nothing(world: World) -> None:
    """S6: paid, while the enforcement points have not confirmed yet."""
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    await later(world)
    world.faults.fail("enforcer")
    await asyncio.gather(pay(world.service, ZHANG, Money(2900)), return_exceptions=True)
    world.faults.heal()
    view = await world.store.account((await world.service.find("13800138000")).account)
    assert view is not None
    assert [order.kind.value for order in view.orders] == ["resume"]
    assert not detection.is_restricted(view, view.lines[0])


async def test_by_hand_the_text_does_not_speak_of_arrears(world: World) -> None:
    await world.service.restrict(LI)
    await later(world)
    await blocked(world, LI)
    (notice,) = await detected(world, LI)
    assert "Paying does not lift this" in notice.text
    assert "arrears" not in notice.text


async def test_members_of_a_unit_hear_of_their_own_share_only(world: World) -> None:
    """S11."""
    await world.service.charge(ACME_ONE, Money(60000))
    await later(world)
    await blocked(world, ACME_ONE)
    await blocked(world, ACME_TWO)
    assert "¥100.00" in (await detected(world, ACME_ONE))[0].text
    assert "您个人没有欠费" in (await detected(world, ACME_TWO))[0].text


async def test_a_message_that_is_late_says_what_is_due_then(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    await later(world)
    world.faults.fail("notifier")
    await blocked(world, ZHANG)
    await blocked(world, ZHANG)
    world.faults.heal()
    await pay(world.service, ZHANG, Money(900))
    await world.service._unfinished.finish((await world.service.find("13800138000")).account)
    (notice,) = await detected(world, ZHANG)
    assert "¥20.00" in notice.text


async def test_a_message_that_is_late_is_withdrawn_once_paid(world: World) -> None:
    """S6: the condition is checked again at the moment of sending."""
    await world.service.charge(ZHANG, Money(5900))
    await later(world)
    world.faults.fail("notifier")
    await blocked(world, ZHANG)
    assert len(await world.store.pending_notices(AccountId("zhang"))) == 1
    world.faults.heal()
    await pay(world.service, ZHANG, Money(2900))
    await world.restart()
    assert await world.store.pending_notices(AccountId("zhang")) == []
    assert await detected(world, ZHANG) == []
    assert events.NOTICE_WITHDRAWN in [event.name for event in await world.service.timeline(ZHANG)]


async def test_nobody_has_the_number(world: World) -> None:
    with pytest.raises(NotFound):
        await blocked(world, Msisdn("8613900000000"))
