"""What the API answers about what lines cost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values import Amount, moment


@dataclass(frozen=True, slots=True)
class Consumption:
    measured: str
    """`data` or `voice`."""
    used: int
    """Octets or seconds of this calendar month."""
    units: int
    """Units past the bundle that were charged."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Credit beside the account's limit."""

    amount: Amount
    reason: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Fees:
    amount: Amount
    at: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    plan: str | None
    services: list[str]
    consumption: list[Consumption]
    next_fees: Fees | None
    """What the account's next month costs on its first day."""
    grants: list[Grant]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        fees = data["next_fees"]
        return cls(
            data["plan"],
            list(data["services"]),
            [Consumption(each["measured"], each["used"], each["units"]) for each in data["consumption"]],
            None if fees is None else Fees(Amount.of(fees["amount"]), moment(fees["at"])),
            [Grant(Amount.of(each["amount"]), each["reason"], moment(each["expires_at"])) for each in data["grants"]],
        )
