"""Auto-deduct (G19): charged by the agreement when the balance runs out, and never restricted while that succeeds."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from nfemu.carrier import agreements
from nfemu.carrier.commands import Step
from nfemu.model import events
from nfemu.model.account import EntryKind, Standing
from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.model.identity import AccountId, Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.subscriber import Hold, OrderedProfile
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, ACME_TWO, LI, WANG, WANG_SECOND, ZHANG, World, link_of

CHARGE = Money(5900)
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
async def signed(world: World) -> World:
    """Zhang is attached and has signed."""
    await world.service.attach(ZHANG)
    await world.service.sign_agreement(ZHANG, None)
    return world


def _again(world: World, account: AccountId) -> Step[str | None]:
    return agreements.ask_again(world.rules, account)


async def kinds(world: World, msisdn: Msisdn = ZHANG) -> list[NoticeKind]:
    return [notice.kind for notice in await world.service.inbox(msisdn)][::-1]


async def names(world: World, msisdn: Msisdn = ZHANG) -> list[str]:
    return [event.name for event in await world.service.timeline(msisdn)]


async def ordered(world: World, msisdn: Msisdn = ZHANG) -> OrderedProfile:
    return (await world.service.status(msisdn)).ordered


async def test_what_is_due_is_deducted_and_nothing_is_ever_restricted(signed: World) -> None:
    status = await signed.service.charge(ZHANG, CHARGE)
    assert (status.standing, status.balance, status.ordered) == (Standing.IN_CREDIT, Money(0), OrderedProfile.OPEN)
    assert signed.store.orders() == []
    assert {state.policy for state in signed.enforcer.applied} == {"open"}
    payment = (await signed.service.ledger(ZHANG))[0]
    assert (payment.kind, payment.amount) == (EntryKind.PAYMENT, Money(2900))
    assert list(signed.provider.taken.values()) == [Money(2900)]
    assert await kinds(signed) == [NoticeKind.DEDUCTED]
    (notice,) = await signed.service.inbox(ZHANG)
    assert "¥29.00" in notice.text
    assert notice.sender == "sandbox"
    assert (await names(signed))[-7:] == [
        events.LEDGER_ENTRY,
        events.DEDUCTION_REQUESTED,
        events.STANDING_CHANGED,
        events.DEDUCTION_DONE,
        events.LEDGER_ENTRY,
        events.STANDING_CHANGED,
        events.NOTICE_SENT,
    ]


async def test_month_after_month(signed: World) -> None:
    for _ in range(3):
        await signed.service.charge(ZHANG, CHARGE)
    assert [amount.minor for amount in signed.provider.taken.values()] == [2900, 5900, 5900]
    assert signed.store.orders() == []


async def test_a_balance_that_suffices_is_left_alone(signed: World) -> None:
    await signed.service.charge(ZHANG, Money(3000))
    assert signed.provider.taken == {}


async def test_a_repeated_charge_deducts_once(signed: World) -> None:
    await asyncio.gather(*(signed.service.charge(ZHANG, CHARGE, key="november") for _ in range(5)))
    assert len(signed.provider.taken) == 1
    assert (await signed.service.status(ZHANG)).balance == Money(0)


async def test_within_the_credit_limit_too(world: World) -> None:
    await world.service.sign_agreement(LI, None)
    status = await world.service.charge(LI, Money(11000))
    assert (status.balance, list(world.provider.taken.values())) == (Money(0), [Money(1000)])


async def test_when_the_bank_declines_dunning_goes_on_as_usual(signed: World) -> None:
    signed.provider.bank = "decline"
    status = await signed.service.charge(ZHANG, CHARGE)
    assert (status.ordered, status.effective) == (OrderedProfile.ARREARS, "green")
    assert await kinds(signed) == [NoticeKind.DEDUCTION_FAILED, NoticeKind.STOPPED]
    assert events.DEDUCTION_DECLINED in await names(signed)
    assert (await signed.store.open_deductions()) == []
    signed.provider.bank = "accept"
    await signed.service.advance_clock(timedelta(days=2))
    assert signed.provider.taken == {}, "a declined deduction is not repeated by itself"
    await signed.service.charge(ZHANG, Money(100))
    assert list(signed.provider.taken.values()) == [Money(3000)]
    assert await ordered(signed) is OrderedProfile.OPEN


async def test_more_than_the_cap_is_not_deducted_in_part(world: World) -> None:
    await world.service.sign_agreement(ZHANG, Money(2899))
    assert await ordered(world) is OrderedProfile.OPEN
    await world.service.charge(ZHANG, CHARGE)
    assert await ordered(world) is OrderedProfile.ARREARS
    assert world.provider.taken == {}
    assert events.DEDUCTION_SKIPPED in await names(world)


async def test_who_owes_more_than_the_cap_is_told_once_for_each_charge(world: World) -> None:
    """In the commit of the entry, so that neither a repetition nor a restart before it is sent makes it none or two."""
    await world.service.sign_agreement(ZHANG, Money(2899))
    world.faults.fail("notifier")
    await world.service.charge(ZHANG, CHARGE, key="november")
    assert await kinds(world) == []
    world.faults.heal()
    await world.restart()
    await asyncio.gather(*(world.service.charge(ZHANG, CHARGE, key="november") for _ in range(3)))
    assert Counter(await kinds(world)) == {NoticeKind.DEDUCTION_FAILED: 1, NoticeKind.STOPPED: 1}
    (told,) = [each for each in await world.service.inbox(ZHANG) if each.kind is NoticeKind.DEDUCTION_FAILED]
    assert told.text == (
        "【示例移动】号码138****8000应缴¥29.00，超过自动缴费协议的单次限额，没有扣款。"
        f"请点击 {told.link} 缴费，或签约更高的限额。紧急呼叫不受影响。"
    )
    assert (told.sender, told.link) == ("示例移动", link_of(told))
    await world.service.charge(ZHANG, Money(100))
    assert Counter(await kinds(world))[NoticeKind.DEDUCTION_FAILED] == 2


async def test_who_signed_for_a_unit_is_not_told_what_it_owes(world: World) -> None:
    """S11; the stop notice that follows says what the own share is."""
    await world.service.sign_agreement(ACME_ONE, Money(2899))
    await world.service.charge(ACME_ONE, Money(1000))
    await world.service.charge(ACME_TWO, Money(60000))
    texts = {notice.kind: notice.text for notice in await world.service.inbox(ACME_ONE)}
    assert "超过自动缴费协议的单次限额" in texts[NoticeKind.DEDUCTION_FAILED]
    assert "¥" not in texts[NoticeKind.DEDUCTION_FAILED]
    assert "您个人的部分为¥10.00" in texts[NoticeKind.STOPPED]
    await world.service.revoke_agreement(ACME_ONE)
    world.provider.bank = "decline"
    await world.service.sign_agreement(ACME_ONE, Money(100_000))
    declined = (await world.service.inbox(ACME_ONE))[0]
    assert declined.kind is NoticeKind.DEDUCTION_FAILED
    assert "单位账户" in declined.text
    assert "¥" not in declined.text


async def test_what_an_agreement_paid_is_no_share_of_those_who_used_it(world: World) -> None:
    """S8: the payment is the signing card's; the account owes what it owes, and nobody is asked for more."""
    await world.service.sign_agreement(ACME_TWO, None)
    await world.service.charge(ACME_ONE, Money(55000))
    assert (await world.service.status(ACME_ONE)).shown_due == Money(0)
    await world.service.revoke_agreement(ACME_TWO)
    await world.service.charge(ACME_ONE, Money(50100))
    assert (await world.service.status(ACME_ONE)).shown_due == Money(50100)


async def test_who_signs_for_less_than_is_due_already_is_told(world: World) -> None:
    await world.service.charge(LI, Money(11000))
    await world.service.sign_agreement(LI, Money(999))
    (told,) = await world.service.inbox(LI)
    assert told.text.startswith("Example Mobile: ¥10.00 is due for number 138****8001, more than your auto-deduct")


async def test_what_is_charged_while_the_provider_is_asked_can_be_more_than_the_cap(signed: World) -> None:
    signed.faults.fail("provider")
    await signed.service.charge(ZHANG, CHARGE)
    await signed.service.charge(ZHANG, Money(30_000))
    signed.faults.heal()
    await signed.service.advance_clock(TEN_MINUTES)
    assert list(signed.provider.taken.values()) == [Money(2900)]
    assert Counter(await kinds(signed)) == {
        NoticeKind.STOPPED: 1,
        NoticeKind.DEDUCTED: 1,
        NoticeKind.DEDUCTION_FAILED: 1,
    }


@pytest.mark.parametrize("silent", [False, True])
async def test_without_an_answer_dunning_goes_on_and_the_same_deduction_is_asked_about_again(silent: bool) -> None:
    world = World(provider_within=0.01)
    await world.start()
    await world.service.attach(ZHANG)
    await world.service.sign_agreement(ZHANG, None)
    world.provider.silent = silent
    if not silent:
        world.faults.fail("provider")
    status = await world.service.charge(ZHANG, CHARGE)
    assert status.ordered is OrderedProfile.ARREARS
    (waiting,) = await world.store.open_deductions()
    happened = await world.service.advance_clock(TEN_MINUTES)
    assert [each.text for each in happened] == [f"deduction {waiting.no} has no answer yet"]
    world.provider.silent = False
    world.faults.heal()
    await world.restart()
    happened = await world.service.advance_clock(TEN_MINUTES)
    assert [each.text for each in happened] == [f"deduction {waiting.no} was answered"]
    assert world.provider.taken == {waiting.no: Money(2900)}
    assert await ordered(world) is OrderedProfile.OPEN
    assert await kinds(world) == [NoticeKind.STOPPED, NoticeKind.DEDUCTED, NoticeKind.RESTORED]
    assert (await names(world)).count(events.DEDUCTION_UNANSWERED) == 1
    await world.service.stop()


async def test_money_that_was_taken_without_an_answer_is_booked_later(signed: World) -> None:
    """The provider took it and was cut off before it could say so: asked again, it says the same."""
    signed.faults.fail("provider", after=1)
    taken = signed.provider.taken

    signed.faults.heal()
    signed.faults.crash_at(4)
    with pytest.raises(Crash):
        await signed.service.charge(ZHANG, CHARGE)
    await signed.restart()
    assert len(taken) == 1
    status = await signed.service.status(ZHANG)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    assert signed.store.orders() == []


@pytest.mark.parametrize("point", range(10))
@pytest.mark.parametrize("bank", ["accept", "decline"])
async def test_a_crash_anywhere_deducts_once_and_forgets_nothing(signed: World, point: int, bank: str) -> None:
    signed.provider.bank = bank
    signed.faults.crash_at(point)
    with pytest.raises(Crash):
        await signed.service.charge(ZHANG, CHARGE, key="november")
    await signed.restart()
    await signed.service.charge(ZHANG, CHARGE, key="november")
    paid = bank == "accept"
    assert list(signed.provider.taken.values()) == ([Money(2900)] if paid else [])
    status = await signed.service.status(ZHANG)
    assert status.balance == Money(0 if paid else -2900)
    assert status.ordered is (OrderedProfile.OPEN if paid else OrderedProfile.ARREARS)
    assert [order.kind.value for order in signed.store.orders()] == ([] if paid else ["stop"])
    assert sorted(await kinds(signed), key=str) == (
        [NoticeKind.DEDUCTED] if paid else [NoticeKind.DEDUCTION_FAILED, NoticeKind.STOPPED]
    )


async def test_what_is_charged_while_the_answer_cannot_be_stored_is_deducted_in_turn(signed: World) -> None:
    signed.faults.fail("store", after=1)
    with pytest.raises(Unavailable):
        await signed.service.charge(ZHANG, CHARGE)
    assert await ordered(signed) is OrderedProfile.OPEN, "the agreement's answer is awaited"
    signed.faults.heal()
    status = await signed.service.charge(ZHANG, Money(100))
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    assert list(signed.provider.taken.values()) == [Money(2900), Money(100)]
    assert signed.store.orders() == []


async def test_new_rules_stop_nobody_whose_agreement_is_being_asked(signed: World) -> None:
    signed.faults.fail("store", after=1)
    with pytest.raises(Unavailable):
        await signed.service.charge(ZHANG, CHARGE)
    signed.faults.heal()
    await signed.service._unfinished.realign((await signed.service.find("13800138000")).account)
    assert (await signed.service.status(ZHANG)).balance == Money(0)
    assert signed.store.orders() == []


async def test_whoever_pays_otherwise_is_not_charged_for_it_again(signed: World) -> None:
    signed.faults.fail("provider", after=0)
    await signed.service.charge(ZHANG, CHARGE)
    signed.faults.heal()
    await pay(signed.service, ZHANG, Money(2900))
    await signed.service.advance_clock(TEN_MINUTES)
    assert signed.provider.taken == {}
    assert await signed.store.open_deductions() == []
    assert NoticeKind.DEDUCTION_FAILED not in await kinds(signed), "the carrier gave it up itself"


async def test_paying_while_the_answer_is_awaited_closes_the_request(signed: World) -> None:
    signed.faults.fail("store", after=1)
    signed.provider.silent = True
    signed.service._runner._provider_within = 0.01
    with pytest.raises(Unavailable):
        await signed.service.charge(ZHANG, CHARGE)
    signed.provider.silent = False
    signed.faults.heal()
    settled = await pay(signed.service, ZHANG, Money(2900))
    assert settled.status.ordered is OrderedProfile.OPEN
    assert (signed.store.orders(), signed.provider.taken) == ([], {})


async def test_after_a_day_without_an_answer_it_is_closed(signed: World) -> None:
    signed.faults.fail("provider", after=0)
    await signed.service.charge(ZHANG, CHARGE)
    await signed.service.advance_clock(timedelta(hours=25))
    signed.faults.heal()
    await signed.service.advance_clock(timedelta(hours=6))
    assert await signed.store.open_deductions() == []
    assert signed.provider.taken == {}
    assert len(signed.provider.closed) == 1
    assert await ordered(signed) is OrderedProfile.ARREARS


async def test_a_revoked_agreement_is_not_asked(signed: World) -> None:
    status = await signed.service.revoke_agreement(ZHANG)
    assert status.agreement is None
    assert signed.provider.contracts == set()
    await signed.service.charge(ZHANG, CHARGE)
    assert await ordered(signed) is OrderedProfile.ARREARS
    assert events.DEDUCTION_REQUESTED not in await names(signed)
    with pytest.raises(Conflict, match="has no auto-deduct agreement; sign one first"):
        await signed.service.revoke_agreement(ZHANG)


async def test_revoking_does_not_need_the_provider(signed: World) -> None:
    signed.faults.fail("provider")
    await signed.service.revoke_agreement(ZHANG)
    signed.faults.heal()
    assert (await signed.service.status(ZHANG)).agreement is None
    assert events.AGREEMENT_NOT_TOLD in await names(signed)
    await signed.service.charge(ZHANG, CHARGE)
    assert signed.provider.taken == {}


async def test_revoked_while_unanswered_is_closed(signed: World) -> None:
    """Even where another agreement has been signed meanwhile."""
    signed.faults.fail("provider", after=0)
    await signed.service.charge(ZHANG, CHARGE)
    signed.faults.heal()
    await signed.service.revoke_agreement(ZHANG)
    await signed.service.sign_agreement(ZHANG, Money(100))
    await signed.service.advance_clock(TEN_MINUTES)
    assert signed.provider.taken == {}
    assert await signed.store.open_deductions() == []


async def test_the_payer_can_end_it_at_the_provider(signed: World) -> None:
    signed.provider.bank = "revoked"
    status = await signed.service.charge(ZHANG, CHARGE)
    assert (status.agreement, status.ordered) == (None, OrderedProfile.ARREARS)
    assert events.AGREEMENT_REVOKED in await names(signed)


async def test_signing_pays_what_is_due_already(world: World) -> None:
    await world.service.charge(ZHANG, CHARGE)
    status = await world.service.sign_agreement(ZHANG, None)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.OPEN)
    assert status.agreement is not None
    assert (status.agreement.cap, status.agreement.provider) == (Money(20_000), "sandbox")


async def test_one_agreement_covers_every_card_of_an_account(world: World) -> None:
    await world.service.sign_agreement(WANG, None)
    with pytest.raises(Conflict, match="revoke that first"):
        await world.service.sign_agreement(WANG_SECOND, None)
    await world.service.charge(WANG_SECOND, CHARGE)
    assert world.store.orders() == []
    assert await kinds(world, WANG) == [NoticeKind.DEDUCTED]
    assert await kinds(world, WANG_SECOND) == []


async def test_a_unit_account_can_have_one(world: World) -> None:
    await world.service.sign_agreement(ACME_ONE, None)
    await world.service.charge(ACME_TWO, Money(60_000))
    assert world.store.orders() == []
    assert (await world.service.status(ACME_TWO)).balance == Money(0)


async def test_what_cannot_be_signed(world: World) -> None:
    with pytest.raises(InvalidInput):
        await world.service.sign_agreement(ZHANG, Money(100, "EUR"))
    with pytest.raises(NotFound):
        await world.service.sign_agreement(Msisdn("8613900000000"), None)
    world.faults.fail("provider")
    with pytest.raises(Unavailable):
        await world.service.sign_agreement(ZHANG, None)
    assert (await world.service.status(ZHANG)).agreement is None


async def test_a_line_held_by_hand_stays_held(signed: World) -> None:
    await signed.service.restrict(ZHANG)
    status = await signed.service.charge(ZHANG, CHARGE)
    assert (status.balance, status.ordered) == (Money(0), OrderedProfile.ARREARS)
    assert status.line.subscription.hold is Hold.RESTRICT


async def test_a_duty_that_is_not_due_does_nothing(signed: World) -> None:
    account = (await signed.service.find("13800138000")).account
    assert await signed.service._runner.run(_again(signed, account)) is None
    signed.faults.fail("provider", after=0)
    await signed.service.charge(ZHANG, CHARGE)
    assert await signed.service._runner.run(_again(signed, account)) is None
    assert len(await signed.store.open_deductions()) == 1
