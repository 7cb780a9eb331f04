"""The carrier's ports in a simulated month: what reaches a phone its owner feels, at once and without a network."""

from collections.abc import Callable

from nfemu.carrier.ports import Delivery, LineState, Notifier
from nfemu.model.agreements import Agreement, Deduction, DeductionAnswer
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Unavailable
from nfemu.model.notices import Notice
from nfemu.model.orders import Payment, Receipt, RefundAnswer, Refunded

_NOBODY_SIGNS = "in a simulated month nobody has an auto-deduct agreement"


class AtOnce:
    """Enforcement points that acknowledge at once. Implements `carrier.ports.Enforcer`."""

    def __init__(self, felt: Callable[[LineState], None]) -> None:
        self._felt = felt

    async def apply(self, state: LineState) -> None:
        self._felt(state)


class Heard:
    """The emulated channels, with somebody at their other end. Implements `carrier.ports.Notifier`."""

    def __init__(self, channels: Notifier, heard: Callable[[Notice], None]) -> None:
        self._channels = channels
        self._heard = heard

    async def send(self, notice: Notice) -> Delivery:
        delivery = await self._channels.send(notice)
        if delivery is Delivery.TAKEN:
            self._heard(notice)
        return delivery


class Till:
    """A payment provider that takes what it is given. Implements `carrier.ports.PaymentProvider`."""

    name = "simulated"

    async def create_order(
        self,
        payment: Payment,
        return_url: str,  # noqa: ARG002 - the port's, as the next two
        language: str,  # noqa: ARG002
        address: IpAddress | None,  # noqa: ARG002
    ) -> str:
        return f"https://pay.example/{payment.no}"

    async def find_order(self, payment: Payment) -> Receipt | None:
        """Who pays tells the carrier himself."""

    async def close_order(self, payment: Payment) -> Receipt | None:
        """The same."""

    async def refund(self, payment: Payment) -> RefundAnswer:
        return Refunded(payment.no, payment.amount)

    async def sign(self, agreement: Agreement) -> str:  # noqa: ARG002
        raise Unavailable(_NOBODY_SIGNS)

    async def revoke(self, contract: str) -> None:  # noqa: ARG002
        raise Unavailable(_NOBODY_SIGNS)

    async def deduct(self, deduction: Deduction, contract: str) -> DeductionAnswer:  # noqa: ARG002
        raise Unavailable(_NOBODY_SIGNS)

    async def close_deduction(self, deduction: Deduction) -> DeductionAnswer:  # noqa: ARG002
        raise Unavailable(_NOBODY_SIGNS)
