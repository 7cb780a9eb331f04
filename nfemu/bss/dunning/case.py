"""What several rules ask of one situation, answered in one place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from nfemu.bss.draws import spread
from nfemu.bss.dunning.actions import Action
from nfemu.bss.dunning.rules import DunningRules, Rule
from nfemu.bss.dunning.situation import Card, Service, Situation, Told
from nfemu.bss.standing import amount_due, shown_due, standing
from nfemu.model.account import AccountKind, Standing
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind
from nfemu.model.subscriber import CardRole, Segment


@dataclass(frozen=True, slots=True)
class Part:
    """What one rule contributes: actions, and moments at which it could come to others."""

    actions: tuple[Action, ...] = ()
    wakes: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A situation under its rules, now. Spread moments are the account's own, the same however often it is asked."""

    rules: DunningRules
    situation: Situation
    now: datetime
    limit: Money = field(init=False)
    """How far the balance may fall below zero, with the level's extra credit (S25)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", self.rules.limit(self.situation.account))

    def on(self, rule: Rule) -> bool:
        return self.rules.on(rule)

    # ---- money

    @property
    def standing(self) -> Standing:
        return standing(self.situation.balance, self.limit)

    @property
    def arrears(self) -> Money:
        return -self.situation.balance

    def due(self, balance: Money) -> Money:
        """What clears the account from `balance` (S8)."""
        return amount_due(balance, self.limit, self.rules.resume_balance)

    def is_deducted(self, due: Money) -> bool:
        """An agreement pays it when it falls due, without anybody's doing (G19)."""
        most = self.situation.deductible
        return most is not None and due.minor <= most.minor

    def named(self, card: Card, due: Money) -> Money | None:
        """The amount that the card's owner is told (S8, S11)."""
        return shown_due(self.situation.account, due, card.share) if self.on(Rule.S8) else None

    @property
    def of_a_unit(self) -> bool:
        return self.situation.account.kind is AccountKind.UNIT

    # ---- cards

    def open_cards(self) -> list[Card]:
        """What a stop would stop: what a person holds open stays open."""
        return [card for card in self.unheld_cards() if card.service is Service.OPEN]

    def unheld_cards(self) -> list[Card]:
        """Those that follow the account's standing."""
        return [card for card in self.situation.cards if not card.held]

    def main_cards(self) -> list[Card]:
        """Whom reminders are sent to (S6): nobody who is stopped already."""
        mains = [card for card in self.unheld_cards() if card.role is CardRole.MAIN]
        if not self.on(Rule.S6):
            return mains
        return [card for card in mains if card.service is Service.OPEN]

    def segment(self, card: Card) -> Segment:
        """Whose text the owner gets (S3)."""
        return card.segment if self.on(Rule.S3) else Segment.GENERAL

    # ---- what was told

    def told(self, *kinds: NoticeKind, since: datetime | None = None) -> list[Told]:
        """Oldest first, made at or after `since`."""
        return [
            each for each in self.situation.told if each.kind in kinds and (since is None or each.created_at >= since)
        ]

    # ---- time

    @property
    def today(self) -> date:
        return self.rules.hours.day(self.now)

    def is_woken_for(self, moment: datetime) -> bool:
        """Is this the look that was meant for `moment`?"""
        duty = self.situation.duty
        return duty is not None and duty <= moment <= self.now

    def slot(self, opens: datetime, closes: datetime, event: str) -> datetime:
        """The account's own moment between the two."""
        return opens + spread(self.rules.seed, self.situation.account.id, event, max(closes - opens, timedelta(0)))


def together(parts: Sequence[Part], now: datetime) -> tuple[tuple[Action, ...], datetime | None]:
    """All actions, in order, and the first moment behind `now` to look again."""
    wakes = (wake for part in parts for wake in part.wakes if wake > now)
    return tuple(action for part in parts for action in part.actions), min(wakes, default=None)


def days_of(month: date, days: Iterable[int]) -> list[date]:
    """Those days of the month of that date that it has."""
    last = last_day(month)
    return [month.replace(day=day) for day in days if day <= last.day]


def last_day(month: date) -> date:
    return next_month(month) - timedelta(days=1)


def next_month(month: date) -> date:
    """Its first day."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
