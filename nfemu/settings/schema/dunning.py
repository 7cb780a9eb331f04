"""`dunning.yaml`."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, StrictBool

from nfemu.files.sections import Section
from nfemu.settings.schema.values import Amount, Duration, Number


class DetectionSection(Section):
    """The first blocked request of a day on a restricted line also sends the link (G20)."""

    enabled: StrictBool = Field(default=True, description="Whether it does.")
    after_stop_notice: Duration = Field(
        default=timedelta(minutes=30), description="So soon after a stop notice nothing more is sent."
    )


class AutoDeductSection(Section):
    """Auto-deduct: an agreement pays what is due before anything is restricted (G19)."""

    cap: Amount = Field(default="200", description="The most that one deduction takes, of agreements that name none.")
    retry: Duration = Field(
        default=timedelta(minutes=10), description="After no answer, until the first repetition; pauses double."
    )
    give_up: Duration = Field(
        default=timedelta(hours=24), description="After that, the deduction is closed at the provider."
    )


class DunningFile(Section):
    """When standing becomes an order."""

    policy: Literal["immediate"] = Field(default="immediate", description="Overdue: stop order at once, at any hour.")
    restricted_profile: Literal["arrears", "barred"] = Field(
        default="arrears", description="What a stop order means: the green channel, or no address."
    )
    credit_limit: Amount = Field(default="0", description="How far a balance may fall below zero (S25).")
    order_expiry: Duration = Field(
        default=timedelta(minutes=15), description="A payment order that is not paid by then is closed."
    )
    open_orders: Number = Field(
        default=10,
        ge=1,
        le=1000,
        examples=["10"],
        description="Payment orders of a line that may wait for their payer.",
    )
    detection: DetectionSection = DetectionSection()
    auto_deduct: AutoDeductSection = AutoDeductSection()
