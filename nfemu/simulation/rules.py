"""What simulated people are like: plain values, every one of them configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from nfemu.model.identity import PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.notices import Channel
from nfemu.model.subscriber import Segment


@dataclass(frozen=True, slots=True)
class Parameter:
    """`about` ends with where the value is from, or that it is assumed."""

    key: str
    value: str
    about: str


@dataclass(frozen=True, slots=True)
class PopulationRules:
    """Who they are. Shares count relative to one another; all else is of a hundred."""

    plans: Mapping[PlanName, int]
    """Shares of cards."""
    services: Mapping[ServiceName, int]
    """Of main cards, how many have the service beside their plan."""
    levels: Mapping[int, int]
    """Shares of accounts (S20)."""
    segments: Mapping[Segment, int]
    """Shares of accounts (S3)."""
    wechat: int
    """Main cards that have bound the official account (S4)."""
    secondary: int
    """Accounts with a second card (S11)."""
    english: int
    """Accounts that are written to in English."""
    balance: int
    """Opening balances: evenly from nothing to so many percent of the next monthly fees."""


@dataclass(frozen=True, slots=True)
class UsageRules:
    """What cards use in a month, in percent of their plan's bundle of traffic; evenly up to `usual`, or, so many of a
    hundred, up to `heavy`. It is counted in `pieces`, at moments of their own."""

    usual: int
    heavy: int
    heavy_cards: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a hundred, so many pay, half of them in the first quarter of the time `within`."""

    percent: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How they respond."""

    reminders: Mapping[Channel, Answer]
    """To a reminder, by its channel."""
    stop_notice: Answer
    """To a stop notice, on each channel."""
    green: Answer
    """To a stop that leaves the green channel (G2, G3)."""
    barred: Answer
    """To a stop without any IP: the payer has to find another way to pay."""
    clicks: Mapping[Channel, int]
    """Of those who do not pay, how many of a hundred open a message's link all the same, within a day."""
    habit: int
    """Of a hundred at level 0, how many top up by themselves when the month's fee is more than is left ..."""
    habit_per_level: int
    """... and so many more at each level."""
    habit_within: timedelta
    """... on a day from the month's first one on."""
    top_ups: Mapping[Money, int]
    """Shares of people by the amount that they pay, or a multiple of it that suffices."""
    awake_from: time
    awake_until: time
    """Nobody pays or clicks in between: what falls into the night is done in the morning ..."""
    morning: timedelta
    """... within so long."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Of a thousand people whose service was stopped, how many call the hotline."""

    told: int
    """Where a stop notice came before."""
    untold: int


@dataclass(frozen=True, slots=True)
class SimulationRules:
    """`province`: people for whom the capacities of `dunning.yaml` are meant; a run has its share of them. `told`: all
    of this for people."""

    population: PopulationRules
    usage: UsageRules
    behaviour: Behaviour
    calls: Calls
    province: int
    told: tuple[Parameter, ...]
