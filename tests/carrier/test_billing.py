"""Charges and a person's word: whose lines stop, what they are told, what lifts what."""

import pytest

from nfemu.model import events
from nfemu.model.account import Standing
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.subscriber import Hold, OrderedProfile
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, ACME_TWO, LI, WANG, WANG_SECOND, ZHANG, World, imsi_of, link_of, rules


async def kinds(world: World, msisdn: Msisdn) -> list[NoticeKind]:
    """Of the inbox, oldest first."""
    return [notice.kind for notice in await world.service.inbox(msisdn)][::-1]


async def test_a_charge_that_the_balance_covers_changes_nothing_else(world: World) -> None:
    await world.service.attach(ZHANG)
    status = await world.service.charge(ZHANG, Money(3000), "November")
    assert (status.standing, status.balance, status.amount_due) == (Standing.IN_CREDIT, Money(0), Money(0))
    assert status.effective == "internet"
    assert (await world.service.ledger(ZHANG))[0].note == "November"
    assert world.store.orders() == []


async def test_arrears_move_the_line_into_the_green_channel(world: World) -> None:
    """G4: the line stays up, its profile is another one; and the whole story is on the timeline."""
    session = await world.service.attach(ZHANG)
    status = await world.service.charge(ZHANG, Money(5900))
    assert (status.standing, status.ordered, status.effective) == (Standing.OVERDUE, OrderedProfile.ARREARS, "green")
    assert (status.amount_due, status.shown_due) == (Money(2900), Money(2900))
    after = status.line.session
    assert after is not None
    assert (after.ue_ipv4, after.generation, after.policy_version) == (session.ue_ipv4, 1, 2)
    assert world.enforcer.lines[imsi_of(ZHANG)].policy == "arrears"
    story = (await world.service.timeline(ZHANG))[3:]
    assert [event.name for event in story] == [
        events.LEDGER_ENTRY,
        events.STANDING_CHANGED,
        events.ORDER_CREATED,
        events.HSS_PROFILE_CHANGED,
        events.PGW_SESSION_MODIFIED,
        events.ENFORCEMENT_ACKNOWLEDGED,
        events.ORDER_DONE,
        events.NOTICE_SENT,
    ]
    assert len({event.correlation for event in story}) == 1
    assert [event.elapsed_ms for event in story] == sorted(event.elapsed_ms for event in story)
    assert [event.at for event in story] == sorted(event.at for event in story)


async def test_the_stop_notice_says_what_to_pay_and_where(world: World) -> None:
    """G1, S8."""
    await world.service.charge(ZHANG, Money(5900))
    (notice,) = await world.service.inbox(ZHANG)
    assert notice.kind is NoticeKind.STOPPED
    assert "¥29.00" in notice.text
    assert notice.link == link_of(notice)
    assert world.notifier.sent[notice.id].text == notice.text


async def test_one_stop_one_notice_whatever_is_charged_after(world: World) -> None:
    for _ in range(3):
        await world.service.charge(ZHANG, Money(5900))
    assert await kinds(world, ZHANG) == [NoticeKind.STOPPED]
    assert len(world.store.orders()) == 1


async def test_a_line_without_session_is_stopped_in_the_hss_and_attaches_restricted(world: World) -> None:
    status = await world.service.charge(ZHANG, Money(5900))
    assert (status.ordered, status.effective) == (OrderedProfile.ARREARS, None)
    assert world.enforcer.applied == []
    assert (await world.service.attach(ZHANG)).profile == "green"


async def test_within_the_credit_limit_nobody_is_stopped(world: World) -> None:
    """S25."""
    status = await world.service.charge(LI, Money(12000))
    assert (status.standing, status.ordered, status.amount_due) == (
        Standing.IN_GRACE,
        OrderedProfile.OPEN,
        Money(2000),
    )
    status = await world.service.charge(LI, Money(1))
    assert (status.standing, status.ordered) == (Standing.OVERDUE, OrderedProfile.ARREARS)
    assert "Pay ¥20.01" in (await world.service.inbox(LI))[0].text


async def test_a_secondary_card_is_stopped_and_told_with_its_main_card(world: World) -> None:
    """S11: it shows the account's arrears."""
    await world.service.attach(WANG_SECOND)
    await world.service.charge(WANG, Money(2500))
    status = await world.service.status(WANG_SECOND)
    assert (status.effective, status.shown_due, status.share) == ("green", Money(500), Money(0))
    assert "¥5.00" in (await world.service.inbox(WANG_SECOND))[0].text
    assert "¥5.00" in (await world.service.inbox(WANG))[0].text


async def test_a_unit_account_shows_each_member_the_own_share(world: World) -> None:
    """S11: all its cards are stopped; nobody learns what the others used."""
    await world.service.charge(ACME_ONE, Money(100))
    await world.service.charge(ACME_TWO, Money(60000))
    one, two = await world.service.status(ACME_ONE), await world.service.status(ACME_TWO)
    assert (one.ordered, two.ordered) == (OrderedProfile.ARREARS, OrderedProfile.ARREARS)
    assert (one.amount_due, one.shown_due, two.shown_due) == (Money(10100), Money(100), Money(10100))
    text = (await world.service.inbox(ACME_ONE))[0].text
    assert "¥1.00" in text
    assert "¥101.00" not in text


async def test_a_member_who_owes_nothing_is_told_so(world: World) -> None:
    """S11."""
    await world.service.charge(ACME_TWO, Money(60000))
    text = (await world.service.inbox(ACME_ONE))[0].text
    assert "¥" not in text
    assert "您个人没有欠费" in text


async def test_a_charge_with_a_key_is_booked_once(world: World) -> None:
    await world.service.charge(ZHANG, Money(1000), key="november")
    status = await world.service.charge(ZHANG, Money(1000), key="november")
    assert status.balance == Money(2000)
    for number, amount in ((ZHANG, Money(1001)), (LI, Money(1000))):
        with pytest.raises(Conflict, match="`charge/november` is already booked"):
            await world.service.charge(number, amount, key="november")


@pytest.mark.parametrize("amount", [Money(0), Money(-5), Money(5, "EUR")])
async def test_a_wrong_amount_changes_nothing(world: World, amount: Money) -> None:
    with pytest.raises(InvalidInput):
        await world.service.charge(ZHANG, amount)
    assert (await world.service.status(ZHANG)).balance == Money(3000)


async def test_restricted_by_hand_only_a_person_lifts_it(world: World) -> None:
    await world.service.attach(ZHANG)
    status = await world.service.restrict(ZHANG)
    assert (status.effective, status.line.subscription.hold, status.amount_due) == ("green", Hold.RESTRICT, Money(0))
    assert "缴费不能解除" in (await world.service.inbox(ZHANG))[0].text
    await world.service.charge(ZHANG, Money(5900))
    settled = await pay(world.service, ZHANG, Money(10000))
    assert (settled.status.effective, settled.missing) == ("green", Money(0))
    with pytest.raises(Conflict, match="`restrict` would change nothing"):
        await world.service.restrict(ZHANG)
    status = await world.service.restore(ZHANG)
    assert (status.effective, status.line.subscription.hold) == ("internet", Hold.NONE)
    assert await kinds(world, ZHANG) == [NoticeKind.STOPPED, NoticeKind.PAYMENT_CONFIRMED, NoticeKind.RESTORED]


async def test_a_stopped_line_can_be_held_without_a_second_stop(world: World) -> None:
    await world.service.charge(ZHANG, Money(5900))
    await world.service.restrict(ZHANG)
    assert len(world.store.orders()) == 1
    settled = await pay(world.service, ZHANG, Money(5900))
    assert settled.status.ordered is OrderedProfile.ARREARS


async def test_restored_by_hand_it_stays_open_until_the_standing_changes(world: World) -> None:
    await world.service.attach(ZHANG)
    await world.service.charge(ZHANG, Money(5900))
    status = await world.service.restore(ZHANG)
    assert (status.effective, status.line.subscription.hold) == ("internet", Hold.RESTORE)
    assert status.amount_due == Money(2900)
    status = await world.service.charge(ZHANG, Money(100))
    assert (status.effective, status.line.subscription.hold) == ("internet", Hold.RESTORE)
    with pytest.raises(Conflict, match="would change nothing"):
        await world.service.restore(ZHANG)
    settled = await pay(world.service, ZHANG, Money(3000))
    assert settled.status.line.subscription.hold is Hold.NONE
    status = await world.service.charge(ZHANG, Money(1))
    assert status.effective == "green"


async def test_an_open_line_is_not_restored(world: World) -> None:
    with pytest.raises(Conflict, match="the line is open"):
        await world.service.restore(ZHANG)


async def test_a_line_in_credit_owes_nothing_even_below_the_resume_balance() -> None:
    """S27's threshold is for lines that are stopped."""
    world = World(rules(resume_balance=Money(5000)))
    service = await world.start()
    assert (await service.status(ZHANG)).amount_due == Money(0)
    status = await service.charge(ZHANG, Money(5900))
    assert status.amount_due == Money(7900)
    settled = await pay(service, ZHANG, Money(7899))
    assert (settled.status.ordered, settled.missing) == (OrderedProfile.ARREARS, Money(1))
    settled = await pay(service, ZHANG, Money(1))
    assert (settled.status.ordered, settled.missing) == (OrderedProfile.OPEN, Money(0))
    await service.stop()


async def test_an_account_that_is_gone_is_not_found(world: World) -> None:
    subscriber = await world.service.find("13800138000")
    world.store._tables.accounts.pop(subscriber.account)
    for attempt in (world.service.charge(ZHANG, Money(1)), world.service.status(ZHANG)):
        with pytest.raises(NotFound, match="account `zhang` does not exist"):
            await attempt
