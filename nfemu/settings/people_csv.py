"""Subscribers in a CSV file: a header line with the columns' names, then one subscriber a line. Streamed."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from nfemu.files.findings import listing, nearest
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import AccountId, Imsi, Msisdn, PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.subscriber import CardRole, Segment, Subscriber
from nfemu.settings.scalars import amount, static_ipv4, static_ipv6

_NEEDED = ("number", "imsi")
_SHORT = re.compile(r"([1-9][0-9]{10}),([0-9]{15}),*\n?")
_NEVER = re.compile(r"(?!)")
_ROLES = {"": CardRole.MAIN, "main": CardRole.MAIN, "secondary": CardRole.SECONDARY}
_LANGUAGES = {"": "zh", "zh": "zh", "en": "en"}
_SEGMENTS = {"": Segment.GENERAL, **{segment.value: segment for segment in Segment}}
_YES = {"": False, "true": True, "false": False}


class CsvRefused(InvalidInput):
    """The file, or one of its lines, cannot be used. `line` counts from 1; 0: the whole file."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


class CsvRow(NamedTuple):
    """One line's values as written; the empty text where there is none."""

    number: str
    imsi: str
    account: str = ""
    role: str = ""
    language: str = ""
    balance: str = ""
    static_ipv4: str = ""
    static_ipv6: str = ""
    plan: str = ""
    services: str = ""
    """Names with a space between each two."""
    segment: str = ""
    wechat: str = ""

    def msisdn(self, country_code: str) -> Msisdn:
        """Raises InvalidInput, as all methods here do."""
        return Msisdn.parse(self.number, country_code)

    def opening_balance(self, currency: str) -> Money:
        if not self.balance:
            return Money(0, currency)
        if self.account:
            raise InvalidInput("`balance` belongs to the account; set it under `accounts`, or leave `account` empty")
        return amount(self.balance, currency)

    def subscriber(self, country_code: str) -> Subscriber:
        msisdn = self.msisdn(country_code)
        if self.role not in _ROLES:
            raise InvalidInput(f"role `{self.role}` does not exist; write `main`, `secondary` or nothing")
        if self.language not in _LANGUAGES:
            raise InvalidInput(f"language `{self.language}` is not spoken here; write `zh`, `en` or nothing")
        if self.segment not in _SEGMENTS:
            raise InvalidInput(f"segment `{self.segment}` does not exist; {nearest(self.segment, list(_SEGMENTS)[1:])}")
        if self.wechat not in _YES:
            raise InvalidInput(f"`{self.wechat}` is not whether WeChat is bound; write `true`, `false` or nothing")
        return Subscriber(
            Imsi(self.imsi),
            msisdn,
            AccountId(self.account or msisdn.e164),
            _ROLES[self.role],
            _LANGUAGES[self.language],
            static_ipv4(self.static_ipv4) if self.static_ipv4 else None,
            static_ipv6(self.static_ipv6) if self.static_ipv6 else None,
            PlanName(self.plan) if self.plan else None,
            tuple(map(ServiceName, self.services.split())),
            _SEGMENTS[self.segment],
            _YES[self.wechat],
        )


COLUMNS = CsvRow._fields


def scan(path: Path) -> Iterator[tuple[int, str, str, CsvRow | None]]:
    """Line, number, IMSI, and the whole row; None where there is nothing but these two, 11 and 15 digits.

    The short form is recognised by one regular expression, since a million lines are nearly always like that.
    Raises CsvRefused.
    """
    try:
        file = path.open(encoding="utf-8-sig")
    except OSError as error:
        raise CsvRefused(0, f"cannot be read: {error.strerror}; correct `csv` or make the file readable") from None
    with closing(file):
        try:
            yield from _scan(file)
        except UnicodeDecodeError:
            raise CsvRefused(0, "is not UTF-8 text; save it as UTF-8") from None


def _scan(lines: Iterator[str]) -> Iterator[tuple[int, str, str, CsvRow | None]]:
    header = next(lines, "")
    columns = [name.strip() for name in _split(header, 1)]
    _check_header(columns)
    short = _SHORT if columns[:2] == list(_NEEDED) else _NEVER
    pick = itemgetter(*(columns.index(name) if name in columns else len(columns) for name in COLUMNS))
    for number, line in enumerate(lines, 2):
        match = short.fullmatch(line)
        if match is not None:
            yield number, match[1], match[2], None
        elif line.strip():
            row = _row(line, number, len(columns), pick)
            yield number, row.number, row.imsi, row


def _row(line: str, number: int, width: int, pick: Callable[[list[str]], tuple[str, ...]]) -> CsvRow:
    values = _split(line, number)
    if len(values) != width:
        text = f"has {len(values)} values where the header names {width} columns; add or remove commas"
        raise CsvRefused(number, text)
    return CsvRow._make(value.strip() for value in pick([*values, ""]))


def _split(line: str, number: int) -> list[str]:
    """The values of one line. None of the columns can hold a line break, so a quote left open is a mistake."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise CsvRefused(number, f"is not valid CSV: {error}; check the quotes on this line") from None


def _check_header(columns: Sequence[str]) -> None:
    for name in columns:
        if name == "profile":
            text = "a CSV file has no column `profile`; give one to a range or a listed card in subscribers.yaml, or "
            raise CsvRefused(1, f"{text}order it with `nfemu profile`")
        if name not in COLUMNS:
            raise CsvRefused(1, f"unknown column `{name}`; {nearest(name, COLUMNS)}")
        if columns.count(name) > 1:
            raise CsvRefused(1, f"column `{name}` occurs twice; keep one of the two")
    if not columns:
        raise CsvRefused(0, f"is empty; begin it with the line `{','.join(_NEEDED)}`")
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise CsvRefused(1, f"the header lacks {listing(missing)}; begin the file with `{','.join(_NEEDED)}`")


@dataclass(frozen=True, slots=True)
class PeopleCsv:
    """A validated file of `count` subscribers."""

    path: Path
    count: int

    def subscribers(self, country_code: str) -> Iterator[Subscriber]:
        """Raises CsvRefused where the file is not what it was, as `accounts` does."""
        for _, number, imsi, row in scan(self.path):
            if row is not None:
                yield row.subscriber(country_code)
            else:
                msisdn = Msisdn(country_code + number)
                yield Subscriber(Imsi(imsi), msisdn, AccountId(msisdn.e164))

    def accounts(self, country_code: str, currency: str) -> Iterator[tuple[AccountId, Money]]:
        """Accounts that belong to one number alone, with their first balance."""
        nothing = Money(0, currency)
        for _, number, _, row in scan(self.path):
            if row is None:
                yield AccountId(country_code + number), nothing
            elif not row.account:
                yield AccountId(row.msisdn(country_code).e164), row.opening_balance(currency)
