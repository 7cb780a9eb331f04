"""What a line costs: plans, services beside them, and tariffs for what is used past a plan's bundle (`plans.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import Enum

from nfemu.model.identity import PlanName, ServiceName
from nfemu.model.money import Money


class Period(Enum):
    MONTH = "month"
    DAY = "day"
    """Daily rent."""


class Measured(Enum):
    """What a tariff is about, and in what it is counted."""

    DATA = "data"
    """Octets, both directions together."""
    VOICE = "voice"
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Service:
    """A value-added service (S1b): a fee of its own, at its own hour of each day, or of one day in the month."""

    name: ServiceName
    fee: Money
    period: Period = Period.MONTH
    at: time = time()
    """In the carrier's zone."""
    day: int = 1
    """Of the month, 1 to 28; for the daily ones without meaning."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """`included`: of a calendar month, in octets or seconds. Past it, every `unit` that is begun costs `price`."""

    included: int
    unit: int
    price: Money


@dataclass(frozen=True, slots=True)
class Plan:
    """`fee`: of each month, on its first day (S1); a month that has begun already costs nothing. `services`: of every
    card that has the plan. `tariffs`: what is in none is free."""

    name: PlanName
    fee: Money
    services: tuple[ServiceName, ...] = ()
    tariffs: Mapping[Measured, Tariff] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Everything under its name. The fees of plans fall due from `begins` on, spread over `window` (S1)."""

    plans: Mapping[PlanName, Plan] = field(default_factory=dict)
    services: Mapping[ServiceName, Service] = field(default_factory=dict)
    begins: time = time()
    window: timedelta = timedelta(hours=6)
    seed: int = 1
