"""`dunning.yaml`."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, StrictBool

from nfemu.bss.order_queue import MOST_PER_MINUTE
from nfemu.files.sections import Section
from nfemu.settings.schema.credit import CreditSection
from nfemu.settings.schema.graded import ClassicSection, GradedSection, Levels, LevelSection, RuleId
from nfemu.settings.schema.values import Amount, Duration, ListenAddress, Number


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


class CapacitySection(Section):
    """What a stage can do. Of a large queue, orders are dealt with in portions, ten of them a second."""

    per_minute: Number = Field(
        default=60_000,
        ge=1,
        le=MOST_PER_MINUTE,
        examples=["60000"],
        description="Orders that it deals with in a minute of business time.",
    )
    burst: Number = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        examples=["10000"],
        description="Orders that it deals with at one moment, if it had time to rest.",
    )


class OrdersSection(Section):
    """The queues of stop and resume orders, and what is refused there (S26)."""

    billing: CapacitySection = CapacitySection()
    network: CapacitySection = CapacitySection(per_minute=30_000)
    attempts: Number = Field(
        default=5,
        ge=1,
        le=100,
        examples=["5"],
        description="An order that the network elements refuse so often is dead until somebody resubmits it.",
    )
    retry: Duration = Field(default=timedelta(seconds=30), description="Before the second attempt; pauses double.")
    longest_retry: Duration = Field(default=timedelta(hours=1), description="No pause is longer.")


class ChannelSection(Section):
    """What one channel takes, and how it fails."""

    per_second: Number = Field(
        default=500, ge=1, le=1_000_000, examples=["500"], description="Messages in a second of business time (S7)."
    )
    fail: Number = Field(
        default=0, ge=0, le=100, examples=["2"], description="Of a hundred, so many do not arrive: emulated."
    )


class SmppSection(Section):
    """Where SMPP 3.4 receivers connect; every short message is sent to them, too."""

    host: ListenAddress = Field(default="127.0.0.1", description="Where it listens.")
    port: Number = Field(default=2775, ge=0, le=65_535, examples=["2775"], description="0: a free one.")
    system_id: str = Field(
        default="nfemu",
        examples=["nfemu"],
        pattern=r"^[A-Za-z0-9._-]{1,15}$",
        description="As whom receivers bind; the password is in the state folder's `smpp.password`.",
    )
    source: str = Field(
        default="10086", examples=["10086"], pattern=r"^[0-9]{3,15}$", description="Number that messages come from."
    )


class NoticesSection(Section):
    """Channels that bring messages."""

    sms: ChannelSection = ChannelSection()
    wechat: ChannelSection = ChannelSection()
    voice: ChannelSection = ChannelSection(per_second=50)
    attempts: Number = Field(
        default=3, ge=1, le=10, examples=["3"], description="Failures after which a channel gives a message up."
    )
    retry: Duration = Field(default=timedelta(minutes=10), description="After a failure; pauses double.")
    seed: Number = Field(default=1, ge=0, le=1_000_000_000, examples=["1"], description="Other seeds fail others.")
    smpp: SmppSection | None = Field(default=None, description="Off where it is not there.")


class DunningFile(Section):
    """When standing becomes an order."""

    policy: Literal["immediate", "classic", "graded"] = Field(
        default="immediate", description="`immediate`: overdue, stop order at once, at any hour."
    )
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
    classic: ClassicSection = ClassicSection()
    graded: GradedSection = GradedSection()
    levels: dict[Levels, LevelSection] = Field(
        default={}, description="By level, or from one to another, under `graded`."
    )
    seed: Number = Field(
        default=1, ge=0, le=1_000_000_000, examples=["1"], description="Other seeds spread messages otherwise."
    )
    without: list[RuleId] = Field(default=[], description="Rules that are switched off, to see what they are good for.")
    detection: DetectionSection = DetectionSection()
    auto_deduct: AutoDeductSection = AutoDeductSection()
    orders: OrdersSection = OrdersSection()
    notices: NoticesSection = NoticesSection()
    credit: CreditSection = CreditSection()
