"""Stop and resume orders as the API sends and takes them. Durations are in seconds of business time."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from nfemu.web.api.models import Model

StageName = Literal["billing", "network"]
KindName = Literal["stop", "resume", "profile", "reactivate"]


class SpreadOut(Model):
    """Of several durations, in seconds."""

    p50: float
    p95: float
    longest: float


class BacklogOut(Model):
    stage: StageName = Field(description="Billing comes first, then the network elements.")
    kind: KindName
    waiting: int


class KindOut(Model):
    kind: KindName
    done: int = Field(description="In the window.")
    per_minute: float
    waited: SpreadOut | None = Field(description="From creation to execution; null where none was done.")
    took: SpreadOut | None = Field(description="From creation to the last acknowledgement.")


class OrderReportOut(Model):
    backlog: list[BacklogOut] = Field(description="What waits, by stage and kind; those between two attempts too.")
    oldest: float | None = Field(description="For how long the first of them has waited; null where none does.")
    begun: int = Field(description="Executed, and not yet acknowledged by every enforcement point.")
    dead: int = Field(description="Given up; they wait for somebody who resubmits them.")
    armed: int = Field(description="So many of the next orders are refused, as somebody wished.")
    window: float = Field(description="The time up to now, over which orders that are done are counted.")
    done: list[KindOut]
    posting: SpreadOut | None = Field(description="From a payment to its entry in the ledger; null without payments.")


class OrderOut(Model):
    id: str
    number: str = Field(description="Of the line.")
    kind: KindName
    target: Literal["open", "arrears", "barred"]
    profile: str | None = Field(description="What a profile order gives; null: the usual one.")
    cause: str = Field(examples=["ledger"])
    state: Literal["created", "executed", "dead", "done", "superseded"] = Field(description="`created`: it waits.")
    stage: StageName | None = Field(description="Whose turn it waits for; null: it does not.")
    created_at: datetime
    attempts: int = Field(description="How often the network elements have refused it.")
    next_attempt_at: datetime | None


class OrdersOut(Model):
    orders: list[OrderOut] = Field(description="Oldest first.")


class FaultsIn(Model):
    next: int = Field(ge=0, examples=[3], description="How many of the next orders are refused; 0: none.")
