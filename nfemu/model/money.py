"""Money: an integer number of minor units and its currency. Never a float."""

import re
from dataclasses import dataclass
from typing import Self

from nfemu.model.errors import InvalidInput

_EXPONENT = {"CNY": 2, "EUR": 2, "USD": 2, "GBP": 2, "HKD": 2, "JPY": 0, "KRW": 0, "KWD": 3}
_SYMBOL = {"CNY": "¥", "EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
MAX_MINOR = 10**12
"""Largest amount, in minor units, that a single entry may carry."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cent) of an ISO 4217 currency. May be negative: a debt."""

    minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if self.currency not in _EXPONENT:
            raise InvalidInput(f"currency `{self.currency}` is not known; known: {', '.join(sorted(_EXPONENT))}")

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> Self:
        """Read a positive decimal amount such as `59`, `59.0` or `59.00`. Raises InvalidInput."""
        zero = cls(0, currency)
        places = _EXPONENT[zero.currency]
        match = re.fullmatch(r"([0-9]{1,30})(?:\.([0-9]+))?", text, re.ASCII)
        if match is None or len(match[2] or "") > places:
            raise InvalidInput(f"amount `{text}` is not a positive {currency} amount such as {zero._example(places)}")
        minor = int(match[1]) * 10**places + int((match[2] or "").ljust(places, "0") or "0")
        if not 0 < minor <= MAX_MINOR:
            raise InvalidInput(
                f"amount `{text}` is out of range; give more than zero and at most {cls(MAX_MINOR, currency)}"
            )
        return cls(minor, currency)

    @staticmethod
    def _example(places: int) -> str:
        return "59." + "0" * places if places else "59"

    def __add__(self, other: Self) -> Self:
        return type(self)(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def _same(self, other: Self) -> Self:
        if other.currency != self.currency:
            raise InvalidInput(f"amounts in {self.currency} and {other.currency} cannot be combined")
        return other

    def decimal(self) -> str:
        """Digits only, as APIs carry them: `-59.00`."""
        places = _EXPONENT[self.currency]
        sign = "-" if self.minor < 0 else ""
        whole, part = divmod(abs(self.minor), 10**places)
        return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"

    def __str__(self) -> str:
        symbol = _SYMBOL.get(self.currency, self.currency + " ")
        text = self.decimal()
        return f"-{symbol}{text[1:]}" if text.startswith("-") else f"{symbol}{text}"
