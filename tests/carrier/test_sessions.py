"""Attach and detach: who is permitted, which address, what the enforcement points hold."""

from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from nfemu.carrier import events
from nfemu.model.errors import Conflict, NotFound, Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.session import SessionState
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.paying import pay
from tests.fakes.world import HOLD, LI, STATIC, STATIC_IPV4, WANG, ZHANG, World, catalogue, imsi_of, rules


async def names(world: World, msisdn: Msisdn) -> list[str]:
    return [event.name for event in await world.service.timeline(msisdn)]


async def test_an_attached_line_is_effective_when_attach_returns(world: World) -> None:
    session = await world.service.attach(ZHANG)
    assert (session.policy_version, session.acknowledged_version, session.policy) == (1, 1, "open")
    held = world.enforcer.lines[session.imsi]
    assert (held.policy, held.version, held.ue_ipv4) == ("open", 1, IPv4Address("10.45.0.2"))
    assert (await world.service.status(ZHANG)).effective == "internet"
    assert await names(world, ZHANG) == [
        events.HSS_PERMITTED,
        events.PGW_SESSION_CREATED,
        events.ENFORCEMENT_ACKNOWLEDGED,
    ]


async def test_attaching_twice_is_a_conflict(world: World) -> None:
    await world.service.attach(ZHANG)
    with pytest.raises(Conflict, match="is attached already"):
        await world.service.attach(ZHANG)
    assert len(world.enforcer.applied) == 1


async def test_nobody_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="no subscriber has the number `8613800139999`"):
        await world.service.attach(Msisdn("8613800139999"))


async def test_detach_leaves_a_line_that_may_nothing(world: World) -> None:
    await world.service.attach(ZHANG)
    session = await world.service.detach(ZHANG)
    assert (session.state, session.policy_version, session.acknowledged_version) == (SessionState.RELEASED, 2, 2)
    held = world.enforcer.lines[session.imsi]
    assert (held.policy, held.session, held.ue_ipv4, held.ue_ipv6, held.version) == (None, None, None, None, 2)
    assert (await world.service.status(ZHANG)).effective is None


async def test_detaching_twice_or_first_is_a_conflict(world: World) -> None:
    with pytest.raises(Conflict, match="is not attached"):
        await world.service.detach(ZHANG)
    await world.service.attach(ZHANG)
    await world.service.detach(ZHANG)
    with pytest.raises(Conflict, match="is not attached"):
        await world.service.detach(ZHANG)


async def test_versions_rise_over_detach_and_attach_and_the_address_waits_for_its_hold(world: World) -> None:
    first = await world.service.attach(ZHANG)
    await world.service.detach(ZHANG)
    second = await world.service.attach(ZHANG)
    assert (second.policy_version, second.generation) == (3, 2)
    assert second.ue_ipv4 != first.ue_ipv4
    await world.service.advance_clock(HOLD)
    assert (await world.service.attach(LI)).ue_ipv4 == first.ue_ipv4


async def test_a_static_address_is_given(world: World) -> None:
    assert (await world.service.attach(STATIC)).ue_ipv4 == STATIC_IPV4


async def test_a_static_address_waits_for_its_owner() -> None:
    world = World(rules(shelves=catalogue(ipv4="10.45.3.0/29")))
    service = await world.start()
    others = [(await service.attach(number)).ue_ipv4 for number in (ZHANG, LI)]
    assert STATIC_IPV4 not in others
    service = await world.restart()
    assert (await service.attach(WANG)).ue_ipv4 != STATIC_IPV4
    assert (await service.attach(STATIC)).ue_ipv4 == STATIC_IPV4
    await service.stop()


async def test_an_exhausted_pool_is_a_conflict_that_changes_nothing() -> None:
    world = World(rules(shelves=catalogue(ipv4="10.45.0.0/30", hold=timedelta(0))))
    await world.start()
    await world.service.attach(ZHANG)
    with pytest.raises(Conflict, match="pool `internet` is exhausted"):
        await world.service.attach(LI)
    assert (await world.service.status(LI)).line.session is None
    await world.service.detach(ZHANG)
    assert (await world.service.attach(LI)).ue_ipv4 == IPv4Address("10.45.0.2")
    await world.service.stop()


async def test_barred_gets_no_ip_until_paid() -> None:
    """G4, G8: the old way, to compare with."""
    world = World(rules(OrderedProfile.BARRED))
    service = await world.start()
    await service.attach(ZHANG)
    status = await service.charge(ZHANG, Money(5900))
    assert (status.ordered, status.effective) == (OrderedProfile.BARRED, None)
    assert world.enforcer.lines[imsi_of(ZHANG)].policy is None
    assert "其他网络" in (await service.inbox(ZHANG))[0].text
    with pytest.raises(Conflict, match="gives no IP address; pay the arrears"):
        await service.attach(ZHANG)
    assert (await names(world, ZHANG))[-1] == events.HSS_REFUSED
    await pay(service, ZHANG, Money(2900))
    assert (await service.attach(ZHANG)).profile == "internet"
    await service.stop()


async def test_an_attach_that_was_not_committed_took_no_address(world: World) -> None:
    world.faults.fail("store")
    with pytest.raises(Unavailable):
        await world.service.attach(ZHANG)
    world.faults.heal()
    assert world.service.line_states() == []
    assert (await world.service.attach(LI)).ue_ipv4 == IPv4Address("10.45.0.2")


async def test_an_attach_or_detach_that_was_not_acknowledged_is_finished_by_repeating_it(world: World) -> None:
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.attach(ZHANG)
    assert (await world.service.status(ZHANG)).effective is None
    world.faults.heal()
    assert (await world.service.attach(ZHANG)).acknowledged_version == 1
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.detach(ZHANG)
    world.faults.heal()
    assert (await world.service.detach(ZHANG)).acknowledged_version == 2
