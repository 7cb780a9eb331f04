"""The runner: races, callers that go away, and failures in the middle."""

import asyncio
import logging

import pytest

from nfemu.carrier.commands import Apply, Begin, Emit, Lock, Step, ask
from nfemu.carrier.lines import line_state
from nfemu.carrier.ports import LineState
from nfemu.model.errors import Conflict, NfemuError, Unavailable
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.orders import OrderState
from nfemu.model.subscriber import Hold
from tests.fakes.paying import pay
from tests.fakes.world import LI, WANG, WANG_SECOND, ZHANG, World, imsi_of, notification

BACK = "http://portal.carrier.example/done"


async def test_the_same_payment_ten_times_at_once_has_one_effect(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    settled = await asyncio.gather(*(world.service.settle(notification(payment)) for _ in range(10)))
    assert sorted(each.repeated for each in settled) == [False] + [True] * 9
    assert {each.status.effective for each in settled} == {"internet"}
    assert (await world.service.status(ZHANG)).balance == Money(0)
    kinds = [notice.kind for notice in await world.service.inbox(ZHANG)]
    assert kinds.count(NoticeKind.RESTORED) == kinds.count(NoticeKind.PAYMENT_CONFIRMED) == 1


@pytest.mark.parametrize("restrict_first", [True, False])
async def test_restrict_racing_pay_ends_restricted(world: World, restrict_first: bool) -> None:
    """Whoever comes first, the person's word outranks the money, and the money is booked."""
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    payment, _ = await world.service.order_payment(ZHANG, Money(2900), BACK)
    race = [world.service.restrict(ZHANG), world.service.settle(notification(payment))]
    await asyncio.gather(*(race if restrict_first else race[::-1]))
    status = await world.service.status(ZHANG)
    assert (status.effective, status.line.subscription.hold, status.balance) == ("green", Hold.RESTRICT, Money(0))
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "arrears"


async def test_settle_answers_only_after_the_flip(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    world.enforcer.gate = asyncio.Event()
    paying = asyncio.create_task(pay(world.service, ZHANG, Money(2900)))
    await world.enforcer.asked.wait()
    assert (await world.service.status(ZHANG)).balance == Money(0)
    assert not paying.done()
    world.enforcer.gate.set()
    assert (await paying).status.effective == "internet"


async def test_a_caller_that_goes_away_leaves_nothing_half_done(world: World) -> None:
    """The client hung up in the middle of the flip."""
    await world.service.attach(ZHANG)
    world.enforcer.gate = asyncio.Event()
    charging = asyncio.create_task(world.service.charge(ZHANG, Money(5900)))
    await world.enforcer.asked.wait()
    charging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await charging
    world.enforcer.gate.set()
    await world.service._runner.drain()
    assert (await world.service.status(ZHANG)).effective == "green"
    assert len(await world.service.inbox(ZHANG)) == 1


async def test_a_failure_that_nobody_waits_for_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.service.attach(ZHANG)
    world.enforcer.gate = asyncio.Event()
    charging = asyncio.create_task(world.service.charge(ZHANG, Money(5900)))
    await world.enforcer.asked.wait()
    charging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await charging
    world.faults.fail("store")
    with caplog.at_level(logging.WARNING):
        world.enforcer.gate.set()
        await world.service._runner.drain()
    assert "whose caller went away failed: store is unavailable" in caplog.text


async def test_what_failed_after_a_commit_is_finished_without_anybody_asking(world: World) -> None:
    await world.service.attach(ZHANG)
    world.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await world.service.charge(ZHANG, Money(5900))
    account = (await world.service.find("13800138000")).account
    assert account in world.service._unfinished.finishing
    world.faults.heal()
    await asyncio.wait_for(world.notifier.heard.wait(), 5)
    await world.service._unfinished.finishing.stop()
    assert (await world.service.status(ZHANG)).effective == "green"
    assert len(await world.service.inbox(ZHANG)) == 1
    assert [order.state for order in world.store.orders()] == [OrderState.DONE]


async def test_every_line_of_an_account_is_applied_before_a_failure_is_raised(world: World) -> None:
    """One late enforcement point must not keep the others from being asked."""
    await world.service.attach(WANG)
    await world.service.attach(WANG_SECOND)
    world.faults.fail("enforcer", after=1)
    with pytest.raises(Unavailable):
        await world.service.charge(WANG, Money(9900))
    world.faults.heal()
    await world.service.charge(WANG, Money(1))
    for number in (WANG, WANG_SECOND):
        assert (await world.service.status(number)).effective == "green"


async def test_a_use_case_holds_one_account(world: World) -> None:
    def greedy() -> Step[None]:
        yield from ask(Lock(AccountId("zhang")))
        yield from ask(Lock(AccountId("li")))

    with pytest.raises(RuntimeError, match="a use case locks one account: it holds `zhang` and asks for `li`"):
        await world.service._runner.run(greedy())
    assert len(world.service._runner._locks) == 0


async def test_events_without_a_commit_are_never_told(world: World) -> None:
    def silent() -> Step[None]:
        correlation = yield from ask(Begin())
        yield from ask(Emit(imsi_of(ZHANG), correlation, "never"))

    await world.service._runner.run(silent())
    assert await world.service.timeline(ZHANG) == []


async def test_a_use_case_may_answer_a_failure(world: World) -> None:
    def forgiving(state: LineState) -> Step[str]:
        try:
            yield from ask(Apply((state,)))
        except NfemuError as error:
            return str(error)
        return "no failure"

    state = line_state(await world.service.attach(LI), world.rules.catalogue)
    world.faults.fail("enforcer")
    assert await world.service._runner.run(forgiving(state)) == "enforcer is unavailable; try again"


async def test_two_attaches_at_once_give_one_session(world: World) -> None:
    outcomes = await asyncio.gather(world.service.attach(ZHANG), world.service.attach(ZHANG), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "PdnSession"]
    assert isinstance(outcomes[1], Conflict)
