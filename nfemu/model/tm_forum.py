"""What TM Forum's Open APIs call what the carrier has: TMF629 (customer), TMF654 (prepay balance), version 4."""

from collections.abc import Mapping
from typing import Final, Literal

from nfemu.model.identity import AccountId, Msisdn, PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import PaymentState
from nfemu.model.subscriber import OrderedProfile

CUSTOMER_API = "/tmf-api/customerManagement/v4"
BALANCE_API = "/tmf-api/prepayBalanceManagement/v4"
EVENT_API = "/tmf-api/eventManagement/v4"
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
TOPUP_STATUS: Mapping[PaymentState, Literal["created", "completed", "cancelled"]] = {
    PaymentState.CREATED: "created",
    PaymentState.PAID: "completed",
    PaymentState.CLOSED: "cancelled",
}
"""TMF654's ActionStatusType."""


def status_of(ordered: OrderedProfile) -> Literal["active", "suspended"]:
    """Of a customer, which is one line, and of its bucket."""
    return ACTIVE if ordered is OrderedProfile.OPEN else SUSPENDED


def customer_href(msisdn: Msisdn) -> str:
    return f"{CUSTOMER_API}/customer/{msisdn.e164}"


def bucket_href(account: AccountId) -> str:
    return f"{BALANCE_API}/bucket/{account}"


def topup_href(payment: PaymentNo) -> str:
    return f"{BALANCE_API}/topupBalance/{payment}"


def quantity(money: Money) -> dict[str, object]:
    """A Quantity. TMF654 has a JSON number for it; up to the largest amount, its decimals are the text's."""
    return {"amount": float(money.decimal()), "units": money.currency}
