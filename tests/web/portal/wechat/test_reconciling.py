"""The portal's reconciliation with WeChat Pay: by the bill, and on the running day by asking; what is repaired."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nfemu.bss.reconciliation import DifferenceKind
from nfemu.carrier.ports import AppendEntry, PutPayment
from nfemu.carrier.refunds import RefundNotification
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.errors import InvalidInput, Unavailable
from nfemu.model.identity import AccountId
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState
from nfemu.web.portal.wechat.client import Answered, WechatClient
from nfemu.web.portal.wechat.provider import NAME
from nfemu.web.portal.wechat.reconciling import Reconciler, Reconciliation
from nfemu.wechat.faults import Fault
from nfemu.wechat.refunds import WantedRefund
from tests.fakes.world import START, ZHANG
from tests.web.portal.wechat.portal import DUE, Portal
from tests.web.wechat.provider import MCHID, wall

ACCOUNT = AccountId("zhang")
DAY = START.date()
NEXT = timedelta(days=1, hours=10)


@pytest.fixture
def books(portal: Portal) -> Reconciler:
    return Reconciler(portal.service, portal.client)


async def unheard(portal: Portal) -> Payment:
    """Paid, and the portal does not know: nobody tells it, and it has given the order up."""
    await portal.provider.desk.arm(Fault.parse("lost"), MCHID)
    payment = await portal.ordered()
    await portal.world.store.commit([PutPayment(replace(payment, state=PaymentState.CLOSED))])
    await portal.paid(payment)
    return payment


async def refund(portal: Portal, payment: Payment, amount: int = DUE.minor) -> None:
    """By the provider itself, which tells nobody."""
    trade = await portal.provider.desk.trade(MCHID, payment.no)
    await portal.provider.desk.refund(trade, WantedRefund("R1", amount, DUE.minor, "CNY", "digest"))


def found(reconciliation: Reconciliation) -> tuple[int, list[DifferenceKind]]:
    return reconciliation.comparison.matches, [each.kind for each in reconciliation.comparison.differences]


async def test_what_agrees(portal: Portal, books: Reconciler) -> None:
    await portal.paid(await portal.ordered())
    await portal.ordered()
    today = await books.run()
    assert (today.day, today.by_bill, found(today)) == (DAY, False, (1, []))
    await portal.advance(NEXT)
    bill = await books.run(DAY)
    assert (bill.by_bill, found(bill)) == (True, (1, []))
    assert found(await books.run()) == (0, [])


async def test_before_ten_there_is_no_bill_of_yesterday(portal: Portal, books: Reconciler) -> None:
    await portal.paid(await portal.ordered())
    await portal.advance(timedelta(hours=12))
    yesterday = await books.run(DAY)
    assert (yesterday.by_bill, found(yesterday)) == (False, (1, []))


@pytest.mark.parametrize("later", [timedelta(0), NEXT])
async def test_what_was_paid_and_is_not_booked_is_booked(portal: Portal, books: Reconciler, later: timedelta) -> None:
    payment = await unheard(portal)
    await portal.advance(later)
    before = await books.run(DAY)
    assert found(before) == (0, [DifferenceKind.NOT_BOOKED])
    repaired = await books.repair(DAY)
    assert (found(repaired), [each.payment_no for each in repaired.repaired]) == ((1, []), [payment.no])
    assert await portal.booked() == [DUE]


async def test_what_was_refunded_and_is_not_booked(portal: Portal, books: Reconciler) -> None:
    payment = await portal.ordered()
    await portal.paid(payment)
    await refund(portal, payment)
    assert found(await books.repair()) == (1, [DifferenceKind.REFUND_NOT_BOOKED])
    await portal.advance(NEXT)
    assert found(await books.run(DAY)) == (1, [DifferenceKind.REFUND_NOT_BOOKED])
    assert found(await books.repair(DAY)) == (2, [])
    assert (await portal.service.status(ZHANG)).balance == Money(3000)
    assert found(await books.run()) == (1, []), "booked on the day after it was made"
    await portal.advance(timedelta(days=1))
    assert found(await books.run(DAY + timedelta(days=1))) == (0, [])


async def test_what_went_back_the_day_before_is_no_matter_of_today(portal: Portal, books: Reconciler) -> None:
    """Of yesterday's orders the provider is asked too, and says of each that it was refunded, not when."""
    payment = await portal.ordered()
    await portal.paid(payment)
    await refund(portal, payment)
    await portal.service.refunded(RefundNotification(NAME, payment.no, "R-1", DUE))
    await portal.advance(timedelta(days=1))
    today = await books.run()
    assert (today.day, today.by_bill, found(today)) == (DAY + timedelta(days=1), False, (0, []))


async def test_an_account_on_a_clock_of_its_own(portal: Portal, books: Reconciler) -> None:
    """It dates orders and entries by its own time, the provider by the carrier's."""
    await portal.service.advance_account(ACCOUNT, timedelta(days=3))
    payment = await portal.ordered()
    await portal.paid(payment)
    assert found(await books.run()) == (1, [])
    await refund(portal, payment)
    assert found(await books.run()) == (1, [DifferenceKind.REFUND_NOT_BOOKED])
    await portal.advance(NEXT)
    assert found(await books.repair(DAY)) == (2, [])
    assert found(await books.run()) == (0, [])
    await portal.advance(timedelta(days=4))
    for back in range(5):
        assert not (await books.run(DAY + timedelta(days=back + 1))).comparison.differences


@pytest.mark.parametrize(
    ("number", "minor", "kind"),
    [
        ("WeChat Pay/42", 2900, DifferenceKind.NOT_PAID),
        ("WeChat Pay/{transaction}", 2901, DifferenceKind.AMOUNT),
        ("refund/WeChat Pay/43", -2900, DifferenceKind.NOT_REFUNDED),
    ],
)
async def test_what_is_booked_and_unknown_there_is_for_people(
    portal: Portal, books: Reconciler, number: str, minor: int, kind: DifferenceKind
) -> None:
    payment = await unheard(portal)
    trade = await portal.provider.desk.trade(MCHID, payment.no)
    number = number.format(transaction=trade.transaction_id)
    kept = replace(payment, state=PaymentState.PAID, trade_no=number.rpartition("/")[2], paid_at=START, posted_at=START)
    entry_kind = EntryKind.PAYMENT if minor > 0 else EntryKind.CHARGE
    entry = LedgerEntry(payment.account, entry_kind, Money(minor), START, number, payment.imsi, payment.no)
    await portal.world.store.commit([PutPayment(kept), AppendEntry(entry)])
    await portal.advance(NEXT)
    left = [each for each in (await books.repair(DAY)).comparison.differences if each.number == number]
    assert [(each.kind, each.booked) for each in left] == [(kind, Money(abs(minor)))]


async def test_a_day_without_a_bill(books: Reconciler) -> None:
    for day in (DAY + timedelta(days=1), DAY - timedelta(days=93), date(1, 1, 1)):
        with pytest.raises(InvalidInput, match="there is no bill of"):
            await books.run(day)


async def test_a_bill_that_is_not_the_one_promised(portal: Portal, books: Reconciler) -> None:
    await portal.paid(await portal.ordered())
    await portal.advance(NEXT)
    transport = (await portal.client())._transport

    async def other_file(method: str, target: str, headers: object, body: bytes) -> Answered:
        answered = await transport(method, target, headers, body)  # type: ignore[arg-type]
        changed = answered.body + b"\r\n" if "billdownload" in target else answered.body
        return Answered(answered.status, answered.headers, changed)

    async def deceived() -> WechatClient:
        return WechatClient(portal.account, other_file, wall)

    with pytest.raises(Unavailable, match="is not the one that it promised"):
        await Reconciler(portal.service, deceived).run(DAY)
