"""Paying at once: the order and the provider's notification, without a provider between them."""

from nfemu.carrier.payments import PaymentNotification, Settlement
from nfemu.model.identity import Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState
from nfemu.runtime.service import CarrierService


async def pay(service: CarrierService, msisdn: Msisdn, amount: Money) -> Settlement:
    """Raises as `order_payment` and `settle` do."""
    payment, _ = await service.order_payment(msisdn, amount, "https://portal.carrier.example/result")
    trade_no = f"trade-{payment.no}"
    return await service.settle(
        PaymentNotification(payment.provider, payment.no, trade_no, payment.amount, service.now())
    )


async def top_up(service: CarrierService, msisdn: Msisdn, amount: Money, no: PaymentNo | None) -> Payment:
    """As a till does it: once for each number."""
    payment = await service.order_immediate(msisdn, amount, no)
    if payment.state is PaymentState.CREATED:
        trade_no = f"trade-{payment.no}"
        await service.settle(PaymentNotification(payment.provider, payment.no, trade_no, amount, service.now()))
    return await service.payment(payment.no)
