"""What a start tells the store about the people of the configuration."""

from dataclasses import dataclass
from typing import NamedTuple

from nfemu.model.account import Account
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import ProfileName
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscriber
from nfemu.store.twins import Span, as_digits, as_int


class SeedAccount(NamedTuple):
    """An account and what it starts with; `opening_balance` counts only when the account is new."""

    account: Account
    opening_balance: Money

    def check(self) -> None:
        """Raises InvalidInput for a balance in a foreign currency."""
        account, balance = self
        if balance.currency != account.currency:
            raise InvalidInput(
                f"account `{account.id}` is in {account.currency}, its opening balance in {balance.currency}; use one"
            )


@dataclass(frozen=True, slots=True)
class SeedRange:
    """`count` cards on consecutive IMSIs and numbers, each with an account that is called like its number.

    `card` and `account` are the first ones; the rest differ from them in IMSI, number and name only. `profile`: what
    the HSS record of a new card says; None: it has no APN profile of its own.
    """

    card: Subscriber
    account: SeedAccount
    count: int
    profile: ProfileName | None = None

    @property
    def imsis(self) -> Span:
        return Span.of(self.card.imsi.digits, self.count)

    @property
    def numbers(self) -> Span:
        return Span.of(self.card.msisdn.e164, self.count)

    def holds(self, account: str) -> bool:
        """Whether one of its accounts is called so."""
        return account.isdecimal() and self.numbers.low <= as_int(account) <= self.numbers.high

    def imsi_of(self, number: str) -> str:
        """The IMSI that goes with one of its numbers."""
        return as_digits(self.imsis.low + as_int(number) - self.numbers.low)

    def check(self) -> None:
        """Raises InvalidInput for a range that cannot be meant."""
        card, number = self.card, self.card.msisdn.e164
        self.account.check()
        if not card.account == self.account.account.id == number:
            raise InvalidInput(f"accounts of the range from `{number}` are called like the numbers; name the first so")
        if card.static_ipv4 is not None or card.static_ipv6 is not None:
            raise InvalidInput(f"the range from `{number}` cannot share one static address; list that card by itself")
        digits = ((self.imsis.high, card.imsi.digits), (self.numbers.high, number))
        if self.count < 1 or any(last >= 2 * 10 ** len(first) for last, first in digits):
            raise InvalidInput(f"the range from `{number}` has no room for {self.count}; begin lower or take fewer")
