"""What became of the people between two configurations, and what of it a running carrier takes over.

New cards and accounts are added, accounts get their terms (kind, level, credit limit), and cards the plan and services
that they pay for from now on. Otherwise a card that is known stays as it is, also where the files take it out or give
it to another account: the ledger is append-only, and what was booked on an account under a card cannot be told
otherwise afterwards. Each thing that stays is named, with the reason.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscriber
from nfemu.settings.people import NumberRange, OpeningAccount, People, Terms
from nfemu.web.api.backend import ConfigChange

FILE = "subscribers.yaml"
_KEPT = "card, account and ledger stay, since the ledger is append-only; `nfemu reset` forgets them"
_KNOWN = "a card that is known stays as it is; `nfemu reset` starts over"
_FEES = "for what falls due from now on"
_BOOKED = (
    "an opening balance counts for new accounts only, since the ledger is append-only; use `nfemu charge` or `pay`"
)

T = TypeVar("T")


def people_changes(before: People, after: People) -> list[ConfigChange]:
    """Card by card and account by account; of a CSV file only how many cards there are."""
    return [
        *_cards(_Compared.of(before.listed, after.listed, lambda card: card.imsi), after.terms.country_code),
        *_accounts(
            _Compared.of(before.opened, after.opened, lambda opened: opened.account.id), before.terms, after.terms
        ),
        *_profiles(before, after),
        *_ranges(_Compared.of(before.ranges, after.ranges, lambda part: part.first_imsi), after.terms.country_code),
        *_csv(before, after),
    ]


@dataclass(frozen=True, slots=True)
class _Compared(Generic[T]):
    """`kept`: what both have, as it was and as it is."""

    added: list[T]
    removed: list[T]
    kept: list[tuple[T, T]]

    @classmethod
    def of(cls, before: Iterable[T], after: Iterable[T], key: Callable[[T], object]) -> "_Compared[T]":
        old, new = ({key(one): one for one in side} for side in (before, after))
        return cls(
            [one for name, one in new.items() if name not in old],
            [one for name, one in old.items() if name not in new],
            [(old[name], one) for name, one in new.items() if name in old],
        )


def _cards(cards: _Compared[Subscriber], country: str) -> Iterator[ConfigChange]:
    for card in cards.added:
        yield ConfigChange(FILE, card.msisdn.national(country), f"new card, account {card.account}")
    for card in cards.removed:
        yield ConfigChange(FILE, card.msisdn.national(country), "removed", _KEPT, applied=False)
    for old, new in cards.kept:
        for change in _differences(_card_facts(old), _card_facts(new)):
            yield ConfigChange(FILE, old.msisdn.national(country), change, _KNOWN, applied=False)
        for change in _differences(_fees(old), _fees(new)):
            yield ConfigChange(FILE, old.msisdn.national(country), change, _FEES)


def _fees(card: Subscriber | NumberRange) -> dict[str, object]:
    return {"plan": card.plan or "none", "services": ", ".join(card.services) or "none"}


def _card_facts(card: Subscriber) -> dict[str, object]:
    return {
        "number": card.msisdn,
        "account": card.account,
        "role": card.role.value,
        "language": card.language,
        "static_ipv4": card.static_ipv4 or "none",
        "static_ipv6": card.static_ipv6 or "none",
        **_heard_as(card),
    }


def _profiles(before: People, after: People) -> Iterator[ConfigChange]:
    """Of cards that both have; a profile is given before the first session and ordered by hand from then on."""
    for card in after.listed:
        old, new = (people.profiles.get(card.msisdn, "open") for people in (before, after))
        if old != new and any(card.imsi == known.imsi for known in before.listed):
            number = card.msisdn.national(after.terms.country_code)
            yield ConfigChange(
                FILE, number, f"profile: {old} → {new}", f"`nfemu profile {number} {new}`", applied=False
            )


def _accounts(accounts: _Compared[OpeningAccount], before: Terms, after: Terms) -> Iterator[ConfigChange]:
    for opened in accounts.added:
        yield ConfigChange(FILE, f"account {opened.account.id}", f"new, balance {opened.balance.decimal()}")
    for opened in accounts.removed:
        yield ConfigChange(FILE, f"account {opened.account.id}", "removed", _KEPT, applied=False)
    for old, new in accounts.kept:
        subject = f"account {old.account.id}"
        yield from _balance(subject, old.balance, new.balance)
        for change in _differences(_account_facts(old, before), _account_facts(new, after)):
            yield ConfigChange(FILE, subject, change)


def _account_facts(opened: OpeningAccount, terms: Terms) -> dict[str, object]:
    """A limit that is everybody's is told once, of dunning.yaml."""
    account = opened.account
    limit = "as everybody" if account.credit_limit == terms.credit_limit else account.credit_limit.decimal()
    return {"kind": account.kind.value, "level": account.level, "credit_limit": limit}


def _ranges(ranges: _Compared[NumberRange], country: str) -> Iterator[ConfigChange]:
    for part in ranges.added:
        yield ConfigChange(FILE, _range_name(part, country), f"new, {part.count} cards")
    for part in ranges.removed:
        yield ConfigChange(FILE, _range_name(part, country), f"removed, {part.count} cards", _KEPT, applied=False)
    for old, new in ranges.kept:
        subject = _range_name(old, country)
        if new.count > old.count:
            yield ConfigChange(FILE, subject, f"{new.count - old.count} new cards at its end")
        elif new.count < old.count:
            yield ConfigChange(FILE, subject, f"{old.count - new.count} cards removed", _KEPT, applied=False)
        yield from _balance(subject, old.balance, new.balance)
        for change in _differences(_range_facts(old), _range_facts(new)):
            yield ConfigChange(FILE, subject, change, _KNOWN, applied=False)
        for change in _differences(_fees(old), _fees(new)):
            yield ConfigChange(FILE, subject, change, _FEES)


def _range_facts(part: NumberRange) -> dict[str, object]:
    return {
        "first_number": part.first_number,
        "language": part.language,
        "profile": part.profile or "open",
        **_heard_as(part),
    }


def _heard_as(card: Subscriber | NumberRange) -> dict[str, object]:
    return {"segment": card.segment.value, "wechat": str(card.wechat).lower()}


def _range_name(part: NumberRange, country: str) -> str:
    return f"range from {Msisdn(str(part.first_number)).national(country)}"


def _balance(subject: str, old: Money, new: Money) -> Iterator[ConfigChange]:
    if old != new:
        yield ConfigChange(FILE, subject, f"balance {old.decimal()} → {new.decimal()}", _BOOKED, applied=False)


def _differences(old: dict[str, object], new: dict[str, object]) -> list[str]:
    return [f"{name} {was} → {new[name]}" for name, was in old.items() if new[name] != was]


def _csv(before: People, after: People) -> Iterator[ConfigChange]:
    was, becomes = (people.csv.count if people.csv is not None else 0 for people in (before, after))
    if becomes > was:
        yield ConfigChange(FILE, "csv", f"{was} → {becomes} cards", "those that are not known yet are new")
    elif becomes < was:
        yield ConfigChange(FILE, "csv", f"{was} → {becomes} cards", _KEPT, applied=False)
