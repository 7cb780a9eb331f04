"""Profiles that ask for it: a new address and generation, at once after a stop, behind the page after a resume."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from nfemu.model import events
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.orders import OrderKind, OrderState
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, ACME_TWO, LI, STATIC, STATIC_IPV4, ZHANG, World, catalogue, imsi_of, rules


@pytest.fixture
async def reactivating() -> AsyncIterator[World]:
    """The success page takes an hour: nothing is reactivated unless a test says so."""
    world = World(rules(shelves=catalogue(reactivate=True)))
    await world.start()
    yield world
    await world.service.stop()


async def session_of(world: World, msisdn: Msisdn) -> PdnSession:
    session = (await world.service.status(msisdn)).line.session
    assert session is not None
    return session


async def test_a_stop_moves_the_line_at_once(reactivating: World) -> None:
    before = await reactivating.service.attach(ZHANG)
    status = await reactivating.service.charge(ZHANG, Money(5900))
    after = status.line.session
    assert after is not None
    assert status.effective == "green"
    assert (after.generation, after.policy_version) == (2, 4)
    assert (after.id != before.id, after.ue_ipv4 != before.ue_ipv4, after.ue_ipv6 != before.ue_ipv6) == (True,) * 3
    held = reactivating.enforcer.lines[after.imsi]
    assert (held.session, held.policy, held.ue_ipv4, held.generation) == (after.id, "arrears", after.ue_ipv4, 2)
    assert [(order.kind, order.state) for order in reactivating.store.orders()] == [
        (OrderKind.STOP, OrderState.DONE),
        (OrderKind.REACTIVATE, OrderState.DONE),
    ]
    assert [notice.kind for notice in await reactivating.service.inbox(ZHANG)] == [NoticeKind.STOPPED]
    old = reactivating.store._tables.sessions[before.id]
    assert old.state is SessionState.RELEASED


async def test_a_resume_is_effective_in_place_and_moves_behind_the_page(reactivating: World) -> None:
    """The page that says so still arrives on the old address."""
    service = reactivating.service
    await service.attach(ZHANG)
    stopped = (await service.charge(ZHANG, Money(5900))).line.session
    assert stopped is not None
    settled = await pay(service, ZHANG, Money(2900))
    in_place = settled.status.line.session
    assert in_place is not None
    assert settled.status.effective == "internet"
    assert (in_place.ue_ipv4, in_place.generation) == (stopped.ue_ipv4, 2)
    assert reactivating.enforcer.lines[in_place.imsi].policy == "open"

    await service.page_delivered(ZHANG)
    moved = await session_of(reactivating, ZHANG)
    assert (moved.generation, moved.ue_ipv4 != stopped.ue_ipv4) == (3, True)
    assert (await service.status(ZHANG)).effective == "internet"
    assert [notice.kind for notice in await service.inbox(ZHANG)].count(NoticeKind.RESTORED) == 1
    assert (await service.timeline(ZHANG))[-2].name == events.ENFORCEMENT_ACKNOWLEDGED
    assert events.PGW_SESSION_REACTIVATED in [event.name for event in await service.timeline(ZHANG)]


async def test_a_page_nobody_waits_for_changes_nothing(reactivating: World) -> None:
    await reactivating.service.page_delivered(ZHANG)
    assert reactivating.store.orders() == []


async def test_a_static_address_stays_and_the_generation_rises(reactivating: World) -> None:
    await reactivating.service.attach(STATIC)
    status = await reactivating.service.charge(STATIC, Money(2000))
    session = status.line.session
    assert session is not None
    assert (session.ue_ipv4, session.generation) == (STATIC_IPV4, 2)
    assert reactivating.service.session_at(STATIC_IPV4) == session


async def test_a_stop_in_the_meantime_overtakes_the_move(reactivating: World) -> None:
    service = reactivating.service
    await service.attach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    await pay(service, ZHANG, Money(2900))
    status = await service.charge(ZHANG, Money(1))
    assert status.effective == "green"
    kinds = [(order.kind.value, order.state.value) for order in reactivating.store.orders()]
    assert kinds[2:] == [
        ("resume", "done"),
        ("reactivate", "superseded"),
        ("stop", "done"),
        ("reactivate", "done"),
    ]


async def test_a_line_that_detached_in_the_meantime_is_not_moved(reactivating: World) -> None:
    service = reactivating.service
    await service.attach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    await pay(service, ZHANG, Money(2900))
    await service.detach(ZHANG)
    await service._unfinished.reactivate((await service.find("13800138000")).account)
    assert (await session_of(reactivating, ZHANG)).state is SessionState.RELEASED
    assert reactivating.store.orders()[-1].state is OrderState.SUPERSEDED


async def test_a_line_without_session_gets_no_move(reactivating: World) -> None:
    await reactivating.service.charge(ZHANG, Money(5900))
    assert [order.kind for order in reactivating.store.orders()] == [OrderKind.STOP]


async def test_without_a_free_address_the_line_keeps_its_own() -> None:
    """Paid means restored (G14): the profile is changed in place all the same."""
    world = World(rules(shelves=catalogue(reactivate=True, ipv4="10.45.0.0/30")))
    service = await world.start()
    before = await service.attach(ZHANG)
    status = await service.charge(ZHANG, Money(5900))
    assert status.effective == "green"
    assert status.line.session is not None
    assert status.line.session.ue_ipv4 == before.ue_ipv4
    assert events.PGW_REACTIVATION_REFUSED in [event.name for event in await service.timeline(ZHANG)]
    await service.stop()


async def test_only_the_lines_that_wait_are_moved(reactivating: World) -> None:
    """Two cards of one account, one attached."""
    service = reactivating.service
    await service.attach(ACME_TWO)
    await service.charge(ACME_ONE, Money(60000))
    assert (await session_of(reactivating, ACME_TWO)).generation == 2
    assert (await service.status(ACME_ONE)).line.session is None


async def test_a_crash_anywhere_on_the_way_is_resumed_and_moves_the_line_once() -> None:
    for point in range(100):
        world = World(rules(shelves=catalogue(reactivate=True)))
        service = await world.start()
        await service.attach(ZHANG)
        world.faults.crash_at(point)
        try:
            await service.charge(ZHANG, Money(5900), key="november")
        except Crash:
            service = await world.restart()
            status = await service.charge(ZHANG, Money(5900), key="november")
        else:
            break
        session = status.line.session
        assert session is not None
        assert (status.effective, session.generation) == ("green", 2)
        assert world.enforcer.lines[imsi_of(ZHANG)].session == session.id
        assert len(world.notifier.sent) == 1
        assert (await service.attach(LI)).ue_ipv4 not in {session.ue_ipv4, None}
        await service.stop()
    else:
        pytest.fail("a charge has fewer than 100 points")
    await service.stop()


async def test_a_move_that_waited_over_a_restart_happens_then(reactivating: World) -> None:
    service = reactivating.service
    await service.attach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    await pay(service, ZHANG, Money(2900))
    held = (await session_of(reactivating, ZHANG)).ue_ipv4
    service = await reactivating.restart()
    moved = await session_of(reactivating, ZHANG)
    assert moved.generation == 3
    assert held is not None
    assert service.session_at(held) is None
    other = await service.attach(LI)
    assert other.ue_ipv4 != held, "the address that was left is on hold over the restart too"
    await service.advance_clock(timedelta(minutes=10))
    await service.detach(LI)
    assert (await service.attach(LI)).ue_ipv4 != other.ue_ipv4


async def test_a_move_that_was_not_acknowledged_is_tried_again(reactivating: World) -> None:
    service = reactivating.service
    await service.attach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    await pay(service, ZHANG, Money(2900))
    account = (await service.find("13800138000")).account
    reactivating.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await service._unfinished.reactivate(account)
    assert (await service.status(ZHANG)).effective is None
    reactivating.faults.heal()
    await service._unfinished.reactivate(account)
    assert (await service.status(ZHANG)).effective == "internet"
    assert reactivating.store.orders()[-1].state is OrderState.DONE


async def test_a_line_that_is_attached_again_has_its_new_address_already() -> None:
    """After a stop without IP, the resume's session is new; a second new address would end its flows for nothing."""
    world = World(rules(OrderedProfile.BARRED, shelves=catalogue(reactivate=True)))
    service = await world.start()
    await service.attach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    assert (await pay(service, ZHANG, Money(2900))).status.effective == "internet"
    assert [order.kind for order in world.store.orders()] == [OrderKind.STOP, OrderKind.RESUME]
    await service.stop()
