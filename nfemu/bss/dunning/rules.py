"""What dunning goes by: plain values, every one of them configuration. The rules are those of the requirements."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from enum import Enum

from nfemu.bss.dunning.hours import MOST_BETWEEN, Hours
from nfemu.model.account import Account
from nfemu.model.errors import InvalidInput
from nfemu.model.money import MAX_MINOR, Money
from nfemu.model.subscriber import OrderedProfile


class Policy(Enum):
    """When standing becomes a stop order."""

    IMMEDIATE = "immediate"
    """With the entry that makes the account overdue."""
    CLASSIC = "classic"
    """In the night after that, main cards only, without a word before."""
    GRADED = "graded"
    """By all S rules."""


class Rule(Enum):
    """The S rules that dunning decides by. Each can be switched off, so that one sees what it is good for."""

    S1 = "S1"
    """Fees of the month's start stop. Off: what turned overdue on that day stops nobody."""
    S1B = "S1b"
    """So does everything else that turns an account overdue. Off: it stops nobody."""
    S2 = "S2"
    """Who cannot pay next month's fee is reminded in the last days of the month."""
    S3 = "S3"
    """The text depends on the segment. Off: one text for everybody."""
    S4 = "S4"
    """WeChat where it is bound, SMS after 24 hours without a click. Off: SMS to everybody at once."""
    S5 = "S5"
    """Waves from the first day of the month on."""
    S6 = "S6"
    """Whoever has paid or is stopped is not dunned."""
    S8 = "S8"
    """The text names the exact amount. Off: it says to pay, not how much."""
    S9 = "S9"
    """An AI voice call with one of the waves."""
    S10 = "S10"
    """A low-balance alert on use."""
    S11 = "S11"
    """Secondary cards get the stop notice, too; members of a unit see their own share."""
    S12 = "S12"
    """Who will run out before the month does is told early."""
    S20 = "S20"
    """High levels are stopped days later. Off: nobody waits for a level's delay."""
    S21 = "S21"
    """A level's delay is for the fees of the month's start only. Off: for every debt."""
    S22 = "S22"
    """No stop without a stop notice, and neither at night."""
    S23 = "S23"
    """The stop follows the notice by the level's time. Off: at once."""
    S24 = "S24"
    """Large arrears are stopped at once."""
    S25 = "S25"
    """High levels get extra credit."""
    S27 = "S27"
    """A stopped line resumes from the resume balance on. Off: as soon as it is not overdue any more."""


class Outreach(Enum):
    """How reminders reach those of a level. Where WeChat is not bound, by SMS in any case."""

    SMS_AND_VOICE = "sms and voice"
    """WeChat where it is bound, then SMS; a call with one of the waves (S9)."""
    WECHAT_THEN_SMS = "wechat then sms"
    WECHAT = "wechat"
    """Whoever has WeChat bound gets no SMS but the stop notice."""


@dataclass(frozen=True, slots=True)
class LevelRules:
    """`delay`: days, for fees of the month's start (S20). `notice`: from stop notice to stop (S23). Raises
    InvalidInput."""

    delay: int
    notice: timedelta
    extra_credit: Money
    outreach: Outreach

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.notice <= MOST_BETWEEN:
            raise InvalidInput("a stop follows its notice within two hours (S23); write at most `2h`")


def default_levels(currency: str) -> dict[int, LevelRules]:
    """The requirements' table; amounts are in whole units of the currency."""
    found: dict[int, LevelRules] = {}
    for levels, delay, minutes, extra, outreach in _DEFAULT:
        credit = Money.parse(str(extra), currency) if extra else Money(0, currency)
        found |= {level: LevelRules(delay, timedelta(minutes=minutes), credit, outreach) for level in levels}
    return found


_DEFAULT = (
    ((1, 2), 0, 30, 0, Outreach.SMS_AND_VOICE),
    ((3,), 1, 30, 0, Outreach.SMS_AND_VOICE),
    ((4,), 1, 60, 0, Outreach.WECHAT_THEN_SMS),
    ((5, 6), 2, 60, 0, Outreach.WECHAT_THEN_SMS),
    ((7,), 3, 120, 5, Outreach.WECHAT_THEN_SMS),
    ((8,), 4, 120, 10, Outreach.WECHAT),
    ((9,), 5, 120, 20, Outreach.WECHAT),
    ((10,), 7, 120, 30, Outreach.WECHAT),
)


@dataclass(frozen=True, slots=True)
class Reminding:
    """When reminders go out. Days are of the month, from 1."""

    month_end_days: int = 3
    """How many of the month's last days (S2)."""
    waves: tuple[int, ...] = (1, 3, 5, 8, 12, 15)
    """Days of the dunning waves (S5)."""
    wave_at: time = time(8)
    wave_spread: timedelta = timedelta(hours=1)
    """A wave's messages are spread over so long, the same for each account every time it is asked."""
    voice_wave: int = 3
    """Which of the waves comes with a call, counted from 1 (S9)."""
    fallback: timedelta = timedelta(hours=24)
    """Without a click for so long, a message to WeChat is followed by an SMS (S4)."""
    forecasts: tuple[int, ...] = (10, 20)
    """Days on which is foretold who will run out (S12)."""
    forecast_over: int = 14
    """From the spend of how many days."""


@dataclass(frozen=True, slots=True)
class LowBalance:
    """A balance is low below `amount` or `percent` of the month's fee, whichever is more (S10)."""

    amount: Money
    percent: int = 20


class AtNight(Enum):
    """When large arrears of the night are stopped (S24)."""

    MORNING = "morning"
    AT_ONCE = "at once"


@dataclass(frozen=True, slots=True)
class LargeArrears:
    """Arrears above `above` are stopped at once, notice and stop together (S24)."""

    above: Money
    at_night: AtNight = AtNight.MORNING


@dataclass(frozen=True, slots=True)
class Night:
    """When the policy `classic` stops; not over midnight."""

    begins: time = time(0)
    ends: time = time(6)


@dataclass(frozen=True, slots=True)
class DunningRules:
    """`restricted`: what a stop orders. `resume_from`: from which balance on a stopped line resumes (S27). `seed`: of
    what is spread (`bss.draws`). `off`: rules that are switched off, under `graded`; S27 under every policy. Raises
    InvalidInput."""

    restricted: OrderedProfile
    resume_from: Money
    policy: Policy = Policy.IMMEDIATE
    levels: Mapping[int, LevelRules] = field(default_factory=lambda: default_levels("CNY"))
    hours: Hours = field(default_factory=Hours)
    reminding: Reminding = field(default_factory=Reminding)
    low_balance: LowBalance = field(default_factory=lambda: LowBalance(Money(1000)))
    large: LargeArrears = field(default_factory=lambda: LargeArrears(Money(20000)))
    night: Night = field(default_factory=Night)
    room: timedelta = timedelta(minutes=5)
    """Of the two hours after a stop notice, what is left at least for the order's way through the queues (S23, S26)."""
    month_start: int = 1
    """The day of the month whose debts are fees of the month's start (S1)."""
    seed: int = 1
    off: frozenset[Rule] = frozenset()

    def __post_init__(self) -> None:
        if self.restricted is OrderedProfile.OPEN:
            raise InvalidInput("restricted profile `open` restricts nothing; write `arrears` or `barred`")

    def on(self, rule: Rule) -> bool:
        return rule not in self.off

    def without(self, *rules: Rule) -> "DunningRules":
        """The same with these switched off, too."""
        return replace(self, off=self.off | set(rules))

    @property
    def resume_balance(self) -> Money:
        """From this balance on a stopped line resumes, unless the account is overdue (S27)."""
        return self.resume_from if self.on(Rule.S27) else Money(-MAX_MINOR, self.resume_from.currency)

    def limit(self, account: Account) -> Money:
        """How far below zero the account's balance may fall, with what its level adds (S25)."""
        return account.limit + self.extra_credit(account.level, account.currency)

    def extra_credit(self, level: int, currency: str) -> Money:
        """What an account of that level may owe beyond its own limit (S25)."""
        if self.policy is Policy.GRADED and self.on(Rule.S25):
            return self.levels[level].extra_credit
        return Money(0, currency)
