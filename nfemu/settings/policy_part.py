"""The policies of `dunning.yaml` in the back office's own types."""

from datetime import timedelta, tzinfo
from typing import TypeVar

from nfemu.bss.dunning.hours import Hours
from nfemu.bss.dunning.rules import (
    AtNight,
    DunningRules,
    LargeArrears,
    LevelRules,
    LowBalance,
    Night,
    Outreach,
    Policy,
    Reminding,
    Rule,
    default_levels,
)
from nfemu.files.source import Source, ValuePath
from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile
from nfemu.settings.scalars import amount
from nfemu.settings.schema import DunningFile, LevelSection

T = TypeVar("T")
_DAY = timedelta(days=1)


def dunning_rules(file: DunningFile, source: Source, currency: str, zone: tzinfo) -> DunningRules:
    """Convert and check; mistakes are reported to `source`."""
    policy = Policy(file.policy)
    restricted = file.classic.restricted_profile if policy is Policy.CLASSIC else file.restricted_profile
    reminders, large = file.graded.reminders, file.graded.large_arrears
    if not file.classic.night_from < file.classic.night_until:
        source.report(
            ("classic", "night_until"), "a night ends after it began, on the same day; write for example `06:00`"
        )
    if file.graded.room > timedelta(hours=1):
        source.report(
            ("graded", "room"), "of two hours at least one is left between notice and stop; write at most `1h`"
        )
    low = _money(("graded", "reminders", "low_balance"), reminders.low_balance, source, currency)
    above = _money(("graded", "large_arrears", "above"), large.above, source, currency)
    return DunningRules(
        OrderedProfile(restricted),
        Money(0, currency),
        policy,
        levels=_levels(file, source, currency),
        hours=_hours(file, source, zone),
        reminding=_reminding(file),
        low_balance=LowBalance(low, reminders.low_balance_percent),
        large=LargeArrears(above, AtNight(large.at_night)),
        night=Night(file.classic.night_from, file.classic.night_until),
        room=file.graded.room,
        seed=file.seed,
        off=frozenset(map(Rule, file.without)),
    )


def _hours(file: DunningFile, source: Source, zone: tzinfo) -> Hours:
    written = file.graded.hours
    try:
        return Hours(written.notices_from, written.notices_until, written.quiet_from, written.quiet_until, zone)
    except InvalidInput as error:
        source.report(("graded", "hours"), str(error))
        return Hours(zone=zone)


def _reminding(file: DunningFile) -> Reminding:
    written = file.graded.reminders
    return Reminding(
        month_end_days=written.month_end_days,
        waves=tuple(sorted(set(written.waves))),
        wave_at=written.wave_at,
        wave_spread=written.wave_spread,
        voice_wave=written.voice_wave,
        fallback=written.fallback,
        forecasts=tuple(sorted(set(written.forecasts))),
        forecast_over=written.forecast_over,
    )


def _levels(file: DunningFile, source: Source, currency: str) -> dict[int, LevelRules]:
    """The default table, and what the file says otherwise; each level at most once."""
    found = default_levels(currency)
    seen: set[int] = set()
    for key, section in file.levels.items():
        first, _, last = key.partition("-")
        levels = range(int(first), int(last or first) + 1)
        if not levels or seen & set(levels) or not found.keys() >= set(levels):
            text = f"levels `{key}` are described twice, or not from 1 to 10; write each once, like `1-2`"
            source.report(("levels", key), text)
        seen |= set(levels)
        for level in found.keys() & set(levels):
            found[level] = _level(key, section, found[level], source, currency)
    return found


def _level(key: str, section: LevelSection, usual: LevelRules, source: Source, currency: str) -> LevelRules:
    path: ValuePath = ("levels", key)
    extra = usual.extra_credit
    if section.extra_credit is not None:
        extra = _money((*path, "extra_credit"), section.extra_credit, source, currency)
    outreach = usual.outreach if section.reminders is None else Outreach(section.reminders)
    try:
        return LevelRules(_or(section.delay, usual.delay), _or(section.notice, usual.notice), extra, outreach)
    except InvalidInput as error:
        source.report((*path, "notice"), str(error))
        return usual


def _or(written: T | None, usual: T) -> T:
    return usual if written is None else written


def _money(path: ValuePath, text: str, source: Source, currency: str) -> Money:
    """Zero or more."""
    found = source.attempt(path, amount, text, currency) or Money(0, currency)
    if found.minor < 0:
        source.report(path, f"`{text}` is negative; write `0` or more")
    return found
