"""What `dunning.yaml` says of the policies that take their time: `classic` and `graded`."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Amount, Duration, Number, TimeOfDay

Day = Annotated[Number, Field(ge=1, le=31, examples=["1"])]
Levels = Annotated[str, Field(pattern=r"^[0-9]{1,2}(-[0-9]{1,2})?$", examples=["1-2"])]
RuleId = Literal[
    "S1", "S1b", "S2", "S3", "S4", "S5", "S6", "S8", "S9", "S10", "S11", "S12", "S20", "S21", "S22", "S23", "S24",
    "S25", "S27",
]  # fmt: skip


class ClassicSection(Section):
    """The old way, to compare with: main cards only, in the night after they turned overdue, without a word before."""

    restricted_profile: Literal["arrears", "barred"] = Field(
        default="barred", description="What a stop order means under this policy."
    )
    night_from: TimeOfDay = Field(default=time(0), description="When stops begin.")
    night_until: TimeOfDay = Field(default=time(6), description="When they end; not over midnight.")


class HoursSection(Section):
    """Hours of the day in the carrier's zone (S22)."""

    notices_from: TimeOfDay = Field(default=time(8), description="When messages begin.")
    notices_until: TimeOfDay = Field(
        default=time(20), description="When they end: two hours before quiet hours, or earlier."
    )
    quiet_from: TimeOfDay = Field(default=time(22), description="From then on nobody is stopped.")
    quiet_until: TimeOfDay = Field(default=time(8), description="Until then.")


class RemindersSection(Section):
    """Reminders before a stop notice (S2 to S12)."""

    month_end_days: Number = Field(
        default=3, ge=1, le=14, examples=["3"], description="How many of the month's last days (S2)."
    )
    waves: list[Day] = Field(default=[1, 3, 5, 8, 12, 15], description="Days of the waves (S5).")
    wave_at: TimeOfDay = Field(default=time(8), description="When a wave begins.")
    wave_spread: Duration = Field(default=timedelta(hours=1), description="Its messages are spread over so long.")
    voice_wave: Number = Field(
        default=3, ge=1, le=31, examples=["3"], description="The wave that comes with a call, from 1 (S9)."
    )
    fallback: Duration = Field(default=timedelta(hours=24), description="Not clicked in WeChat for so long: SMS (S4).")
    forecasts: list[Day] = Field(default=[10, 20], description="Days of the shortfall forecast (S12).")
    forecast_over: Number = Field(default=14, ge=1, le=31, examples=["14"], description="Days whose spend it goes by.")
    low_balance: Amount = Field(default="10", description="Below it, use brings an alert (S10) ...")
    low_balance_percent: Number = Field(
        default=20, ge=0, le=100, examples=["20"], description="... or below this share of the month's fee."
    )


class LargeArrearsSection(Section):
    """Arrears that are stopped at once (S24)."""

    above: Amount = Field(default="200", description="More than this.")
    at_night: Literal["morning", "at once"] = Field(
        default="morning", description="When quiet hours end, or without waiting for that."
    )


class GradedSection(Section):
    """By all S rules."""

    hours: HoursSection = HoursSection()
    reminders: RemindersSection = RemindersSection()
    large_arrears: LargeArrearsSection = LargeArrearsSection()
    room: Duration = Field(
        default=timedelta(minutes=5),
        description="Of the two hours after a stop notice, what the order keeps for its way (S23).",
    )


class LevelSection(Section):
    """How accounts of a credit level are dealt with (S20). What is left out stays as it is by default."""

    delay: Number | None = Field(
        default=None, ge=0, le=30, examples=["2"], description="Days, for fees of the month's start."
    )
    notice: Duration | None = Field(default=None, description="From stop notice to stop, at most `2h` (S23).")
    extra_credit: Amount | None = Field(default=None, description="Beyond the account's own limit (S25).")
    reminders: Literal["sms and voice", "wechat then sms", "wechat"] | None = Field(
        default=None, description="How reminders reach them; WeChat first where it is bound (S4)."
    )
