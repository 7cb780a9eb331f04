"""A reconciliation as the API sends it."""

from datetime import date
from typing import Literal

from pydantic import Field

from nfemu.web.api.models import Model, MoneyOut


class DifferenceOut(Model):
    kind: Literal[
        "paid, not booked", "booked, not paid", "amount differs", "refunded, not booked", "refund booked, not made"
    ]
    number: str = Field(description="Under which the ledger has it, or would.", examples=["WeChat Pay/4200000001"])
    payment: str = Field(description="The order.")
    stated: MoneyOut | None = Field(description="What the provider says; null: nothing, or not how much.")
    booked: MoneyOut | None = Field(description="What the ledger has; null: nothing.")


class ReconciliationOut(Model):
    day: date = Field(description="The provider's, UTC+8.")
    source: Literal["bill", "orders"] = Field(
        description="The provider's bill, or, before there is one, its answers about each order."
    )
    matches: int = Field(description="Payments and refunds that agree.")
    differences: list[DifferenceOut]
    repaired: list[DifferenceOut] = Field(description="What was a difference, and is booked now.")


class RepairIn(Model):
    day: date | None = Field(default=None, description="Null: today.")
