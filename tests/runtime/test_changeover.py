"""New rules under running sessions: nobody in between, sessions follow, what is in use stays, a crash is survived."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from nfemu.carrier.ports import PutAccount
from nfemu.carrier.rules import CarrierRules
from nfemu.epc.catalogue import Catalogue
from nfemu.model import events
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import AccountId, Imsi, Msisdn, ProfileName
from nfemu.model.money import Money
from nfemu.model.subscriber import Ambr, Hold, OrderedProfile, Subscriber
from nfemu.runtime.changeover import Changeover
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import (
    ACME_ONE,
    HOLD,
    LI,
    STATIC,
    STATIC_IPV4,
    WANG,
    ZHANG,
    World,
    catalogue,
    imsi_of,
    profile,
    rules,
)


def shelves(**changed: object) -> Catalogue:
    """The usual catalogue with another `green`."""
    usual = catalogue()
    green = replace(usual.profiles[ProfileName("green")], **changed)  # type: ignore[arg-type]  # fields by name
    return replace(usual, profiles={**usual.profiles, green.name: green})


def meaning(arrears: str) -> Catalogue:
    return replace(catalogue(), ordered={**catalogue().ordered, OrderedProfile.ARREARS: ProfileName(arrears)})


async def take_over(world: World, new: CarrierRules, newcomers: Sequence[Subscriber] = ()) -> Changeover:
    """As a reload does."""
    service = world.service
    async with service.paused():
        plan = await service.plan(new, newcomers)
        await world.store.commit(plan.changes())
        service.take_over(plan)
        for state in plan.states:
            await world.enforcer.apply(state)
        await service.confirm(plan)
    await service.realign()
    return plan


async def test_sessions_follow_a_changed_profile(world: World) -> None:
    """Only those on it: the next version, acknowledged, same address."""
    service = world.service
    await service.attach(LI)
    before = await service.attach(ZHANG)
    await service.restrict(ZHANG)
    plan = await take_over(world, rules(shelves=shelves(ambr=Ambr(1, 2))))
    status = await service.status(ZHANG)
    session = status.line.session
    assert session is not None
    assert (session.ue_ipv4, session.policy_version, status.effective) == (before.ue_ipv4, 3, "green")
    assert [one.imsi for one in plan.sessions] == [imsi_of(ZHANG)]
    assert [event.name for event in (await service.timeline(ZHANG))[-2:]] == [
        events.PGW_SESSION_MODIFIED,
        events.ENFORCEMENT_ACKNOWLEDGED,
    ]
    assert (await take_over(world, rules(shelves=shelves(ambr=Ambr(1, 2))))).sessions == ()


async def test_another_policy_or_meaning_is_in_force_at_once(world: World) -> None:
    service = world.service
    await service.attach(ZHANG)
    await service.restrict(ZHANG)
    await take_over(world, rules(shelves=shelves(policy="quiz")))
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "quiz"
    await take_over(world, rules(shelves=meaning("barred")))
    session = (await service.status(ZHANG)).line.session
    assert session is not None
    assert (session.state.value, world.enforcer.lines[imsi_of(ZHANG)].policy) == ("released", None)
    assert (await service.timeline(ZHANG))[-2].name == events.PGW_SESSION_RELEASED
    await service.attach(LI)
    li = (await service.status(LI)).line.session
    assert li is not None
    assert li.ue_ipv4 != session.ue_ipv4, "on hold"
    await take_over(world, world.rules)
    assert (await service.status(ZHANG)).effective == "green", "whom a profile cut off attaches again by itself"


async def test_released_sessions_are_left_alone(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.detach(ZHANG)
    assert (await take_over(world, rules(shelves=shelves(policy="quiz")))).sessions == ()


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        (
            replace(catalogue(), ordered=meaning("barred").ordered, profiles={
                name: each for name, each in catalogue().profiles.items() if name != "green"
            }),
            r"profile `green` is gone from apns\.yaml, but 1 session \(13800138000\) is on it",
        ),
        (catalogue(ipv4="10.99.0.0/16"), r"holds `10\.45\.0\.2` any more, but 4 sessions \(.*, …\) are on such"),
    ],
)  # fmt: skip
async def test_what_is_in_use_may_not_vanish(world: World, shelf: Catalogue, said: str) -> None:
    for msisdn in (ZHANG, LI, WANG, ACME_ONE):
        await world.service.attach(msisdn)
    await world.service.restrict(ZHANG)
    commits = len(world.store.commits)
    with pytest.raises(Conflict, match=said):
        await take_over(world, rules(shelves=shelf))
    assert len(world.store.commits) == commits
    assert world.service.catalogue == catalogue()
    assert (await world.service.charge(LI, Money(1))).effective == "internet"


async def test_a_pool_may_grow_under_its_sessions(world: World) -> None:
    """Addresses in use, on hold and assigned stay what they are."""
    held = await world.service.attach(ZHANG)
    await world.service.detach(ZHANG)
    kept = await world.service.attach(LI)
    await take_over(world, rules(shelves=catalogue(ipv4="10.44.0.0/15", hold=2 * HOLD)))
    assert world.service.session_at(kept.ue_ipv4 or IPv4Address(0)) is not None
    fresh = await world.service.attach(WANG)
    assert fresh.ue_ipv4 not in {held.ue_ipv4, kept.ue_ipv4, STATIC_IPV4}
    assert (await world.service.attach(STATIC)).ue_ipv4 == STATIC_IPV4


async def test_a_newcomer_s_static_address_is_kept_at_once(world: World) -> None:
    usual = await world.service.attach(ZHANG)
    assert usual.ue_ipv4 is not None
    card = Subscriber(Imsi("460001234567890"), Msisdn("8613812345678"), AccountId("li"), static_ipv4=usual.ue_ipv4 + 1)
    await take_over(world, world.rules, [card])
    assert (await world.service.attach(LI)).ue_ipv4 == usual.ue_ipv4 + 2


async def test_use_cases_wait_while_rules_change(world: World) -> None:
    """One that is under way ends first; one that comes meanwhile goes by the new rules."""
    service = world.service
    await service.attach(ZHANG)
    world.enforcer.gate = asyncio.Event()
    charging = asyncio.create_task(service.charge(ZHANG, Money(5900)))
    await world.enforcer.asked.wait()
    pausing = asyncio.create_task(take_over(world, rules(OrderedProfile.BARRED)))
    late = asyncio.create_task(service.charge(LI, Money(99900)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert [task.done() for task in (charging, pausing, late)] == [False] * 3
    world.enforcer.gate.set()
    assert (await charging).ordered is OrderedProfile.ARREARS
    await pausing
    assert (await late).ordered is OrderedProfile.BARRED
    assert (await service.status(ZHANG)).ordered is OrderedProfile.BARRED


async def test_what_cannot_be_confirmed_now_is_finished_later(world: World) -> None:
    service = world.service
    await service.attach(ZHANG)
    await service.restrict(ZHANG)
    async with service.paused():
        plan = await service.plan(rules(shelves=shelves(policy="quiz")))
        await world.store.commit(plan.changes())
        service.take_over(plan)
        world.faults.fail("store")
        await service.confirm(plan)
    assert (await service.status(ZHANG)).effective is None
    world.faults.heal()
    await world.restart()
    world.rules = rules(shelves=shelves(policy="quiz"))
    await world.restart()
    assert (await world.service.status(ZHANG)).effective == "green"
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "quiz"


@pytest.mark.parametrize("point", range(8))
async def test_killed_at_any_moment(world: World, point: int) -> None:
    """The next start goes by the new rules, whatever had been done."""
    await world.service.attach(ZHANG)
    await world.service.attach(LI)
    await world.service.charge(ZHANG, Money(5900))
    world.rules = rules(OrderedProfile.BARRED, shelves=shelves(policy="quiz"))
    world.faults.crash_at(point)
    with contextlib.suppress(Crash):
        await take_over(world, world.rules)
    await world.restart()
    status = await world.service.status(ZHANG)
    assert (status.ordered, status.effective) == (OrderedProfile.BARRED, None)
    assert (await world.service.status(LI)).effective == "internet"


async def limit(world: World, account: str, minor: int) -> None:
    view = await world.store.account(AccountId(account))
    assert view is not None
    await world.store.commit([PutAccount(replace(view.account, credit_limit=Money(minor)))])


async def test_standing_is_derived_anew(world: World) -> None:
    """A lower limit stops; a higher one resumes nobody, only a cleared account does (S25, S27)."""
    service = world.service
    await service.attach(LI)
    assert (await service.charge(LI, Money(11000))).effective == "internet"
    await limit(world, "li", 500)
    assert await service.realign() == 1
    assert (await service.status(LI)).effective == "green"
    (order,) = world.store.orders()
    assert order.cause == "rules"
    assert [notice.kind.value for notice in await service.inbox(LI)] == ["stopped"]
    await limit(world, "li", 5000)
    assert await service.realign() == 0
    assert (await service.status(LI)).effective == "green"
    await pay(service, LI, Money(1000))
    assert (await service.status(LI)).effective == "internet"


async def test_a_line_held_by_hand_keeps_its_cause_and_one_restored_by_hand_stays_open(world: World) -> None:
    service = world.service
    await service.restrict(ZHANG)
    await service.charge(WANG, Money(9900))
    await service.restore(WANG)
    await take_over(world, rules(OrderedProfile.BARRED))
    status = await service.status(ZHANG)
    assert (status.ordered, status.line.subscription.hold) == (OrderedProfile.BARRED, Hold.RESTRICT)
    assert {order.cause for order in world.store.orders() if order.imsi == imsi_of(ZHANG)} == {"by hand"}
    assert (await service.status(WANG)).ordered is OrderedProfile.OPEN


async def test_an_account_that_cannot_follow_now_is_tried_again(world: World) -> None:
    service = world.service
    await service.attach(LI)
    await service.charge(LI, Money(11000))
    await limit(world, "li", 0)
    world.faults.fail("enforcer")
    assert await service.realign() == 1
    assert (await service.status(LI)).effective is None
    world.faults.heal()
    world.notifier.heard.clear()
    async with asyncio.timeout(10):
        await world.notifier.heard.wait()
    await service.stop()
    assert (await service.status(LI)).effective == "green"


async def test_a_start_brings_everybody_to_where_the_rules_want_them(world: World) -> None:
    """Also where two profiles have changed places."""
    await world.service.attach(ZHANG)
    await world.service.attach(LI)
    await world.service.restrict(ZHANG)
    usual = catalogue()
    swapped = [profile("internet", "arrears"), profile("green", "open")]
    names = {OrderedProfile.OPEN: ProfileName("green"), OrderedProfile.ARREARS: ProfileName("internet")}
    other = replace(
        usual, profiles={**usual.profiles, **{one.name: one for one in swapped}}, ordered={**usual.ordered, **names}
    )
    world.rules = rules(shelves=other)
    await world.restart()
    assert [(await world.service.status(each)).effective for each in (ZHANG, LI)] == ["internet", "green"]
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "arrears"


async def test_a_plan_that_cannot_be_made_changes_nothing(world: World) -> None:
    await world.service.attach(ZHANG)

    async def unavailable() -> dict[Imsi, OrderedProfile]:
        raise Unavailable("no")

    world.store.ordered_profiles = unavailable  # type: ignore[method-assign]  # a store that cannot be read now
    with pytest.raises(Unavailable):
        await take_over(world, rules(shelves=shelves(policy="quiz")))
    assert world.service.catalogue.profiles[ProfileName("green")].policy == "arrears"
    assert (await world.service.charge(ZHANG, Money(1))).effective == "internet"
