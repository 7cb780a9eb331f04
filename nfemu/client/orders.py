"""Stop and resume orders as the API answers them. Durations are in seconds of business time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values import known_fields, moment


@dataclass(frozen=True, slots=True)
class Spread:
    p50: float
    p95: float
    longest: float

    @classmethod
    def of(cls, data: dict[str, Any] | None) -> Self | None:
        return None if data is None else cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Backlog:
    """So many orders of a `kind` (`stop`, `resume`, `profile`) wait in a `stage` (`billing`, then `network`)."""

    stage: str
    kind: str
    waiting: int

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class DoneOrders:
    """Of one kind. `waited`: from creation to execution; `took`: to the last acknowledgement."""

    kind: str
    done: int
    per_minute: float
    waited: Spread | None
    took: Spread | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        spreads = {name: Spread.of(data[name]) for name in ("waited", "took")}
        return cls(**{**known_fields(cls, data), **spreads})


@dataclass(frozen=True, slots=True)
class OrderReport:
    """`oldest`: for how long the first one has waited. `begun`: executed, not yet acknowledged. `armed`: so many of the
    next are refused. `done` and `posting` (payment to ledger): in the last `window`."""

    backlog: list[Backlog]
    oldest: float | None
    begun: int
    dead: int
    armed: int
    window: float
    done: list[DoneOrders]
    posting: Spread | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            **{
                **known_fields(cls, data),
                "backlog": [Backlog.of(each) for each in data["backlog"]],
                "done": [DoneOrders.of(each) for each in data["done"]],
                "posting": Spread.of(data["posting"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    number: str
    kind: str
    """`stop`, `resume`, `profile` or `reactivate`."""
    target: str
    profile: str | None
    cause: str
    state: str
    """`created`: it waits; `executed`, or `dead`."""
    stage: str | None
    """Whose turn it waits for."""
    created_at: datetime
    attempts: int
    """How often the network elements have refused it."""
    next_attempt_at: datetime | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        attempt = data["next_attempt_at"]
        moments = {
            "created_at": moment(data["created_at"]),
            "next_attempt_at": None if attempt is None else moment(attempt),
        }
        return cls(**{**known_fields(cls, data), **moments})
