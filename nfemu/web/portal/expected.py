"""For whoever waits in this process for a payment to be settled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nfemu.carrier.payments import Settlement
from nfemu.model.identity import PaymentNo


class Expected:
    """What came of the notifications of orders that somebody waits for."""

    def __init__(self) -> None:
        self._came: dict[PaymentNo, Settlement | None] = {}

    def settled(self, no: PaymentNo, settlement: Settlement) -> None:
        """The first that comes is what counts."""
        if self._came.get(no, settlement) is None:
            self._came[no] = settlement

    @contextmanager
    def expecting(self, no: PaymentNo) -> Iterator[Callable[[], Settlement | None]]:
        """What came of the notification of order `no` meanwhile, if it came."""
        self._came[no] = None
        try:
            yield lambda: self._came[no]
        finally:
            del self._came[no]
