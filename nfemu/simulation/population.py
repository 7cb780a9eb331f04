"""The people: accounts, cards, plans, levels, balances. A person more changes nothing for anybody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from nfemu.bss.fees import FeeRules, next_fees
from nfemu.model.account import Account, AccountKind
from nfemu.model.identity import AccountId, Imsi, Msisdn, Plmn
from nfemu.model.money import Money
from nfemu.model.subscriber import CardRole, Subscriber
from nfemu.simulation.choices import among, share, up_to
from nfemu.simulation.rules import PopulationRules

MOST = 20_000
"""People of one run."""
_FIRST = 13_900_000_000
"""The first one's number, as dialled inside the country."""
_CARDS = 2
"""Of an account, at the most: so far apart are the numbers of main cards."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """What numbers begin with, and the currency of accounts."""

    plmn: Plmn
    country_code: str
    currency: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, who pays for all of its cards; the main card comes first. `fees`: of a month."""

    account: Account
    cards: tuple[Subscriber, ...]
    opening: Money
    fees: Money

    @property
    def name(self) -> str:
        """As whom the person draws."""
        return self.account.id

    @property
    def main(self) -> Subscriber:
        return self.cards[0]


def people(
    rules: PopulationRules, fees: FeeRules, numbering: Numbering, seed: int, count: int, now: datetime
) -> list[Person]:
    """So many of them; `now` is before their first fees."""
    return [_person(rules, fees, numbering, seed, number, now) for number in range(count)]


def _person(
    rules: PopulationRules, fees: FeeRules, numbering: Numbering, seed: int, number: int, now: datetime
) -> Person:
    name = AccountId(f"p{number:06}")
    level = share(seed, name, "level", rules.levels)
    account = Account(name, AccountKind.PERSONAL, numbering.currency, Money(0, numbering.currency), level)
    cards = tuple(_cards(rules, numbering, seed, number, name))
    due = next_fees(fees, name, cards, now)
    monthly = Money(0, numbering.currency) if due is None else due[0]
    opening = Money(monthly.minor * up_to(seed, name, "balance", rules.balance) // 100, numbering.currency)
    return Person(account, cards, opening, monthly)


def _cards(
    rules: PopulationRules, numbering: Numbering, seed: int, number: int, account: AccountId
) -> Iterator[Subscriber]:
    roles = [CardRole.MAIN, *([CardRole.SECONDARY] if among(seed, account, "secondary", rules.secondary) else [])]
    segment = share(seed, account, "segment", rules.segments)
    language = "en" if among(seed, account, "english", rules.english) else "zh"
    for index, role in enumerate(roles):
        main = role is CardRole.MAIN
        yield Subscriber(
            imsi=Imsi(f"{numbering.plmn.mcc}{numbering.plmn.mnc}{_CARDS * number + index:09}"),
            msisdn=Msisdn(f"{numbering.country_code}{_FIRST + _CARDS * number + index}"),
            account=account,
            role=role,
            language=language,
            plan=share(seed, account, f"plan/{role.value}", rules.plans) if rules.plans else None,
            services=tuple(name for name, of in rules.services.items() if main and among(seed, account, name, of)),
            segment=segment,
            wechat=main and among(seed, account, "wechat", rules.wechat),
        )
