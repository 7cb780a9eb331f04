"""Money: an integer number of minor units and its currency. Never a float."""

import re
from dataclasses import dataclass
from typing import Self

from nfemu.model.errors import InvalidInput

_EXPONENT = {"CNY": 2, "EUR": 2, "USD": 2, "GBP": 2, "HKD": 2, "JPY": 0, "KRW": 0, "KWD": 3}


@dataclass(frozen=True, slots=True)
class _Style:
    """How people write a currency: where its sign stands, what separates thousands and what the minor units."""

    place: str
    thousands: str = ","
    point: str = "."


_STYLES = {
    "CNY": _Style("¥{}"),
    "EUR": _Style("{} €", ".", ","),
    "USD": _Style("${}"),
    "GBP": _Style("£{}"),
    "HKD": _Style("HK${}"),
    "JPY": _Style("¥{}"),
    "KRW": _Style("₩{}"),
    "KWD": _Style("KWD {}"),
}
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

    @classmethod
    def typed(cls, text: str, currency: str = "CNY") -> Self:
        """Read a positive amount as people type it: as it is shown to them, with or without sign, or plain.

        Raises InvalidInput. `1.234` is a thousand and more where a point separates thousands.
        """
        style = _STYLES[cls(0, currency).currency]
        digits = text.strip().removeprefix(style.place.partition("{}")[0].strip())
        digits = digits.removesuffix(style.place.partition("{}")[2].strip()).strip()
        grouped = r"[0-9]{1,3}(?:%s[0-9]{3})+(?:%s[0-9]+)?|[0-9]+%s[0-9]+"
        if re.fullmatch(grouped % tuple(map(re.escape, (style.thousands, style.point, style.point))), digits, re.ASCII):
            digits = digits.replace(style.thousands, "").replace(style.point, ".")
        return cls.parse(digits, currency)

    @classmethod
    def of_decimal(cls, text: str, currency: str) -> Self:
        """Read what `decimal` gave: it may be zero or a debt. Raises InvalidInput."""
        digits = text.removeprefix("-")
        value = cls(0, currency) if not digits.strip("0.") else cls.parse(digits, currency)
        return -value if text.startswith("-") else value

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

    def whole(self) -> int:
        """In whole units of the currency (yuan), without sign; what is less than one is left out."""
        scale: int = 10 ** _EXPONENT[self.currency]
        return abs(self.minor) // scale

    def decimal(self) -> str:
        """Digits only, as APIs carry them: `-59.00`."""
        places = _EXPONENT[self.currency]
        sign = "-" if self.minor < 0 else ""
        whole, part = divmod(abs(self.minor), 10**places)
        return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"

    def plain(self) -> str:
        """As people write the number, without sign of the currency: `1,234.50`, `1.234,50`. For fields of forms."""
        style = _STYLES[self.currency]
        whole, _, part = self.decimal().lstrip("-").partition(".")
        text = f"{int(whole):,}".replace(",", style.thousands)
        return ("-" if self.minor < 0 else "") + (f"{text}{style.point}{part}" if part else text)

    def __str__(self) -> str:
        """For people, everywhere: `¥1,234.50`, `-¥59.00`, `1.234,50 €`."""
        sign = "-" if self.minor < 0 else ""
        return sign + _STYLES[self.currency].place.format(self.plain().removeprefix("-"))
