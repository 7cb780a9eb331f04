"""What the API sends of credit levels."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from nfemu.web.api.models import Model


class ContributionOut(Model):
    input: Literal["spend", "stops", "stopped_days", "paid_ahead", "payment", "months"] = Field(
        description="As in `credit.points` of `dunning.yaml`, which says its unit."
    )
    value: int
    points: int


class CreditOut(Model):
    """An account's credit level, and what its record would give it now."""

    level: int = Field(description="Which holds, 1 to 10.")
    earned: int = Field(description="What would be computed now; it is computed once a month.")
    kept: bool = Field(description="The account is too young: the level is the one of before, whatever the score.")
    score: int = Field(description="`base` and all points together.")
    base: int = Field(description="What everybody has.")
    contributions: list[ContributionOut]
    tags: list[str] = Field(examples=[["pays-ahead"]])
    next_at: datetime | None = Field(
        description="When it is computed next, in the carrier's zone; null: not before something is booked."
    )
