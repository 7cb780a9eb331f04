"""Payment orders that nobody has paid are closed at their time; one look-out for all of them.

Nearly every order is paid, and then nothing is left to do: so no order is remembered here, only when the next one that
is open now would expire. What is open then the store says.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nfemu.carrier.ports import Clock, Store
from nfemu.model.errors import NfemuError
from nfemu.model.identity import PaymentNo
from nfemu.model.orders import Payment
from nfemu.runtime.agenda import Agenda

_NEVER = datetime.max.replace(tzinfo=UTC)


class Expiry:
    """`close` closes an order unless it has been paid, and says whether it did; raises an NfemuError."""

    def __init__(
        self, store: Store, agenda: Agenda, clock: Clock, close: Callable[[PaymentNo], Awaitable[bool]]
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._clock = clock
        self._close = close
        self._planned = _NEVER

    def watch(self, payment: Payment) -> None:
        """An open order. Times are business time."""
        if payment.expires_at < self._planned:
            self._planned = payment.expires_at
            self._agenda.add(payment.expires_at, self._look)

    async def _look(self) -> str | None:
        """A duty: raises an NfemuError where it must be done again, after all that could be closed has been."""
        self._planned = _NEVER
        closed: list[str] = []
        failure: NfemuError | None = None
        for payment in await self._store.open_payments():
            if payment.expires_at > self._clock.now():
                self.watch(payment)
                continue
            try:
                closed += [f"payment {payment.no} expired"] if await self._close(payment.no) else []
            except NfemuError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return "; ".join(closed) or None
