"""Attach and detach: who is permitted, which address, what the enforcement points hold."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

import pytest

from nfemu.carrier.lines import line_state
from nfemu.model import events
from nfemu.model.errors import Conflict, NotFound, Unavailable
from nfemu.model.identity import Msisdn, ProfileName
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.session import SessionState
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.paying import pay
from tests.fakes.world import (
    ACME_ONE,
    ACME_TWO,
    HOLD,
    LI,
    STATIC,
    STATIC_IPV4,
    WANG,
    ZHANG,
    World,
    catalogue,
    imsi_of,
    rules,
)


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


async def test_enforcement_points_are_told_of_the_profiles_ambr_while_it_is_attached(world: World) -> None:
    session = await world.service.attach(ZHANG)
    known = world.rules.catalogue
    assert world.enforcer.lines[session.imsi].ambr == known.profile(session.profile).ambr
    assert line_state(replace(session, profile=ProfileName("gone")), known).ambr is None
    assert line_state(await world.service.detach(ZHANG), known).ambr is None


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
    assert "须用移动数据打开" in (await service.inbox(ZHANG))[0].text
    with pytest.raises(Conflict, match="gives no IP address; pay the arrears"):
        await service.attach(ZHANG)
    assert (await names(world, ZHANG))[-1] == events.HSS_REFUSED
    await service.stop()


@pytest.fixture
async def barring() -> AsyncIterator[World]:
    world = World(rules(OrderedProfile.BARRED, shelves=catalogue(ipv4="10.45.0.0/30", hold=timedelta(0))))
    await world.start()
    yield world
    await world.service.stop()


async def test_a_line_that_the_stop_cut_off_is_attached_again_by_the_resume(barring: World) -> None:
    """G14: paid means restored, as a phone attaches again by itself once the HSS lets it."""
    service = barring.service
    before = await service.attach(ZHANG)
    cut_off = (await service.charge(ZHANG, Money(5900))).line.session
    assert cut_off is not None
    assert (cut_off.state, cut_off.profile, cut_off.policy_version) == (SessionState.RELEASED, "barred", 2)
    settled = await pay(service, ZHANG, Money(2900))
    after = settled.status.line.session
    assert after is not None
    assert (settled.status.effective, after.generation, after.policy_version) == ("internet", before.generation + 1, 3)
    assert barring.enforcer.lines[after.imsi].session == after.id != before.id
    assert "上网服务已恢复，感谢" in await told(barring, ZHANG, NoticeKind.RESTORED)
    assert (await names(barring, ZHANG)).count(events.PGW_SESSION_CREATED) == 2


async def test_a_person_who_restores_the_line_attaches_it_again_too(barring: World) -> None:
    await barring.service.attach(ZHANG)
    await barring.service.restrict(ZHANG)
    with pytest.raises(Conflict, match="gives no IP address; restore the line"):
        await barring.service.attach(ZHANG)
    assert (await barring.service.restore(ZHANG)).effective == "internet"


async def test_a_line_that_was_detached_before_the_stop_stays_detached_and_is_told_so(barring: World) -> None:
    service = barring.service
    await service.attach(ZHANG)
    await service.detach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    settled = await pay(service, ZHANG, Money(2900))
    assert (settled.status.ordered, settled.status.effective) == (OrderedProfile.OPEN, None)
    assert "请重新打开移动数据" in await told(barring, ZHANG, NoticeKind.RESTORED)


async def test_without_a_free_address_it_stays_off_and_takes_the_next_that_is_free(barring: World) -> None:
    service = barring.service
    await service.attach(ZHANG)
    await service.charge(ZHANG, Money(5900))
    await service.attach(LI)
    settled = await pay(service, ZHANG, Money(2900))
    assert (settled.status.ordered, settled.status.effective) == (OrderedProfile.OPEN, None)
    assert "请重新打开移动数据" in await told(barring, ZHANG, NoticeKind.RESTORED)
    assert events.PGW_SESSION_REFUSED in await names(barring, ZHANG)
    await service.detach(LI)
    assert (await pay(service, ZHANG, Money(100))).status.effective == "internet"


async def test_a_profile_that_is_gone_does_not_say_who_was_cut_off(barring: World) -> None:
    await barring.service.attach(ZHANG)
    await barring.service.charge(ZHANG, Money(5900))
    shelves = barring.rules.catalogue
    renamed = replace(shelves.profiles[ProfileName("barred")], name=ProfileName("off"))
    profiles = {name: each for name, each in shelves.profiles.items() if name != "barred"} | {renamed.name: renamed}
    ordered = {**shelves.ordered, OrderedProfile.BARRED: renamed.name}
    barring.rules = replace(barring.rules, catalogue=replace(shelves, profiles=profiles, ordered=ordered))
    service = await barring.restart()
    assert (await pay(service, ZHANG, Money(2900))).status.effective is None


async def test_a_members_message_without_ip_names_the_own_share_only(barring: World) -> None:
    """S11."""
    await barring.service.charge(ACME_ONE, Money(1000))
    await barring.service.charge(ACME_TWO, Money(59000))
    text = await told(barring, ACME_ONE, NoticeKind.STOPPED)
    assert "您个人的部分为¥10.00" in text
    assert "¥100.00" not in text


async def told(world: World, msisdn: Msisdn, kind: NoticeKind) -> str:
    """The latest message of that kind."""
    return next(notice.text for notice in await world.service.inbox(msisdn) if notice.kind is kind)


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
