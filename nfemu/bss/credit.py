"""The credit level: an explicit scorecard over how an account paid (S20).

    six inputs (`credit_history`) ──bands──▶ points of each ──▶ their sum ──thresholds──▶ level 1 to 10; and tags

Points are read from a table of bands: the last band that does not begin above the value gives them, so a level can be
explained line by line. Who has been here for less than `min_months` keeps the level of before: nothing is known of a
newcomer, who is neither to be stopped early nor trusted for it.

The card that ships is nfemu's own, of round numbers; no carrier's is known.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum

from nfemu.bss.draws import spread
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import AccountId

LOWEST, HIGHEST = 1, 10
_WINDOW = timedelta(hours=6)
"""At the month's start, in which accounts are computed anew, each at a moment of its own."""


class CreditInput(Enum):
    """What the card looks at; each a whole number from 0 on."""

    SPEND = "spend"
    """Charged in a month, on average of the last six or of as many as there are; whole units of the currency (yuan)."""
    STOPS = "stops"
    """How often a line of the account was stopped in the last year, but for those by hand."""
    STOPPED_DAYS = "stopped_days"
    """Days of it, those that were begun included."""
    PAID_AHEAD = "paid_ahead"
    """Of the payments of the last year, those that came before the balance was below zero, in percent. Without any
    payment, whether it is not below zero: 100 or 0."""
    PAYMENT = "payment"
    """A payment of the last year, on average, in whole units of the currency."""
    MONTHS = "months"
    """Months of 30 days since the first entry of the ledger."""


@dataclass(frozen=True, slots=True)
class Band:
    """From `start` on, in the input's unit, it gives `points`."""

    start: int
    points: int


Bands = tuple[Band, ...]


def bands(points: Mapping[int, int]) -> Bands:
    """By where they begin. Raises InvalidInput unless the first one begins at 0."""
    if min(points, default=None) != 0:
        raise InvalidInput("points are given for every value: let the first band begin at 0, as in `{0: 5, 1: 0}`")
    return tuple(Band(start, points[start]) for start in sorted(points))


@dataclass(frozen=True, slots=True)
class TagRule:
    """The tag is given where the input is `least` or more."""

    input: CreditInput
    least: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`thresholds`: the scores from which levels 2 to 10 begin. An input without bands gives nothing. Raises
    InvalidInput."""

    base: int
    min_months: int
    bands: Mapping[CreditInput, Bands]
    thresholds: tuple[int, ...]
    tags: Mapping[str, TagRule]

    def __post_init__(self) -> None:
        if len(self.thresholds) != HIGHEST - LOWEST or list(self.thresholds) != sorted(set(self.thresholds)):
            raise InvalidInput(
                f"levels {LOWEST + 1} to {HIGHEST} each begin at a score, the next one at a higher: write "
                f"{HIGHEST - LOWEST} numbers that rise"
            )


DEFAULT_CARD = Scorecard(
    base=50,
    min_months=3,
    bands={
        CreditInput.SPEND: bands({0: 0, 30: 5, 60: 10, 120: 15, 300: 20}),
        CreditInput.STOPS: bands({0: 15, 1: 0, 2: -10, 4: -25}),
        CreditInput.STOPPED_DAYS: bands({0: 5, 1: 0, 4: -5, 15: -15}),
        CreditInput.PAID_AHEAD: bands({0: -10, 30: 0, 60: 10, 90: 15}),
        CreditInput.PAYMENT: bands({0: 0, 50: 5, 100: 10}),
        CreditInput.MONTHS: bands({0: 0, 6: 5, 12: 10, 24: 15}),
    },
    thresholds=(15, 30, 45, 60, 75, 90, 100, 110, 120),
    tags={
        "heavy-user": TagRule(CreditInput.SPEND, 300),
        "long-standing": TagRule(CreditInput.MONTHS, 24),
        "often-stopped": TagRule(CreditInput.STOPS, 3),
        "pays-ahead": TagRule(CreditInput.PAID_AHEAD, 90),
    },
)


@dataclass(frozen=True, slots=True)
class CreditRules:
    """`zone`: the carrier's, in which months are. `seed`: of the moments at which accounts are computed anew."""

    card: Scorecard = DEFAULT_CARD
    zone: tzinfo = UTC
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Contribution:
    """One line of an explanation."""

    input: CreditInput
    value: int
    points: int


@dataclass(frozen=True, slots=True)
class CreditScore:
    """`kept`: what is known is too little, and `level` is the one of before."""

    level: int
    score: int
    base: int
    contributions: tuple[Contribution, ...]
    tags: tuple[str, ...]
    kept: bool


def score(card: Scorecard, inputs: Mapping[CreditInput, int], level: int) -> CreditScore:
    """What `inputs` earn; `level`: the one of now."""
    contributions = tuple(
        Contribution(each, inputs[each], _points(its_bands, inputs[each])) for each, its_bands in card.bands.items()
    )
    total = card.base + sum(each.points for each in contributions)
    kept = inputs[CreditInput.MONTHS] < card.min_months
    earned = LOWEST + bisect_right(card.thresholds, total)
    tags = tuple(sorted(name for name, rule in card.tags.items() if inputs[rule.input] >= rule.least))
    return CreditScore(level if kept else earned, total, card.base, contributions, tags, kept)


def next_recompute(rules: CreditRules, account: AccountId, after: datetime) -> datetime:
    """The account's own moment in the first hours of the month that begins next, so that a million accounts are not
    computed in one second; in UTC."""
    local = after.astimezone(rules.zone)
    year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
    begins = datetime(year, month, 1, tzinfo=rules.zone).astimezone(UTC)
    return begins + spread(rules.seed, account, f"credit/{year}-{month:02}", _WINDOW)


def _points(its_bands: Sequence[Band], value: int) -> int:
    starts = [band.start for band in its_bands]
    return its_bands[bisect_right(starts, value) - 1].points
