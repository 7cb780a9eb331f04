"""The portal's reconciliation: WeChat Pay's bill of a day beside the ledger, and repair of what is safe to repair.

The day is the provider's (UTC+8). Of one whose bill is not there yet, the running one above all, the provider is asked
about every order that was made on it or the day before; what it took for orders that are unknown here comes with the
bill alone.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nfemu.bss import ledger
from nfemu.bss.reconciliation import Comparison, Difference, DifferenceKind, Line, compare
from nfemu.carrier.payments import LearnedBy, PaymentNotification
from nfemu.carrier.refunds import RefundNotification
from nfemu.model.account import LedgerEntry
from nfemu.model.errors import InvalidInput, NfemuError
from nfemu.model.identity import PaymentNo
from nfemu.runtime.service import CarrierService
from nfemu.web.portal.wechat.client import WechatClient
from nfemu.web.portal.wechat.provider import NAME, order_path
from nfemu.web.portal.wechat.statement import statement_of
from nfemu.web.portal.wechat.transaction import receipt_of
from nfemu.wechat.bill import KEPT_FOR, day_of
from nfemu.wechat.documents import ZONE
from nfemu.wechat.trade import TradeState

_LATE = timedelta(days=2)
"""What happened so long ago may be booked on this day: notifications come for a day."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`by_bill`: else by asking about each order. `repaired`: differences that are none any more."""

    day: date
    by_bill: bool
    comparison: Comparison
    repaired: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stated:
    lines: Sequence[Line]
    by_bill: bool


class Reconciler:
    """`client` gives the portal's as a merchant."""

    def __init__(self, carrier: CarrierService, client: Callable[[], Awaitable[WechatClient]]) -> None:
        self._carrier = carrier
        self._client = client

    async def run(self, day: date | None = None) -> Reconciliation:
        """Of `day`, None: today. Raises InvalidInput for a day of which there can be no bill, Unavailable."""
        day = self._checked(day)
        stated = await self._stated(day)
        return Reconciliation(day, stated.by_bill, await self._compared(day, stated.lines))

    async def repair(self, day: date | None = None) -> Reconciliation:
        """The same, once what the provider has and the ledger has not is booked; all else is for people. Raises as
        `run`."""
        before = await self.run(day)
        for difference in before.comparison.differences:
            await self._book(difference)
        after = await self.run(before.day)
        left = set(after.comparison.differences)
        repaired = tuple(each for each in before.comparison.differences if each not in left)
        return Reconciliation(after.day, after.by_bill, after.comparison, repaired)

    def _checked(self, day: date | None) -> date:
        today = self._carrier.now().astimezone(ZONE).date()
        day = day or today
        if not today - KEPT_FOR <= day <= today:
            raise InvalidInput(
                f"there is no bill of {day.isoformat()}; name today or one of the {KEPT_FOR.days} days before"
            )
        return day

    async def _stated(self, day: date) -> _Stated:
        """What the provider says of the day."""
        today = self._carrier.now().astimezone(ZONE).date()
        bill = await statement_of(await self._client(), day) if day < today else None
        if bill is not None:
            return _Stated(bill, by_bill=True)
        return _Stated(await self._asked(day), by_bill=False)

    async def _asked(self, day: date) -> list[Line]:
        """About every order that could have been paid on the day, or that was refunded on it."""
        begin, end = day_of(day)
        until = end + self._carrier.clocks.most_ahead()
        booked = await self._carrier.refunds_booked(NAME, begin - _LATE, until + _LATE)
        refunds = {PaymentNo(each.note): each for each in booked}
        ordered = await self._carrier.payments_ordered(begin - _LATE, until)
        of_the_day = (number for number, each in refunds.items() if self._is_since(each, begin))
        numbers = dict.fromkeys([*(each.no for each in ordered if each.provider == NAME), *of_the_day])
        lines: list[Line] = []
        for number in numbers:
            lines += await self._lines_of(await self._client(), number, refunds.get(number), (begin, end))
        return lines

    async def _lines_of(
        self, client: WechatClient, no: PaymentNo, refund: LedgerEntry | None, day: tuple[datetime, datetime]
    ) -> list[Line]:
        """Its payment, and a refund: of that the provider says here only that there is one, so its day is that on which
        it was booked."""
        answer = await client.find(order_path(client.account, no))
        receipt = receipt_of(client.account, answer)
        if receipt is None:
            return []
        lines = []
        if day[0] <= receipt.paid_at < day[1]:
            lines.append(Line(ledger.payment_number(NAME, receipt.trade_no), no, receipt.amount))
        if answer["trade_state"] == TradeState.REFUND.value:
            if refund is None:
                lines.append(Line(ledger.refund_number(NAME, "?"), no, None, refund=True))
            elif self._is_since(refund, day[0]):
                lines.append(_line(refund))
        return lines

    def _is_since(self, refund: LedgerEntry, begin: datetime) -> bool:
        """By the carrier's clock. An account that has been put ahead of it dates its entries by its own: on which day
        of the provider's they were booked nobody can say."""
        return refund.at >= begin and not self._carrier.clocks.ahead(refund.account)

    async def _compared(self, day: date, stated: Sequence[Line]) -> Comparison:
        begin, end = day_of(day)
        posted = await self._carrier.payments_posted_since(begin)
        own = [
            ledger.payment_number(NAME, each.trade_no)
            for each in posted
            if each.provider == NAME and each.trade_no and each.paid_at and begin <= each.paid_at < end
        ]
        numbers = dict.fromkeys([*own, *(each.number for each in stated)])
        found = [await self._carrier.entry(number) for number in numbers]
        of_the_day = await self._carrier.refunds_booked(NAME, begin, end)
        refunds = [each for each in of_the_day if self._is_since(each, begin)]
        booked = {line.number: line for line in _lines([*(each for each in found if each), *refunds])}
        known = {each.number for each in stated}
        late = any(line.refund and line.number not in known for line in booked.values())
        return compare(stated, booked, await self._stated_before(day) if late else ())

    async def _stated_before(self, day: date) -> set[str]:
        """What the bills of the days before have: a refund can be booked on the day after."""
        client = await self._client()
        bills = [await statement_of(client, day - timedelta(days=back)) for back in range(1, _LATE.days + 1)]
        return {line.number for bill in bills if bill is not None for line in bill}

    async def _book(self, difference: Difference) -> None:
        """What the provider confirms, by the one path of its notifications; what contradicts the order stays."""
        try:
            if difference.kind is DifferenceKind.NOT_BOOKED:
                await self._settle(difference.payment_no)
            elif difference.kind is DifferenceKind.REFUND_NOT_BOOKED and difference.stated is not None:
                number = difference.number.rpartition("/")[2]
                told = RefundNotification(NAME, difference.payment_no, number, difference.stated, LearnedBy.BILL)
                await self._carrier.refunded(told)
        except NfemuError:
            return

    async def _settle(self, no: PaymentNo) -> None:
        client = await self._client()
        receipt = receipt_of(client.account, await client.find(order_path(client.account, no)))
        if receipt is not None:
            await self._carrier.settle(
                PaymentNotification(NAME, no, receipt.trade_no, receipt.amount, receipt.paid_at, LearnedBy.BILL)
            )


def _lines(entries: Iterable[LedgerEntry]) -> list[Line]:
    return [_line(entry) for entry in entries]


def _line(entry: LedgerEntry) -> Line:
    refund = ledger.is_refund(entry)
    return Line(entry.trade_no or "", PaymentNo(entry.note), -entry.amount if refund else entry.amount, refund)
