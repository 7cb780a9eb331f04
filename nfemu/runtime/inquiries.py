"""The provider is asked about payment orders of which nothing was heard, and they are closed at their time; one
look-out for all of them.

Nearly every order is paid and told, and then nothing is left to do: so no order is remembered here, only when the next
one that is open now is to be asked about. What is open then the store says, after a kill too.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nfemu.bss.payments import next_inquiry
from nfemu.carrier.inquiries import Learned
from nfemu.carrier.ports import Store
from nfemu.model.errors import NfemuError, Unavailable
from nfemu.model.identity import PaymentNo
from nfemu.model.orders import Payment
from nfemu.runtime.account_clocks import AccountClocks
from nfemu.runtime.agenda import Agenda

_log = logging.getLogger(__name__)
_NEVER = datetime.max.replace(tzinfo=UTC)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_TOLD = {Learned.PAID: "payment {} is paid, the provider says when asked", Learned.CLOSED: "payment {} expired"}


class Inquiries:
    """`inquire` asks about one order; raises an NfemuError. Times are the carrier's business time; an order goes by its
    account's clock (`clocks`)."""

    def __init__(
        self, store: Store, agenda: Agenda, clocks: AccountClocks, inquire: Callable[[PaymentNo], Awaitable[Learned]]
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._clocks = clocks
        self._inquire = inquire
        self._planned = _NEVER
        self._looked = _BEFORE_ALL
        """So a start asks at once about what should have been asked since it was ordered."""

    def watch(self, payment: Payment) -> None:
        """An open order."""
        self._watch(self._clocks.by_the_carrier(payment))

    def _watch(self, payment: Payment) -> None:
        due_at = next_inquiry(payment, self._looked)
        if due_at < self._planned:
            self._planned = due_at
            self._agenda.add(due_at, self._look)

    async def _look(self) -> str | None:
        """A duty: raises Unavailable where an order could not be closed, after all that can be has been: it is tried
        again. About one that has time left is asked again anyway."""
        now, looked = self._clocks.carrier_now(), self._looked
        self._planned, self._looked = _NEVER, now
        happened: list[str] = []
        failure: Unavailable | None = None
        for payment in map(self._clocks.by_the_carrier, await self._store.open_payments()):
            if next_inquiry(payment, looked) <= now:
                try:
                    learned = await self._inquire(payment.no)
                    happened += [_TOLD[learned].format(payment.no)] if learned in _TOLD else []
                except NfemuError as error:
                    _log.warning("the provider cannot be asked about payment `%s`: %s", payment.no, error)
                    if isinstance(error, Unavailable) and payment.expires_at <= now:
                        failure = failure or error
            if payment.expires_at > now:
                self._watch(payment)
        if failure is not None:
            raise failure
        return "; ".join(happened) or None
