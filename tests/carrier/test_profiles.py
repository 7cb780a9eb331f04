"""Gardens: another APN profile by an order like the others; what restricts a line outranks it (G18)."""

from dataclasses import replace

import pytest

from nfemu.carrier.ports import PutSubscription
from nfemu.model import events
from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.model.identity import Msisdn, ProfileName
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.orders import OrderKind, OrderState
from nfemu.model.subscriber import OrderedProfile
from tests.carrier.waiting import leave_order
from tests.fakes.paying import pay
from tests.fakes.world import LI, ZHANG, World, catalogue, imsi_of, rules


async def test_a_line_is_moved_into_a_garden_and_back(world: World) -> None:
    session = await world.service.attach(ZHANG)
    status = await world.service.order_profile(ZHANG, "inflight")
    assert (status.ordered, status.profile, status.effective) == (OrderedProfile.OPEN, "inflight", "inflight")
    after = status.line.session
    assert after is not None
    assert (after.ue_ipv4, after.generation, after.policy_version) == (session.ue_ipv4, 1, 2)
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "inflight"
    story = (await world.service.timeline(ZHANG))[3:]
    assert [event.name for event in story] == [
        events.ORDER_CREATED,
        events.HSS_PROFILE_CHANGED,
        events.PGW_SESSION_MODIFIED,
        events.ENFORCEMENT_ACKNOWLEDGED,
        events.ORDER_DONE,
    ]
    assert (story[0].detail["kind"], story[0].detail["profile"]) == ("profile", "inflight")
    assert await world.service.inbox(ZHANG) == []

    with pytest.raises(Conflict, match="has profile `inflight` already"):
        await world.service.order_profile(ZHANG, "inflight")
    back = await world.service.order_profile(ZHANG, "open")
    assert (back.profile, back.effective, back.line.subscription.profile) == ("internet", "internet", None)
    with pytest.raises(Conflict, match="already"):
        await world.service.order_profile(ZHANG, "internet")


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("inflght", NotFound, "`inflght` is not in apns.yaml; a line can have `open`, `internet`, `inflight`"),
        ("green", InvalidInput, "`green` restricts a line; `nfemu restrict` orders"),
        ("barred", InvalidInput, "`barred` restricts a line"),
    ],
)
async def test_what_cannot_be_ordered(world: World, name: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        await world.service.order_profile(ZHANG, name)


async def test_arrears_outrank_a_garden_and_paying_leads_back_into_it(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.order_profile(ZHANG, "inflight")
    stopped = await world.service.charge(ZHANG, Money(5900))
    assert (stopped.ordered, stopped.profile, stopped.effective) == (OrderedProfile.ARREARS, "inflight", "green")
    settled = await pay(world.service, ZHANG, Money(2900))
    assert (settled.status.ordered, settled.status.effective) == (OrderedProfile.OPEN, "inflight")
    kinds = [notice.kind for notice in await world.service.inbox(ZHANG)]
    assert kinds.count(NoticeKind.STOPPED) == kinds.count(NoticeKind.RESTORED) == 1


@pytest.mark.parametrize("name", ["inflight", "open"])
async def test_on_a_restricted_line_it_is_felt_after_the_resume(world: World, name: str) -> None:
    await world.service.attach(ZHANG)
    if name == "open":
        await world.service.order_profile(ZHANG, "inflight")
    await world.service.restrict(ZHANG)
    ordered = await world.service.order_profile(ZHANG, name)
    assert (ordered.ordered, ordered.effective) == (OrderedProfile.ARREARS, "green")
    restored = await world.service.restore(ZHANG)
    assert restored.effective == restored.profile == {"inflight": "inflight", "open": "internet"}[name]


async def test_attach_in_a_garden(world: World) -> None:
    await world.service.order_profile(LI, "inflight")
    assert (await world.service.attach(LI)).profile == "inflight"


async def test_orders_that_could_not_be_executed_are_executed_together(world: World) -> None:
    """A profile order is not overtaken by a stop, only by a later one of its kind; the record moves by one version."""
    await world.service.attach(ZHANG)
    await leave_order(world, ZHANG, OrderKind.PROFILE, OrderedProfile.OPEN, ProfileName("inflight"))
    await world.service.order_profile(ZHANG, "open")
    await leave_order(world, ZHANG, OrderKind.PROFILE, OrderedProfile.OPEN, ProfileName("inflight"))
    status = await world.service.restrict(ZHANG)
    assert (status.profile, status.effective) == ("inflight", "green")
    assert status.line.subscription.version == 3, "the hold is one version, both orders are another"
    assert [(order.kind, order.state) for order in world.store.orders()] == [
        (OrderKind.PROFILE, OrderState.SUPERSEDED),
        (OrderKind.PROFILE, OrderState.DONE),
        (OrderKind.PROFILE, OrderState.DONE),
        (OrderKind.STOP, OrderState.DONE),
    ]


async def test_the_same_order_again_finishes_what_is_left(world: World) -> None:
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer", 0)
    with pytest.raises(Unavailable):
        await world.service.order_profile(ZHANG, "inflight")
    world.faults.heal()
    assert (await world.service.order_profile(ZHANG, "inflight")).effective == "inflight"
    assert len(world.store.orders()) == 1


async def test_a_profile_that_is_gone_bars_the_line() -> None:
    """Nobody knows what it may reach. An active session ends at the start, and no new one begins."""
    world = World()
    await world.start()
    await world.service.attach(ZHANG)
    record = (await world.service.status(ZHANG)).line.subscription
    await world.store.commit([PutSubscription(replace(record, profile=ProfileName("gone"), version=2))])
    await world.service._unfinished.finish((await world.service.find(str(ZHANG))).account)
    status = await world.service.status(ZHANG)
    assert status.effective is None
    with pytest.raises(Conflict, match=r"profile `gone` is not in apns.yaml any more; give it another one with `nfemu"):
        await world.service.attach(ZHANG)
    assert (await world.service.order_profile(ZHANG, "open")).effective == "internet"
    await world.service.stop()


async def generation(world: World, msisdn: Msisdn) -> int:
    session = (await world.service.status(msisdn)).line.session
    assert session is not None
    return session.generation


async def test_reactivation_follows_at_once() -> None:
    """No page is on its way. A line that is restricted meanwhile is not moved for nothing."""
    world = World(rules(shelves=catalogue(reactivate=True)))
    await world.start()
    await world.service.attach(ZHANG)
    await world.service.order_profile(ZHANG, "inflight")
    assert await generation(world, ZHANG) == 2
    await world.service.restrict(ZHANG)
    assert await generation(world, ZHANG) == 3
    await world.service.order_profile(ZHANG, "open")
    assert await generation(world, ZHANG) == 3
    await world.service.stop()
