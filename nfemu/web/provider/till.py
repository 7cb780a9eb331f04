"""Paying without a browser (`nfemu pay`): the same order, the same signed notification, the same checks."""

from collections.abc import Awaitable, Callable

from nfemu.carrier.payments import Settlement
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState
from nfemu.runtime.service import CarrierService
from nfemu.web.portal.expected import Expected


class Till:
    """Orders at the carrier, pays at the provider, and waits for the merchant's settlement."""

    def __init__(
        self, carrier: CarrierService, collect: Callable[[Payment], Awaitable[object]], expected: Expected
    ) -> None:
        """`collect` pays an order at the provider, and returns when the merchant has been told or was too slow."""
        self._carrier = carrier
        self._collect = collect
        self._expected = expected

    async def pay(self, msisdn: Msisdn, amount: Money) -> Settlement:
        """Raises NotFound, InvalidInput; Unavailable when the money is paid but not booked yet: the provider keeps
        notifying, nothing is lost and nothing must be paid again."""
        return await self._paid(await self._carrier.order_immediate(msisdn, amount))

    async def top_up(self, msisdn: Msisdn, amount: Money, no: PaymentNo | None) -> Payment:
        """The same, once for each number of the caller's: the payment as it is then.

        Raises as `pay`; Conflict for a number that was used for something else, or whose time is over.
        """
        payment = await self._carrier.order_immediate(msisdn, amount, no)
        if payment.state is PaymentState.CREATED:
            await self._paid(payment)
        return await self._carrier.payment(payment.no)

    async def _paid(self, payment: Payment) -> Settlement:
        with self._expected.expecting(payment.no) as came:
            await self._collect(payment)
            settlement = came()
        if settlement is None:
            raise Unavailable(
                f"payment `{payment.no}` is made but not settled yet; the provider keeps notifying, do not pay again"
            )
        return settlement
