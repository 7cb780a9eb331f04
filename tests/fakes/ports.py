"""The other ports, in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import count

from nfemu.carrier.ports import Delivery, LineState
from nfemu.model.agreements import Agreement, Declined, Deducted, Deduction, DeductionAnswer
from nfemu.model.destination import IpAddress
from nfemu.model.identity import DeductionNo, Imsi, NoticeId, PaymentNo
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice
from nfemu.model.orders import NotRefunded, Payment, Receipt, RefundAnswer, Refunded
from tests.fakes.faults import Faults


class FakeEnforcer:
    """Keeps what it was told, the latest version of each line.

    `gate`, when set, holds back every answer; `asked` is set as soon as somebody waits there.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()
        self.applied: list[LineState] = []
        self.lines: dict[Imsi, LineState] = {}
        self.gate: asyncio.Event | None = None
        self.asked = asyncio.Event()

    async def apply(self, state: LineState) -> None:
        with self._faults.point("enforcer"):
            if self.gate is not None:
                self.asked.set()
                await self.gate.wait()
            self.applied.append(state)
            self._hold(state)

    def restart(self, snapshot: Sequence[LineState]) -> None:
        """A point that was lost comes back and starts from what is committed."""
        self.lines.clear()
        for state in snapshot:
            self._hold(state)

    def _hold(self, state: LineState) -> None:
        known = self.lines.get(state.imsi)
        if known is None or known.version <= state.version:
            self.lines[state.imsi] = state


class FakeNotifier:
    """Channels that drop doubles by id, as the port asks. `heard` is set by every message; `says` is what a channel
    answers, where that is not that it has taken the message; `deaf` are cards that nothing arrives at."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()
        self.sent: dict[NoticeId, Notice] = {}
        self.heard = asyncio.Event()
        self.says: dict[Channel, Delivery] = {}
        self.deaf: set[Imsi] = set()

    async def send(self, notice: Notice) -> Delivery:
        with self._faults.point("notifier"):
            if notice.channel in self.says:
                return self.says[notice.channel]
            if notice.imsi in self.deaf:
                return Delivery.FAILED
            self.sent.setdefault(notice.id, notice)
            self.heard.set()
            return Delivery.TAKEN


class FakeProvider:
    """A payment provider that takes every order. `bank` is what its payers' bank says: accept, decline, revoked; with
    `silent` set, no question about an agreement is ever answered. `taken` is the money that it took, by number.
    `paid`: what payers have paid without the carrier being told; `shut`: orders that nobody can pay; `meanwhile`
    happens before the carrier hears of that."""

    name = "sandbox"

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()
        self.orders: list[Payment] = []
        self.bank = "accept"
        self.silent = False
        self.contracts: set[str] = set()
        self.taken: dict[DeductionNo, Money] = {}
        self.closed: set[DeductionNo] = set()
        self.paid: dict[PaymentNo, Receipt] = {}
        self.shut: list[PaymentNo] = []
        self.asked: list[PaymentNo] = []
        self.given_back: dict[PaymentNo, Money] = {}
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def create_order(
        self,
        payment: Payment,
        return_url: str,
        language: str,
        address: IpAddress | None,
    ) -> str:
        with self._faults.point("provider"):
            self.orders.append(payment)
            return f"https://pay.provider.example/{payment.no}?back={return_url}"

    async def find_order(self, payment: Payment) -> Receipt | None:
        with self._faults.point("provider"):
            self.asked.append(payment.no)
            return self.paid.get(payment.no)

    async def close_order(self, payment: Payment) -> Receipt | None:
        with self._faults.point("provider"):
            if payment.no not in self.paid:
                self.shut.append(payment.no)
            if self.meanwhile is not None:
                await self.meanwhile()
            return self.paid.get(payment.no)

    async def refund(self, payment: Payment) -> RefundAnswer:
        with self._faults.point("provider"):
            if self.meanwhile is not None:
                await self.meanwhile()
            if self.bank != "accept":
                return NotRefunded(f"the bank says {self.bank}")
            self.given_back[payment.no] = payment.amount
            return Refunded(f"refund-{payment.no}", payment.amount)

    async def sign(self, agreement: Agreement) -> str:
        with self._faults.point("provider"):
            contract = f"contract-{agreement.no}"
            self.contracts.add(contract)
            return contract

    async def revoke(self, contract: str) -> None:
        with self._faults.point("provider"):
            self.contracts.discard(contract)

    async def deduct(self, deduction: Deduction, contract: str) -> DeductionAnswer:
        with self._faults.point("provider"):
            if self.silent:
                await asyncio.Event().wait()
            known = self._known(deduction)
            if known is not None:
                return known
            if self.bank != "accept" or contract not in self.contracts:
                self.closed.add(deduction.no)
                return Declined(f"the bank says {self.bank}", revoked=self.bank == "revoked")
            self.taken[deduction.no] = deduction.amount
            return Deducted(f"trade-{deduction.no}")

    async def close_deduction(self, deduction: Deduction) -> DeductionAnswer:
        with self._faults.point("provider"):
            self.closed |= {deduction.no} - self.taken.keys()
            return self._known(deduction) or Declined("unknown")

    def _known(self, deduction: Deduction) -> DeductionAnswer | None:
        if deduction.no in self.taken:
            return Deducted(f"trade-{deduction.no}")
        return Declined("closed") if deduction.no in self.closed else None


class FakeClock:
    """Business time that stands still until a test sets it."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class CountingIds:
    """`ord-1`, `ord-2`, …: readable in a failing test. One for all services on a store, as randomness would be."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self, prefix: str, about: str = "") -> str:
        return f"{prefix}-{next(self._numbers)}"
