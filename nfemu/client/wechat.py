"""The emulated WeChat Pay as the API answers about it. Amounts are in fen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values import known_fields, moment


@dataclass(frozen=True, slots=True)
class Merchant:
    """Files are of this machine. `verified_by`: `certificate` or `public-key`."""

    mchid: str
    name: str
    appids: list[str]
    domains: list[str]
    verified_by: str
    serial: str
    certificate_file: str
    private_key_file: str | None
    """None where it has brought its own certificate."""
    api_v3_key_file: str
    public_key_file: str
    public_key_id: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class PayOrder:
    """A merchant's order at the provider. `kind`: `MWEB` or `JSAPI`."""

    mchid: str
    out_trade_no: str
    kind: str
    description: str
    total: int
    currency: str
    state: str
    prepay_id: str
    transaction_id: str | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    refunded: int
    fault: str | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), **_moments(data, "created_at", "expires_at", "paid_at")})


@dataclass(frozen=True, slots=True)
class Attempt:
    """`deviation`: `genuine`, or what was wrong by order. `status` 0: the merchant did not answer."""

    number: int
    at: datetime
    wall: datetime
    deviation: str
    status: int
    answer: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), **_moments(data, "at", "wall")})


@dataclass(frozen=True, slots=True)
class PayNotification:
    """`due_at`: of the next attempt; None: accepted, given up, or lost by order."""

    id: str
    event: str
    url: str
    out_refund_no: str | None
    accepted: bool
    due_at: datetime | None
    attempts: list[Attempt]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        attempts = [Attempt.of(each) for each in data["attempts"]]
        return cls(**{**known_fields(cls, data), **_moments(data, "due_at"), "attempts": attempts})


@dataclass(frozen=True, slots=True)
class PayOrderDetail:
    order: PayOrder
    notifications: list[PayNotification]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(PayOrder.of(data["order"]), [PayNotification.of(each) for each in data["notifications"]])


@dataclass(frozen=True, slots=True)
class Armed:
    """A fault that waits for orders; empty texts: of any merchant, of any number."""

    fault: str
    mchid: str
    out_trade_no: str
    left: int

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Faults:
    """`amounts`: what an order has by its amount alone."""

    armed: list[Armed]
    amounts: dict[str, int]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls([Armed.of(each) for each in data["armed"]], dict(data["amounts"]))


def _moments(data: dict[str, Any], *names: str) -> dict[str, datetime | None]:
    return {name: None if data[name] is None else moment(data[name]) for name in names}
