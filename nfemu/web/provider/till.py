"""Paying without a browser (`nfemu pay`): the same order, the same signed notification, the same checks."""

from nfemu.carrier.payments import Settlement
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.runtime.service import CarrierService
from nfemu.web.portal.notify import NotificationReceiver
from nfemu.web.provider.builtin import BuiltinProvider


class Till:
    """Orders at the carrier, pays at the provider, and waits for the merchant's settlement."""

    def __init__(self, carrier: CarrierService, provider: BuiltinProvider, receiver: NotificationReceiver) -> None:
        self._carrier = carrier
        self._provider = provider
        self._receiver = receiver

    async def pay(self, msisdn: Msisdn, amount: Money) -> Settlement:
        """Raises NotFound, InvalidInput; Unavailable when the money is paid but not booked yet: the provider keeps
        notifying, nothing is lost and nothing must be paid again."""
        payment = await self._carrier.order_immediate(msisdn, amount)
        with self._receiver.expecting(payment.no) as came:
            await self._provider.collect(payment)
            settlement = came()
        if settlement is None:
            raise Unavailable(
                f"payment `{payment.no}` is made but not settled yet; the provider keeps notifying, do not pay again"
            )
        return settlement
