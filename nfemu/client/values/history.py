"""What has happened on a line: messages, events, entries of the ledger, octets."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from nfemu.client.values.plain import Amount, known_fields, moment


@dataclass(frozen=True, slots=True)
class Notice:
    id: str
    kind: str
    """`stop notice`, `stopped`, `detected`, `restored`, `payment confirmed`, `auto-deducted`, `auto-deduct failed`,
    `low balance`, `dunning`, `forecast` or `month end`."""
    channel: str
    """`sms`, `wechat` or `voice`."""
    sender: str
    text: str
    link: str | None
    state: str
    """`pending`, `sent`, `failed` or `cancelled`."""
    sent_at: datetime | None
    clicked_at: datetime | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        times = {name: moment(data[name]) if data[name] is not None else None for name in ("sent_at", "clicked_at")}
        return cls(**{**known_fields(cls, data), **times})


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    at: datetime
    elapsed_ms: float
    """Since the trigger of the same `correlation`."""
    correlation: str
    detail: dict[str, str]
    business_at: datetime | None = None
    """None where an earlier program did not keep it."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        business = data.get("business_at")
        at = {"at": moment(data["at"]), "business_at": moment(business) if business is not None else None}
        return cls(**{**known_fields(cls, data), **at})


@dataclass(frozen=True, slots=True)
class Entry:
    kind: str
    """`charge` or `payment`."""
    amount: Amount
    at: datetime
    trade_no: str | None
    imsi: str | None
    note: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), "amount": Amount.of(data["amount"]), "at": moment(data["at"])})


@dataclass(frozen=True, slots=True)
class Ledger:
    account: str
    balance: Amount
    entries: list[Entry]
    """Newest first."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(data["account"], Amount.of(data["balance"]), [Entry.of(each) for each in data["entries"]])


@dataclass(frozen=True, slots=True)
class Used:
    policy: str
    group: str | None
    """None: what no group lists."""
    up: int
    """Octets from the phone."""
    down: int

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Cap:
    policy: str
    octets: int
    used: int
    reached: bool
    ends_at: datetime

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), "ends_at": moment(data["ends_at"])})


@dataclass(frozen=True, slots=True)
class Usage:
    day: date
    used: list[Used]
    cap: Cap | None
    """Today's; None where the line has none."""
    groups: list[str]
    """All that there are, used or not."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        cap = data["cap"]
        return cls(
            date.fromisoformat(data["day"]),
            [Used.of(each) for each in data["used"]],
            Cap.of(cap) if cap is not None else None,
            data["groups"],
        )
