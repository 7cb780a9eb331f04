"""`simulation.yaml`. Each description ends with where the number is from."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Duration, Name, Number, Percent, Share, TimeOfDay

Level = Annotated[str, Field(pattern=r"^([1-9]|10)$", examples=["5"])]
Sum = Annotated[str, Field(pattern=r"^[0-9]{1,9}([.][0-9]{1,3})?$", examples=["50"])]
SegmentName = Literal["general", "student", "family", "business", "senior"]


class PopulationSection(Section):
    """Who the people are. Shares count relative to one another."""

    plans: dict[Name, Share] = Field(
        default={}, description="Shares of cards by plan of `plans.yaml`; none: no card pays a fee. Assumed."
    )
    services: dict[Name, Percent] = Field(
        default={}, description="Of a hundred main cards, so many have the service beside their plan (S1b). Assumed."
    )
    levels: dict[Level, Share] = Field(
        default={str(level): share for level, share in enumerate((2, 4, 7, 11, 17, 17, 15, 12, 9, 6), 1)},
        description="Shares of accounts by credit level (S20). Assumed.",
    )
    segments: dict[SegmentName, Share] = Field(
        default={"general": 55, "student": 12, "family": 15, "business": 8, "senior": 10},
        description="Shares of accounts (S3). Assumed.",
    )
    wechat: Percent = Field(default=65, description="Main cards with the official account bound (S4). Assumed.")
    secondary: Percent = Field(default=15, description="Accounts with a second card (S11). Assumed.")
    english: Percent = Field(default=3, description="Accounts that are written to in English. Assumed.")
    balance: Number = Field(
        default=300,
        ge=0,
        le=10_000,
        examples=["300"],
        description="Opening balances: evenly from nothing to so many percent of the next monthly fees. Assumed.",
    )


class UsageSection(Section):
    """What cards use of their plan's bundle of traffic in a month."""

    usual: Number = Field(
        default=90, ge=0, le=10_000, examples=["90"], description="Evenly up to so many percent of it. Assumed."
    )
    heavy: Number = Field(
        default=150, ge=0, le=10_000, examples=["150"], description="... or up to so many, of heavy users. Assumed."
    )
    heavy_cards: Percent = Field(default=10, description="Heavy users. Assumed.")
    pieces: Number = Field(
        default=6, ge=1, le=1000, examples=["6"], description="In so many pieces it is counted. Assumed."
    )


class AnswerSection(Section):
    """Who pays after a message or a stop, and when."""

    percent: Percent = Field(description="Of a hundred, so many pay.")
    within: Duration = Field(description="Half of them within a quarter of this time.")


def _answer(percent: int, within: str) -> AnswerSection:
    return AnswerSection.model_validate({"percent": percent, "within": within})


class RemindersSection(Section):
    """Who pays after a reminder (S2, S5, S10, S12), by its channel."""

    sms: AnswerSection = _answer(5, "12h")
    wechat: AnswerSection = _answer(6, "12h")
    voice: AnswerSection = _answer(10, "4h")


class ClicksSection(Section):
    """Of a hundred who do not pay after a message, so many open its link within a day."""

    sms: Percent = Field(default=5, description="Assumed.")
    wechat: Percent = Field(default=30, description="Assumed.")


class HabitSection(Section):
    """Who tops up unasked where less than a month's fees is left."""

    base: Percent = Field(default=5, description="Of a hundred. Assumed.")
    per_level: Number = Field(
        default=5, ge=0, le=10, examples=["5"], description="So many more for each credit level. Assumed."
    )
    within: Duration = Field(
        default=timedelta(days=20), description="Evenly on one of so many days from the first one on. Assumed."
    )


class BehaviourSection(Section):
    """How people respond."""

    reminders: RemindersSection = Field(
        default=RemindersSection(), description="After a reminder (S2, S5, S10, S12), by its channel. Assumed."
    )
    stop_notice: AnswerSection = Field(
        default=_answer(12, "2h"),
        description="After a stop notice, on each channel. Assumed.",
    )
    green: AnswerSection = Field(
        default=_answer(92, "6h"),
        description="After a stop that leaves the green channel (G2, G3). Assumed.",
    )
    barred: AnswerSection = Field(
        default=_answer(85, "36h"),
        description="After a stop without IP: another way to pay has to be found. Assumed.",
    )
    clicks: ClicksSection = ClicksSection()
    habit: HabitSection = HabitSection()
    top_ups: dict[Sum, Share] = Field(
        default={"30": 4, "50": 4, "100": 2},
        description="Shares of people by what they usually pay; where it is too little, a multiple. Assumed.",
    )
    awake_from: TimeOfDay = Field(default=time(7), description="Nobody pays before. Assumed.")
    awake_until: TimeOfDay = Field(default=time(23), description="... or from then on. Assumed.")
    morning: Duration = Field(
        default=timedelta(hours=3), description="What falls into the night is spread over so long. Assumed."
    )


class CallsSection(Section):
    """Of a thousand people who were stopped, so many call the hotline."""

    told: Number = Field(
        default=12,
        ge=0,
        le=1000,
        examples=["12"],
        description="Who had a stop notice before. Source: a reported pilot, 1.2 % of those in arrears.",
    )
    untold: Number = Field(
        default=24,
        ge=0,
        le=1000,
        examples=["24"],
        description="Who had none. Source: the same pilot, down by half or more.",
    )


class SimulationFile(Section):
    """The people of `nfemu compare policies`. No running carrier reads it."""

    province: Number = Field(
        default=60_000_000,
        ge=1,
        le=10_000_000_000,
        examples=["60000000"],
        description="People for whom the capacities of orders and channels in `dunning.yaml` are meant; a run has its "
        "share of them. Assumed; the sources tell of a large province, and of 100 million users of several operators.",
    )
    population: PopulationSection = PopulationSection()
    usage: UsageSection = UsageSection()
    behaviour: BehaviourSection = BehaviourSection()
    calls: CallsSection = CallsSection()
