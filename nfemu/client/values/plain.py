"""What every answer is made of."""

from dataclasses import dataclass, fields
from datetime import datetime
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


def moment(text: str) -> datetime:
    """A time as JSON carries it."""
    return datetime.fromisoformat(text)


def known_fields(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """The fields of `kind` in `data`; a newer server may send more."""
    return {field.name: data[field.name] for field in fields(kind)}
