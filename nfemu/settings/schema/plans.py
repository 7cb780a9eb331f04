"""`plans.yaml`."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Amount, Duration, Name, Number, TimeOfDay, Volume


class FeesSection(Section):
    """When the monthly fees of plans fall due (S1)."""

    begin: TimeOfDay = Field(default=time(), description="On day 1, in the carrier's zone.")
    window: Duration = Field(
        default=timedelta(hours=6), description="Each account at a moment of its own within it; at most `18h`."
    )
    seed: Number = Field(
        default=1, ge=0, le=1_000_000_000, examples=["1"], description="Other seeds draw other moments."
    )


class ServiceSection(Section):
    """A value-added service (S1b)."""

    fee: Amount = Field(default="0", description="Of each period.")
    period: Literal["month", "day"] = Field(default="month", description="`day`: daily rent.")
    at: TimeOfDay = Field(default=time(), description="When the fee falls due, in the carrier's zone.")
    day: Number = Field(default=1, ge=1, le=28, examples=["1"], description="Of the month, for monthly ones.")


class DataSection(Section):
    """Traffic of a calendar month, both directions together; what the green channel carries is free."""

    included: Volume = Field(default=0, description="The bundle.")
    unit: Volume = Field(default=1 << 20, description="Past it, each of these that is begun costs `price`.")
    price: Amount = Field(description="Of a unit.")


class VoiceSection(Section):
    """Calls of a calendar month."""

    included: Duration = Field(default=timedelta(0), description="The bundle.")
    unit: Duration = Field(default=timedelta(minutes=1), description="Past it, each that is begun costs `price`.")
    price: Amount = Field(description="Of a unit.")


class PlanSection(Section):
    """What a line costs."""

    fee: Amount = Field(default="0", description="Of each month from the next one on.")
    services: list[Annotated[Name, Field(examples=["ringback"])]] = Field(
        default=[], description="That every card with the plan has."
    )
    data: DataSection | None = Field(default=None, description="Left out: traffic is free.")
    voice: VoiceSection | None = Field(default=None, description="Left out: calls are free.")


class PlansFile(Section):
    """What lines cost. Whoever has no `plan` in `subscribers.yaml` pays nothing."""

    fees: FeesSection = FeesSection()
    services: dict[Name, ServiceSection] = Field(default={}, description="Plans and cards name them.")
    plans: dict[Name, PlanSection] = Field(default={}, description="Cards name one.")
