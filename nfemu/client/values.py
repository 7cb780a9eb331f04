"""What the API answers, as values. Money is a decimal text with its currency; times are as the server wrote them."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from nfemu.model.money import Money


@dataclass(frozen=True, slots=True)
class Amount:
    """`amount` is exact decimal text: `-29.00`."""

    amount: str
    currency: str

    @classmethod
    def of(cls, data: dict[str, str]) -> Self:
        return cls(data["amount"], data["currency"])

    def __str__(self) -> str:
        """For people, as everywhere."""
        return str(Money.of_decimal(self.amount, self.currency))

    def __bool__(self) -> bool:
        """Whether it is anything but zero."""
        return self.amount.strip("-0.") != ""


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


@dataclass(frozen=True, slots=True)
class Notice:
    id: str
    kind: str
    """`stopped`, `detected`, `restored`, `payment confirmed`, `auto-deducted` or `auto-deduct failed`."""
    sender: str
    text: str
    link: str | None
    sent_at: datetime | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        sent = data["sent_at"]
        return cls(**{**known_fields(cls, data), "sent_at": moment(sent) if sent is not None else None})


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    at: datetime
    elapsed_ms: float
    """Since the trigger of the same `correlation`."""
    correlation: str
    detail: dict[str, str]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), "at": moment(data["at"])})


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

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        cap = data["cap"]
        return cls(
            date.fromisoformat(data["day"]),
            [Used.of(each) for each in data["used"]],
            Cap.of(cap) if cap is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    group: str
    pattern: str
    decided: bool
    remark: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Point:
    """A place that the traffic meets on its way."""

    place: str
    verdict: str
    rule: str
    sign: str
    """What the phone sees of it."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Explanation:
    destination: str
    profile: str | None
    verdict: str
    """`allow`, `redirect` or `reject`."""
    enrich: bool
    rule: str
    reason: str
    summary: str
    addresses: list[str]
    """What the name resolves to for this line."""
    leads_to: str
    """What is dialled; empty where nothing is."""
    candidates: list[Candidate]
    points: list[Point]
    """What the traffic meets, in order."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            **{
                **known_fields(cls, data),
                "candidates": [Candidate.of(each) for each in data["candidates"]],
                "points": [Point.of(each) for each in data["points"]],
            }
        )


@dataclass(frozen=True, slots=True)
class Clock:
    now: datetime
    kind: str
    """`wall` or `test`."""
    happened: list[str]
    """What fell due while the clock moved."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(moment(data["now"]), data["kind"], data["happened"])


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One thing that a reload met. `note`: whom it concerns, or, where it is not `applied`, why."""

    file: str
    subject: str
    change: str
    note: str
    applied: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))

    def __str__(self) -> str:
        """`policies.yaml: profile arrears: + host pay2.example (payment) …; affects 3 restricted lines`."""
        text = f"{self.file}: {self.subject}: {self.change}" + ("" if self.applied else ": not applied")
        return f"{text}; {self.note}" if self.note else text


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    healthy: bool
    detail: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Status:
    version: str
    healthy: bool
    subscribers: int
    clock: Clock
    components: list[Component]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            data["version"],
            data["healthy"],
            data["subscribers"],
            Clock.of(data["clock"]),
            [Component.of(each) for each in data["components"]],
        )


@dataclass(frozen=True, slots=True)
class NamedState:
    name: str
    built_in: bool
    """True for `initial`: what the configuration's files give."""
    saved_at: datetime | None
    """Wall time."""
    business_time: datetime | None
    """Where business time stood."""
    subscribers: int | None
    damaged: bool
    """It cannot be loaded: cut off, changed, or of a newer program."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        moments = {name: moment(data[name]) if data[name] else None for name in ("saved_at", "business_time")}
        return cls(**{**known_fields(cls, data), **moments})


@dataclass(frozen=True, slots=True)
class LoadedState:
    name: str
    differences: list[str]
    """In what the configuration differs from that under which the state was saved, a line each."""

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


def moment(text: str) -> datetime:
    """A time as JSON carries it."""
    return datetime.fromisoformat(text)


def known_fields(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """The fields of `kind` in `data`; a newer server may send more."""
    return {field.name: data[field.name] for field in fields(kind)}
