"""What simulated people are like: plain values, every one of them configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from nfemu.model.identity import PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.notices import Channel
from nfemu.model.subscriber import Segment


@dataclass(frozen=True, slots=True)
class PopulationRules:
    """Who they are. Shares count relative to one another; all else is of a hundred."""

    plans: Mapping[PlanName, int] = field(default_factory=dict)
    """Shares of cards."""
    services: Mapping[ServiceName, int] = field(default_factory=dict)
    """Of main cards, how many have the service beside their plan."""
    levels: Mapping[int, int] = field(default_factory=lambda: dict(_LEVELS))
    """Shares of accounts (S20)."""
    segments: Mapping[Segment, int] = field(default_factory=lambda: {Segment.GENERAL: 1})
    """Shares of accounts (S3)."""
    wechat: int = 65
    """Main cards that have bound the official account (S4)."""
    secondary: int = 15
    """Accounts with a second card (S11)."""
    english: int = 3
    """Accounts that are written to in English."""
    balance: int = 300
    """Opening balances: evenly from nothing to so many percent of the next monthly fees."""


_LEVELS = {1: 2, 2: 4, 3: 7, 4: 11, 5: 17, 6: 17, 7: 15, 8: 12, 9: 9, 10: 6}


@dataclass(frozen=True, slots=True)
class UsageRules:
    """What cards use in a month, in percent of their plan's bundle of traffic; evenly up to `usual`, or, so many of a
    hundred, up to `heavy`. It is counted in `pieces`, at moments of their own."""

    usual: int = 100
    heavy: int = 200
    heavy_cards: int = 12
    pieces: int = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a hundred, so many pay, `within` the time: three quarters of them before half of it is over... see
    `responses.after`."""

    percent: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How they respond."""

    reminders: Mapping[Channel, Answer] = field(default_factory=lambda: dict(_REMINDERS))
    """To a reminder, by its channel."""
    stop_notice: Answer = Answer(35, timedelta(hours=2))
    """To a stop notice, on each channel."""
    green: Answer = Answer(92, timedelta(hours=6))
    """To a stop that leaves the green channel (G2, G3)."""
    barred: Answer = Answer(85, timedelta(hours=36))
    """To a stop without any IP: the payer has to find another way to pay."""
    clicks: Mapping[Channel, int] = field(default_factory=lambda: {Channel.WECHAT: 30, Channel.SMS: 8})
    """Of those who do not pay, how many of a hundred open a message's link all the same, within a day."""
    habit: int = 30
    """Of a hundred at level 0, how many top up by themselves when the month's fee is more than is left ..."""
    habit_per_level: int = 5
    """... and so many more at each level."""
    habit_within: timedelta = timedelta(days=8)
    """... on a day from the month's first one on."""
    top_ups: Mapping[Money, int] = field(default_factory=dict)
    """Shares of people by the amount that they pay, or a multiple of it that suffices."""
    awake_from: time = time(7)
    awake_until: time = time(23)
    """Nobody pays or clicks in between: what falls into the night is done in the morning ..."""
    morning: timedelta = timedelta(hours=3)
    """... within so long."""


_REMINDERS = {
    Channel.SMS: Answer(12, timedelta(hours=12)),
    Channel.WECHAT: Answer(18, timedelta(hours=12)),
    Channel.VOICE: Answer(25, timedelta(hours=4)),
}


@dataclass(frozen=True, slots=True)
class Calls:
    """Of a thousand people whose service was stopped, how many call the hotline."""

    told: int = 12
    """Where a stop notice came before."""
    untold: int = 24


@dataclass(frozen=True, slots=True)
class SimulationRules:
    """`province`: for how many subscribers the capacities of `dunning.yaml` are meant; a run has its share of them."""

    population: PopulationRules = field(default_factory=PopulationRules)
    usage: UsageRules = field(default_factory=UsageRules)
    behaviour: Behaviour = field(default_factory=Behaviour)
    calls: Calls = field(default_factory=Calls)
    province: int = 60_000_000
