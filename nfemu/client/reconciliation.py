"""A reconciliation as the API answers about it."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from nfemu.client.values import Amount, known_fields


@dataclass(frozen=True, slots=True)
class Difference:
    """`stated`: what the provider says; None: nothing, or not how much. `booked`: what the ledger has."""

    kind: str
    number: str
    payment: str
    stated: Amount | None
    booked: Amount | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        amounts = {name: None if data[name] is None else Amount.of(data[name]) for name in ("stated", "booked")}
        return cls(**{**known_fields(cls, data), **amounts})


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`source`: `bill`, or `orders` where there is none yet. `repaired`: what is booked now."""

    day: date
    source: str
    matches: int
    differences: list[Difference]
    repaired: list[Difference]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        found = {name: [Difference.of(each) for each in data[name]] for name in ("differences", "repaired")}
        return cls(**{**known_fields(cls, data), **found, "day": date.fromisoformat(data["day"])})
