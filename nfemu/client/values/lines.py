"""Subscribers, as the API tells of them: account, session, agreement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values.plain import Amount, known_fields, moment


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    kind: str
    """`personal` or `unit`."""
    level: int
    balance: Amount
    credit_limit: Amount
    granted: Amount
    """By how much further the balance may fall, by grants of credit."""
    standing: str
    """`in credit`, `in grace` or `overdue`."""
    amount_due: Amount

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            **{
                **known_fields(cls, data),
                "balance": Amount.of(data["balance"]),
                "credit_limit": Amount.of(data["credit_limit"]),
                "granted": Amount.of(data["granted"]),
                "amount_due": Amount.of(data["amount_due"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Session:
    apn: str
    profile: str
    policy: str
    state: str
    """`active` or `released`."""
    ue_ipv4: str | None
    ue_ipv6: str | None
    generation: int
    policy_version: int
    acknowledged: bool
    attached_at: datetime

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), "attached_at": moment(data["attached_at"])})


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """The way onto a line: descriptor `network` of process `pid` is the phone's network namespace."""

    pid: int
    network: int
    ipv4: str | None
    ipv6: str | None
    resolvers: list[str]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class AutoDeduct:
    """An account's agreement."""

    provider: str
    contract: str
    cap: Amount
    signed_at: datetime
    unanswered: Amount | None
    """A deduction that the provider has not answered yet."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        open_ = data["unanswered"]
        return cls(
            data["provider"],
            data["contract"],
            Amount.of(data["cap"]),
            moment(data["signed_at"]),
            Amount.of(open_) if open_ is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Subscriber:
    number: str
    e164: str
    imsi: str
    role: str
    language: str
    account: Account
    share: Amount
    shown_due: Amount
    ordered: str
    """`open`, `arrears` or `barred`: what the HSS holds."""
    hold: str
    permitted: bool
    """Whether the HSS permits a session; a profile that gives no IP address refuses it."""
    profile: str
    """The APN profile that the line has while nothing restricts it."""
    effective: str | None
    """The APN profile that every enforcement point has acknowledged."""
    session: Session | None
    auto_deduct: AutoDeduct | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        agreement = data["auto_deduct"]
        return cls(
            **{
                **known_fields(cls, data),
                "account": Account.of(data["account"]),
                "share": Amount.of(data["share"]),
                "shown_due": Amount.of(data["shown_due"]),
                "session": Session.of(data["session"]) if data["session"] is not None else None,
                "auto_deduct": AutoDeduct.of(agreement) if agreement is not None else None,
            }
        )


@dataclass(frozen=True, slots=True)
class SubscriberPage:
    subscribers: list[Subscriber]
    total: int
    next: str | None
    """Give it as `after` for the next page."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls([Subscriber.of(each) for each in data["subscribers"]], data["total"], data["next"])


@dataclass(frozen=True, slots=True)
class Settlement:
    trade_no: str
    paid: Amount
    missing: Amount
    repeated: bool
    subscriber: Subscriber

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            data["trade_no"],
            Amount.of(data["paid"]),
            Amount.of(data["missing"]),
            data["repeated"],
            Subscriber.of(data["subscriber"]),
        )
