"""Accounts on clocks of their own: their time alone goes on, in order, and never back; it is kept over everything."""

from datetime import timedelta

import pytest

from nfemu.bss.dunning import Policy
from nfemu.carrier.ports import Delivery
from nfemu.model.errors import Conflict, InvalidInput, NotFound
from nfemu.model.identity import AccountId, Msisdn
from nfemu.model.listing import PaymentsWanted
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.orders import PaymentState
from nfemu.model.subscriber import OrderedProfile
from nfemu.runtime import clocks
from nfemu.runtime.agenda import Happening
from nfemu.runtime.service import CarrierService
from tests.carrier.dunned import SHANGHAI, at, dunned, fresh, told
from tests.fakes.faults import Crash
from tests.fakes.paying import pay
from tests.fakes.world import LI, START, WANG, ZHANG, World, imsi_of

MONTH = timedelta(days=31)
HOUR = timedelta(hours=1)
ACCOUNT = AccountId("zhang")
OTHER = AccountId("wang")


async def month_begun(begins: timedelta = timedelta(0)) -> World:
    """Policy `graded`; it is 10 November, Zhang pays a fee on 1 December that the balance does not cover."""
    world = await fresh(Policy.GRADED)
    await world.service.set_clock(at(11, 10, 9))
    return world


async def ordered(world: World, number: Msisdn) -> OrderedProfile:
    return (await world.service.status(number)).ordered


async def lived(world: World) -> list[object]:
    """What became of Zhang, by the account's own time."""
    events = await world.service.timeline(ZHANG)
    return [
        (await world.service.ledger(ZHANG)),
        await told(world, ZHANG),
        [(each.name, each.business_at) for each in events if not each.name.startswith(("order", "hss", "enforce"))],
        await world.store.duties(ACCOUNT),
        await ordered(world, ZHANG),
    ]


async def test_only_the_account_lives_on() -> None:
    """Fees, messages, notice and stop come as they would, each as of the account's own time; the carrier's stands."""
    world = await month_begun()
    others = await world.store.duties(OTHER)
    happened = await world.service.advance_account(ACCOUNT, MONTH)
    assert [each.at for each in happened] == sorted(each.at for each in happened)
    assert happened[-1].at <= at(12, 11, 9)
    assert [kind for kind, _ in await told(world, ZHANG)] == [
        NoticeKind.MONTH_END,
        NoticeKind.DUNNING,
        NoticeKind.STOP_NOTICE,
        NoticeKind.STOPPED,
    ]
    fee = (await world.service.ledger(ZHANG))[0]
    assert str(fee.trade_no).endswith("/2026-12")
    assert fee.at.astimezone(SHANGHAI).date() == at(12, 1).date()
    assert await ordered(world, ZHANG) is OrderedProfile.ARREARS
    assert world.service.now() == at(11, 10, 9)
    assert world.service.clocks.own() == {ACCOUNT: at(12, 11, 9)}
    assert await world.store.duties(OTHER) == others
    assert await ordered(world, WANG) is OrderedProfile.OPEN


async def test_it_lives_as_if_the_carrier_had_gone_on() -> None:
    alone, together = await month_begun(), await month_begun()
    await alone.service.advance_account(ACCOUNT, MONTH)
    await together.service.advance_clock(MONTH)
    assert await lived(alone) == await lived(together)


@pytest.mark.parametrize("point", range(0, 48, 3))
async def test_a_carrier_that_is_killed_on_the_way_goes_on_where_it_was(point: int) -> None:
    whole, killed = await month_begun(), await month_begun()
    await whole.service.advance_account(ACCOUNT, MONTH)
    killed.faults.crash_at(point)
    with pytest.raises(Crash):
        await killed.service.advance_account(ACCOUNT, MONTH)
    await killed.restart()
    reached = killed.service.clocks.now(ACCOUNT)
    assert at(11, 10, 9) <= reached <= at(12, 11, 9)
    await killed.service.set_account_clock(ACCOUNT, at(12, 11, 9))
    assert (await killed.service.ledger(ZHANG)) == (await whole.service.ledger(ZHANG))
    assert await told(killed, ZHANG) == await told(whole, ZHANG)
    assert await killed.store.duties(ACCOUNT) == await whole.store.duties(ACCOUNT)


async def test_it_goes_on_with_the_carrier_s_and_never_back() -> None:
    world = await month_begun()
    await world.service.advance_account(ACCOUNT, timedelta(days=3))
    await world.service.advance_clock(HOUR)
    assert world.service.clocks.own() == {ACCOUNT: at(11, 13, 10)}
    with pytest.raises(Conflict, match=r"stands at .* and only moves forward"):
        await world.service.set_account_clock(ACCOUNT, at(11, 13, 9))
    with pytest.raises(InvalidInput, match="only moves forward"):
        await world.service.advance_account(ACCOUNT, -HOUR)
    with pytest.raises(InvalidInput, match="beyond the year 9999"):
        await world.service.advance_account(ACCOUNT, timedelta(days=9_999_999))
    with pytest.raises(NotFound):
        await world.service.advance_account(AccountId("nobody"), HOUR)
    await world.service.advance_account(OTHER, timedelta(0))
    assert world.service.clocks.own() == {ACCOUNT: at(11, 13, 10)}
    await world.restart()
    assert world.service.clocks.own() == {ACCOUNT: at(11, 13, 10)}


async def test_what_is_planned_on_it_comes_when_the_carrier_goes_on() -> None:
    world = await month_begun()
    await world.service.set_account_clock(ACCOUNT, at(11, 30, 23, 59))
    happened = await world.service.advance_clock(timedelta(hours=7))
    assert any("fees: " in each.text for each in happened)
    assert (await world.service.ledger(ZHANG))[0].at.astimezone(SHANGHAI).date() == at(12, 1).date()


async def test_a_charge_and_a_payment_are_dated_by_it() -> None:
    world = await month_begun()
    await world.service.advance_account(ACCOUNT, timedelta(days=2))
    payment, _ = await world.service.order_payment(ZHANG, Money(100), "")
    assert world.provider.orders[-1].expires_at == world.service.now() + timedelta(minutes=15)
    assert payment.created_at == at(11, 12, 9)
    await world.service.advance_account(ACCOUNT, timedelta(minutes=15))
    (closed,) = [each for each in (await world.service.payments(PaymentsWanted(), 0, 9))[0] if each.no == payment.no]
    assert closed.state is PaymentState.CLOSED
    await pay(world.service, ZHANG, Money(100))
    assert (await world.service.ledger(ZHANG))[0].at == at(11, 12, 9, 15)
    assert (await world.service.timeline(ZHANG))[-1].business_at == at(11, 12, 9, 15)
    (paid,) = [
        each for each in (await world.service.payments(PaymentsWanted(), 0, 9))[0] if each.state is PaymentState.PAID
    ]
    assert paid.posted_at == world.service.now()
    assert [each[0].expires_at for each in await world.service.waiting_orders(ZHANG, "", "")] == []


async def test_its_night_is_its_own() -> None:
    """Quiet hours and the two hours go by the account's time, whatever the carrier's is (S22, S23)."""
    world = await month_begun()
    await world.service.set_account_clock(ACCOUNT, at(11, 10, 23))
    await world.service.charge(ZHANG, Money(5900))
    assert await told(world, ZHANG) == []
    await world.service.set_account_clock(ACCOUNT, at(11, 11, 22))
    notice, stop = await told(world, ZHANG)
    assert (notice[0], stop[0]) == (NoticeKind.STOP_NOTICE, NoticeKind.STOPPED)
    assert at(11, 11, 8) <= notice[1] < stop[1] <= notice[1] + timedelta(hours=2)
    assert ("dunning.stop", "S23") in await dunned(world, ZHANG)


async def test_credit_for_a_while_ends_by_it() -> None:
    world = await month_begun()
    await world.service.grant_credit(ZHANG, Money(1000), await world.service.now_of(ZHANG) + timedelta(days=2))
    happened = await world.service.advance_account(ACCOUNT, timedelta(days=3))
    assert [each for each in happened if "credit expired" in each.text] == [Happening(at(11, 12, 9), happened[0].text)]


async def test_orders_and_channels_are_the_carrier_s() -> None:
    """An order is dated by the carrier, and the stop lasted as long as the account felt it; a channel that is full is
    so until the carrier's next second, however far the account is put ahead."""
    world = await month_begun()
    await world.service.set_account_clock(ACCOUNT, at(12, 11, 9))
    (stop,) = [order for order in world.store.orders() if order.imsi == imsi_of(ZHANG)]
    assert stop.done_at == at(11, 10, 9)
    assert stop.felt_at is not None
    assert stop.felt_at.astimezone(SHANGHAI).date() == at(12, 1).date()
    await world.service.advance_account(ACCOUNT, timedelta(days=2))
    await pay(world.service, ZHANG, Money(5900))
    resumed = world.store.orders()[-1]
    assert resumed.felt_at is not None
    assert resumed.felt_at - stop.felt_at > timedelta(days=11)
    world.notifier.says[Channel.SMS] = Delivery.FULL
    await world.service.charge(ZHANG, Money(5900))
    await world.service.advance_account(ACCOUNT, timedelta(hours=12))
    assert (await told(world, ZHANG))[-1][0] is NoticeKind.RESTORED
    world.notifier.says.clear()
    await world.service.advance_clock(timedelta(seconds=2))
    assert (await told(world, ZHANG))[-1][0] is NoticeKind.STOP_NOTICE


async def test_a_deduction_without_an_answer_is_asked_about_by_it(world: World) -> None:
    await world.service.sign_agreement(LI, None)
    world.faults.fail("provider")
    await world.service.charge(LI, Money(12000))
    world.faults.heal()
    happened = await world.service.advance_account(AccountId("li"), timedelta(hours=12))
    assert happened[0].text.endswith("was answered")
    assert (await world.service.status(LI)).balance == Money(0)
    assert world.service.now() == START


async def test_it_is_put_ahead_of_the_wall_clock_as_well(world: World) -> None:
    """Where the carrier's time goes by itself, and nobody can move it."""
    service = CarrierService(
        store=world.store,
        enforcer=world.enforcer,
        notifier=world.notifier,
        provider=world.provider,
        clock=clocks.WallClock(),
        ids=world.ids,
        rules=world.rules,
    )
    await service.start()
    payment, _ = await service.order_payment(ZHANG, Money(100), "")
    happened = await service.advance_account(ACCOUNT, timedelta(minutes=15))
    assert [each.text for each in happened] == [f"payment {payment.no} expired"]
    assert service.clocks.ahead(ACCOUNT) == timedelta(minutes=15)
    assert service.clocks.now(OTHER) < service.clocks.now(ACCOUNT)
    await service.stop()
