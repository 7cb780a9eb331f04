"""`credit:` of `dunning.yaml`: the scorecard that gives accounts their level (S20)."""

from typing import Annotated, Literal

from pydantic import Field

from nfemu.bss.credit import DEFAULT_CARD, CreditInput
from nfemu.files.sections import Section
from nfemu.settings.schema.values import Name, Number

_MOST = 1_000_000_000
Start = Annotated[Number, Field(ge=0, le=_MOST, examples=["0"])]
Points = Annotated[Number, Field(ge=-1000, le=1000, examples=["10"])]
Bands = dict[Start, Points]
Threshold = Annotated[Number, Field(ge=-_MOST, le=_MOST, examples=["50"])]


def _shipped(looked_at: CreditInput) -> Bands:
    return {band.start: band.points for band in DEFAULT_CARD.bands[looked_at]}


class PointsSection(Section):
    """Where a band begins, and the points of it: the last band that does not begin above the value counts."""

    spend: Bands = Field(
        default=_shipped(CreditInput.SPEND),
        description="By what is charged in a month, on average of the last six: whole units of the currency.",
    )
    stops: Bands = Field(
        default=_shipped(CreditInput.STOPS), description="By stops of the last year, without those by hand."
    )
    stopped_days: Bands = Field(
        default=_shipped(CreditInput.STOPPED_DAYS), description="By days that they lasted, begun ones included."
    )
    paid_ahead: Bands = Field(
        default=_shipped(CreditInput.PAID_AHEAD),
        description="By the last year's payments that came before the balance was below zero: percent of them.",
    )
    payment: Bands = Field(
        default=_shipped(CreditInput.PAYMENT),
        description="By the last year's payments, on average: whole units of the currency.",
    )
    months: Bands = Field(
        default=_shipped(CreditInput.MONTHS), description="By months of 30 days since the account's first entry."
    )


class TagSection(Section):
    """A word for an account that stands out."""

    input: Literal["spend", "stops", "stopped_days", "paid_ahead", "payment", "months"] = Field(
        description="What is looked at."
    )
    at_least: Start = Field(description="From this value on.")


class CreditSection(Section):
    """Once a month each account gets the level that it has earned (S20). The shipped numbers are nfemu's own."""

    base: Number = Field(
        default=DEFAULT_CARD.base, ge=-1000, le=1000, examples=["50"], description="What everybody has."
    )
    min_months: Number = Field(
        default=DEFAULT_CARD.min_months,
        ge=0,
        le=1200,
        examples=["3"],
        description="Before that the level of `subscribers.yaml` stays.",
    )
    points: PointsSection = PointsSection()
    levels: list[Threshold] = Field(
        default=list(DEFAULT_CARD.thresholds), description="The sums from which levels 2 to 10 begin."
    )
    tags: dict[Name, TagSection] = Field(
        default={
            name: TagSection(input=rule.input.value, at_least=rule.least) for name, rule in DEFAULT_CARD.tags.items()
        },
        description="They decide nothing: `nfemu credit explain` shows them.",
    )
