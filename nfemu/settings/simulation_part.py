"""`simulation.yaml` as the simulation takes it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from pydantic import BaseModel

from nfemu.files.json_schema import duration
from nfemu.files.source import Source, ValuePath
from nfemu.model.identity import PlanName, ServiceName
from nfemu.model.money import Money
from nfemu.model.notices import Channel
from nfemu.model.subscriber import Segment
from nfemu.settings.scalars import amount
from nfemu.settings.schema import AnswerSection, SimulationFile
from nfemu.simulation.rules import (
    Answer,
    Behaviour,
    Calls,
    Parameter,
    PopulationRules,
    SimulationRules,
    UsageRules,
)


def simulation_part(file: SimulationFile, source: Source, currency: str) -> SimulationRules:
    """Convert and check; mistakes are reported to `source`."""
    people, usage, calls = file.population, file.usage, file.calls
    _check_shares(("population", "levels"), people.levels.values(), source)
    _check_shares(("population", "segments"), people.segments.values(), source)
    _check_shares(("behaviour", "top_ups"), file.behaviour.top_ups.values(), source)
    if people.plans:
        _check_shares(("population", "plans"), people.plans.values(), source)
    return SimulationRules(
        PopulationRules(
            plans={PlanName(name): share for name, share in people.plans.items()},
            services={ServiceName(name): percent for name, percent in people.services.items()},
            levels={int(level): share for level, share in people.levels.items()},
            segments={Segment(name): share for name, share in people.segments.items()},
            wechat=people.wechat,
            secondary=people.secondary,
            english=people.english,
            balance=people.balance,
        ),
        UsageRules(usage.usual, usage.heavy, usage.heavy_cards, usage.pieces),
        _behaviour(file, source, currency),
        Calls(calls.told, calls.untold),
        file.province,
        tuple(_told(file)),
    )


def _behaviour(file: SimulationFile, source: Source, currency: str) -> Behaviour:
    written = file.behaviour
    if not written.awake_from < written.awake_until:
        text = "a day ends after it began, on the same day; write for example `23:00`"
        source.report(("behaviour", "awake_until"), text)
    if written.habit.within.days < 1:
        source.report(("behaviour", "habit", "within"), "a habit needs a day at least; write for example `20d`")
    answers = {
        Channel.SMS: written.reminders.sms,
        Channel.WECHAT: written.reminders.wechat,
        Channel.VOICE: written.reminders.voice,
    }
    return Behaviour(
        reminders={channel: _answer(section) for channel, section in answers.items()},
        stop_notice=_answer(written.stop_notice),
        green=_answer(written.green),
        barred=_answer(written.barred),
        clicks={Channel.SMS: written.clicks.sms, Channel.WECHAT: written.clicks.wechat},
        habit=written.habit.base,
        habit_per_level=written.habit.per_level,
        habit_within=written.habit.within,
        top_ups=_top_ups(written.top_ups, source, currency),
        awake_from=written.awake_from,
        awake_until=written.awake_until,
        morning=written.morning,
    )


def _answer(section: AnswerSection) -> Answer:
    return Answer(section.percent, section.within)


def _top_ups(written: Mapping[str, int], source: Source, currency: str) -> dict[Money, int]:
    found = {}
    for text, share in written.items():
        path: ValuePath = ("behaviour", "top_ups", text)
        usual = source.attempt(path, amount, text, currency)
        if usual is not None and usual.minor <= 0:
            source.report(path, "nobody pays nothing; write for example `50`")
        elif usual is not None:
            found[usual] = share
    return found


def _check_shares(path: ValuePath, shares: Iterable[int], source: Source) -> None:
    if not any(shares):
        source.report(path, "one share at least is more than nothing; write for example `1`")


def _told(section: BaseModel, prefix: str = "", about: str = "") -> Iterator[Parameter]:
    """Each value with what the file's description says of it, and of the section that it is in."""
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), f"{prefix}{name}"
        described = " ".join(filter(None, (about, field.description)))
        if isinstance(value, BaseModel):
            yield from _told(value, f"{key}.", described)
        else:
            yield Parameter(key, _written(value), described)


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {each}" for key, each in value.items()) or "none"
    return duration(value) if isinstance(value, timedelta) else str(value)
