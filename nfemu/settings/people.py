"""The subscribers that the configuration names: listed one by one, by number range, or in a CSV file.

A million of them cost no memory: `People` keeps the listed ones and the bounds of each range, and makes the rest
while it is iterated. Everything was validated before (`identities`), so iterating a CSV file raises InvalidInput
only where the file changed since.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from nfemu.model.account import Account, AccountKind
from nfemu.model.identity import AccountId, Imsi, Msisdn, PlanName, ProfileName, ServiceName
from nfemu.model.money import Money
from nfemu.model.plans import PriceList
from nfemu.model.subscriber import Segment, Subscriber
from nfemu.settings.people_csv import PeopleCsv


class AttachAtStart(Enum):
    """Who has a session from the start."""

    LISTED = "listed"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OpeningAccount:
    """An account and its balance at the very first start; later the ledger alone counts."""

    account: Account
    balance: Money


@dataclass(frozen=True, slots=True)
class Terms:
    """What accounts get that are not described one by one."""

    country_code: str
    currency: str
    credit_limit: Money
    prices: PriceList | None = None
    """What their plans cost; None: that is not known, since the file is wrong."""


@dataclass(frozen=True, slots=True)
class NumberRange:
    """`count` subscribers with consecutive numbers and IMSIs; each has an account of its own. `profile`: the APN
    profile that each is given (G18); None: what `open` means."""

    first_number: int
    first_imsi: str
    count: int
    balance: Money
    language: str
    profile: ProfileName | None = None
    plan: PlanName | None = None
    services: tuple[ServiceName, ...] = ()
    segment: Segment = Segment.GENERAL
    wechat: bool = False

    def subscribers(self) -> Iterator[Subscriber]:
        width, imsi = len(self.first_imsi), int(self.first_imsi)
        for index in range(self.count):
            msisdn = Msisdn(str(self.first_number + index))
            yield Subscriber(
                Imsi(f"{imsi + index:0{width}d}"),
                msisdn,
                own_account(msisdn),
                language=self.language,
                plan=self.plan,
                services=self.services,
                segment=self.segment,
                wechat=self.wechat,
            )

    def accounts(self, terms: Terms) -> Iterator[OpeningAccount]:
        for index in range(self.count):
            yield opening(AccountId(str(self.first_number + index)), self.balance, terms)


def own_account(msisdn: Msisdn) -> AccountId:
    """The account of a subscriber who names none: called like the number. Named accounts are never all digits."""
    return AccountId(msisdn.e164)


def opening(account: AccountId, balance: Money, terms: Terms) -> OpeningAccount:
    """A personal account on the usual terms."""
    return OpeningAccount(Account(account, AccountKind.PERSONAL, terms.currency, terms.credit_limit), balance)


@dataclass(frozen=True, slots=True)
class People:
    """All subscribers and their accounts. Iterate it as often as needed: listed first, then ranges, then CSV."""

    terms: Terms
    opened: tuple[OpeningAccount, ...]
    """Accounts named under `accounts`, and those of listed subscribers that name none."""
    listed: tuple[Subscriber, ...] = ()
    ranges: tuple[NumberRange, ...] = ()
    csv: PeopleCsv | None = None
    attach: AttachAtStart = AttachAtStart.LISTED
    profiles: Mapping[Msisdn, str] = field(default_factory=dict)
    """The APN profile that a listed line is given before its first session, where it has one of its own (G18)."""

    def __len__(self) -> int:
        return len(self.listed) + sum(part.count for part in self.ranges) + (self.csv.count if self.csv else 0)

    def __iter__(self) -> Iterator[Subscriber]:
        yield from self.listed
        for part in self.ranges:
            yield from part.subscribers()
        if self.csv is not None:
            yield from self.csv.subscribers(self.terms.country_code)

    def fingerprint(self) -> str:
        """Equal for equal people: with it, a start need not read a million of them again."""
        digest = hashlib.sha256(repr((self.terms, self.opened, self.listed, self.ranges)).encode())
        if self.csv is not None:
            with self.csv.path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def accounts(self) -> Iterator[OpeningAccount]:
        """Every account exactly once, before the first start's ledger exists."""
        yield from self.opened
        for part in self.ranges:
            yield from part.accounts(self.terms)
        if self.csv is not None:
            for account, balance in self.csv.accounts(self.terms.country_code, self.terms.currency):
                yield opening(account, balance, self.terms)

    def count_at_start(self) -> int:
        """How many `attached_at_start` gives."""
        return {AttachAtStart.ALL: len(self), AttachAtStart.LISTED: len(self.listed)}.get(self.attach, 0)

    def attached_at_start(self) -> Iterable[Subscriber]:
        """Those who have a session from the start."""
        if self.attach is AttachAtStart.ALL:
            return self
        return self.listed if self.attach is AttachAtStart.LISTED else ()
