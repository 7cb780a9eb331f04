"""Paying at once: the order and the provider's notification, without a provider between them."""

from nfemu.carrier.payments import PaymentNotification, Settlement
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.runtime.service import CarrierService


async def pay(service: CarrierService, msisdn: Msisdn, amount: Money) -> Settlement:
    """Raises as `order_payment` and `settle` do."""
    payment, _ = await service.order_payment(msisdn, amount, "https://portal.carrier.example/result")
    trade_no = f"trade-{payment.no}"
    return await service.settle(
        PaymentNotification(payment.provider, payment.no, trade_no, payment.amount, service.now())
    )
