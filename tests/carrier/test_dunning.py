"""Dunning on a whole carrier, with business time moved by hand: what each policy does, and what the timeline tells."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.credit import DEFAULT_CARD, CreditRules
from nfemu.bss.dunning import Policy, Rule
from nfemu.bss.order_queue import Capacity, OrderRules
from nfemu.carrier.ports import PutDuty, PutNotice, PutOrder
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId, CorrelationId, NoticeId, OrderId
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind, NoticeState
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.model.subscriber import OrderedProfile
from tests.carrier.dunned import DUNNING, SHANGHAI, at, dunned, fresh, told
from tests.fakes.world import LI, WANG, WANG_SECOND, ZHANG, World, imsi_of, notification


@pytest.fixture
async def graded() -> AsyncIterator[World]:
    world = await fresh(Policy.GRADED)
    yield world
    await world.service.stop()


async def test_from_the_reminder_to_the_resume(graded: World) -> None:
    """S2, S1, S5, S22, S23, S27: a month's end and a month's start of somebody who pays late."""
    await graded.service.set_clock(at(11, 30, 20))
    (reminder,) = await graded.service.inbox(ZHANG)
    assert (reminder.kind, reminder.amount) == (NoticeKind.MONTH_END, Money(2900))
    assert at(11, 28, 8) <= (await told(graded, ZHANG))[0][1] < at(11, 28, 20)
    happened = await graded.service.set_clock(at(12, 2))
    kinds = [kind for kind, _ in await told(graded, ZHANG)]
    assert kinds == [NoticeKind.MONTH_END, NoticeKind.DUNNING, NoticeKind.STOP_NOTICE, NoticeKind.STOPPED]
    wave, notice, stop = [moment for _, moment in (await told(graded, ZHANG))[1:]]
    assert at(12, 1, 8) <= wave < at(12, 1, 9)
    assert at(12, 1, 8) <= notice < at(12, 1, 20)
    assert stop - notice == timedelta(minutes=30)
    assert "138****8000: stop notice by sms" in [each.text for each in happened]
    assert (await graded.service.status(ZHANG)).ordered is OrderedProfile.ARREARS
    payment, _ = await graded.service.order_payment(ZHANG, Money(2900), "http://portal/green")
    await graded.service.settle(notification(payment))
    assert (await graded.service.status(ZHANG)).ordered is OrderedProfile.OPEN
    assert await dunned(graded, ZHANG) == [
        ("dunning.reminder", "S2"),
        ("dunning.spared", "S22"),
        ("dunning.spared", "S11"),
        ("dunning.reminder", "S5"),
        ("dunning.stop_notice", "S22"),
        ("dunning.stop", "S23"),
    ]


async def test_whom_an_agreement_saves_is_not_reminded_unless_it_ends_before(graded: World) -> None:
    """S2, G19."""
    await graded.service.sign_agreement(ZHANG, None)
    await graded.service.set_clock(at(11, 30, 20))
    assert await told(graded, ZHANG) == []
    await graded.service.set_clock(at(12, 2))
    assert [kind for kind, _ in await told(graded, ZHANG)] == [NoticeKind.DEDUCTED]
    await graded.service.set_clock(at(12, 27))
    await graded.service.revoke_agreement(ZHANG)
    await graded.service.set_clock(at(12, 31, 20))
    assert (await told(graded, ZHANG))[-1][0] is NoticeKind.MONTH_END


async def test_a_payment_before_the_stop_spares_the_line_and_the_timeline_says_so(graded: World) -> None:
    """S6."""
    await graded.service.set_clock(at(11, 10, 9))
    await graded.service.charge(WANG, Money(2500))
    while NoticeKind.STOP_NOTICE not in [kind for kind, _ in await told(graded, WANG)]:
        await graded.service.advance_clock(timedelta(minutes=20))
    assert [kind for kind, _ in await told(graded, WANG_SECOND)] == [NoticeKind.STOP_NOTICE], "S11"
    payment, _ = await graded.service.order_payment(WANG, Money(500), "http://portal/green")
    await graded.service.settle(notification(payment))
    assert (await dunned(graded, WANG))[-1] == ("dunning.stop_cancelled", "S6")
    await graded.service.advance_clock(timedelta(days=1))
    assert graded.store.orders() == []


async def test_large_arrears_stop_with_the_charge_itself(graded: World) -> None:
    """S24."""
    await graded.service.set_clock(at(11, 10, 9))
    status = await graded.service.charge(LI, Money(32100))
    assert status.ordered is OrderedProfile.ARREARS
    assert [kind for kind, _ in await told(graded, LI)] == [NoticeKind.STOP_NOTICE, NoticeKind.STOPPED]


async def test_an_agreement_is_asked_before_dunning_decides_and_a_refusal_is_followed_by_what_it_decides(
    graded: World,
) -> None:
    """G19, S24: nothing is said while the bank may still pay."""
    await graded.service.set_clock(at(11, 10, 9))
    await graded.service.sign_agreement(LI, Money(100000))
    graded.provider.bank = "decline"
    status = await graded.service.charge(LI, Money(32100))
    assert status.ordered is OrderedProfile.ARREARS
    kinds = [kind for kind, _ in await told(graded, LI)]
    assert kinds == [NoticeKind.DEDUCTION_FAILED, NoticeKind.STOP_NOTICE, NoticeKind.STOPPED]


@pytest.mark.parametrize(
    ("base", "level", "kinds", "last"),
    [
        (1000, 5, [], ("dunning.spared", "S25")),
        (-1000, 9, [NoticeKind.STOP_NOTICE, NoticeKind.STOPPED], ("dunning.stop", "S23")),
    ],
    ids=["to 10", "to 1"],
)
async def test_another_credit_level_is_decided_on_at_once(
    base: int, level: int, kinds: list[NoticeKind], last: tuple[str, str]
) -> None:
    """S20, S25: the month's look at what an account has earned gives or takes credit."""
    card = replace(DEFAULT_CARD, base=base, min_months=0)
    world = await fresh(Policy.GRADED, level=level, credit=CreditRules(card, SHANGHAI))
    await world.service.set_clock(at(11, 30, 21))
    await world.service.charge(WANG, Money(2500))
    happened = await world.service.set_clock(at(12, 2, 0))
    assert any(each.text.startswith("credit level: 138****8002") for each in happened)
    assert [kind for kind, _ in await told(world, WANG) if kind is not NoticeKind.DUNNING] == kinds
    assert last in await dunned(world, WANG)
    await world.service.stop()


async def test_a_stop_that_waits_too_long_is_withdrawn_and_told_anew(graded: World) -> None:
    """S22, S23: its order still waits two hours after the notice."""
    await graded.service.set_clock(at(11, 10, 9))
    await graded.service.charge(WANG, Money(2500))
    now, imsi = at(11, 10, 12), imsi_of(WANG)
    notice = Notice(
        NoticeId("n"), imsi, NoticeKind.STOP_NOTICE, "C", "", CorrelationId("c"), at(11, 10, 10), None,
        NoticeState.SENT, at(11, 10, 10),
    )  # fmt: skip
    order = WorkOrder(
        OrderId("o"), imsi, OrderKind.STOP, OrderedProfile.ARREARS, "dunning", CorrelationId("c"), at(11, 10, 11)
    )
    duty = PutDuty(AccountId("wang"), DutyKind.DUNNING, now)
    await graded.store.commit([PutNotice(notice), PutOrder(order), duty])
    graded.service.watch(now)
    await graded.service.set_clock(now)
    (withdrawn,) = [each for each in graded.store.orders() if each.id == "o"]
    assert withdrawn.state is OrderState.SUPERSEDED
    assert ("dunning.stop_cancelled", "S22") in await dunned(graded, WANG)


async def test_a_stop_that_became_too_late_while_no_process_ran_is_not_executed_with_what_a_start_finishes(
    graded: World,
) -> None:
    """S22, S23: of two cards one was stopped and not acknowledged, the other one's order still waited."""
    slow = OrderRules(Capacity(1, 1), Capacity(1, 1))
    graded.rules = replace(graded.rules, orders=slow)
    await graded.restart()
    await graded.service.attach(WANG)
    await graded.service.set_clock(at(11, 10, 9))
    await graded.service.charge(WANG, Money(2500))
    graded.faults.fail("enforcer")
    with pytest.raises(Unavailable):
        await graded.service.set_clock(at(11, 11, 0))
    graded.faults.heal()
    assert {each.state for each in graded.store.orders()} == {OrderState.EXECUTED, OrderState.CREATED}
    await graded.store.write_clock(graded.service.now() + timedelta(hours=3))
    await graded.restart()
    assert {each.state for each in graded.store.orders()} == {OrderState.DONE, OrderState.SUPERSEDED}


async def test_a_duty_of_another_policy_s_is_forgotten() -> None:
    world = await fresh(Policy.IMMEDIATE)
    duty = AccountDuty(AccountId("wang"), DutyKind.DUNNING, at(11, 10))
    await world.store.commit([PutDuty(duty.account, duty.kind, duty.due_at)])
    world.service.watch(duty.due_at)
    assert await world.service.set_clock(at(11, 11)) == []
    assert duty not in await world.store.duties(duty.account)
    await world.service.stop()


async def test_classic_stops_the_main_card_in_the_next_night_without_a_word() -> None:
    world = await fresh(Policy.CLASSIC, OrderedProfile.BARRED)
    await world.service.set_clock(at(11, 10, 9))
    await world.service.charge(WANG, Money(2500))
    assert (await world.service.status(WANG)).ordered is OrderedProfile.OPEN
    await world.service.set_clock(at(11, 11, 0))
    main, second = [(await world.service.status(number)).ordered for number in (WANG, WANG_SECOND)]
    assert (main, second) == (OrderedProfile.BARRED, OrderedProfile.OPEN)
    assert await told(world, WANG) == [(NoticeKind.STOPPED, at(11, 11))]
    await world.service.stop()


async def test_another_policy_leaves_stopped_lines_and_plans_anew(graded: World) -> None:
    await graded.service.set_clock(at(11, 10, 9))
    await graded.service.charge(LI, Money(32100))
    graded.rules = replace(graded.rules, dunning=replace(DUNNING, policy=Policy.IMMEDIATE))
    await graded.restart()
    assert (await graded.service.status(LI)).ordered is OrderedProfile.ARREARS
    assert [duty for duty in await graded.store.duties_due(at(12, 31)) if duty.kind is DutyKind.DUNNING] == []
    graded.rules = replace(graded.rules, dunning=DUNNING.without(Rule.S24))
    await graded.restart()
    await graded.service.advance_clock(timedelta(0))
    planned = [duty.account for duty in await graded.store.duties_due(at(12, 31)) if duty.kind is DutyKind.DUNNING]
    assert planned == [AccountId("zhang")], "its fee of next month is not covered"
