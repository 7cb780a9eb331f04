"""What the API sends and takes, as pydantic models: the OpenAPI document is made from them.

Money is a decimal text and its currency, never a JSON number. Times carry their zone.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MoneyOut(Model):
    amount: str = Field(examples=["-29.00"])
    currency: str = Field(examples=["CNY"])


class AccountOut(Model):
    id: str = Field(description="Its name, or the number in E.164 where the account is one line's own.")
    kind: Literal["personal", "unit"] = Field(description="A unit's: an employer's, of which each card has a share.")
    level: int = Field(description="Credit level, 1 to 10.")
    balance: MoneyOut
    credit_limit: MoneyOut = Field(description="How far below zero the balance may fall, without grants.")
    granted: MoneyOut = Field(description="How much further, by grants of credit that have not expired.")
    standing: Literal["in credit", "in grace", "overdue"] = Field(description="Derived from the ledger.")
    amount_due: MoneyOut = Field(description="What clears the account; zero where nothing is due.")


class SessionOut(Model):
    """The latest PDN session, active or released."""

    apn: str = Field(examples=["internet"])
    profile: str = Field(description="APN profile that the PGW has applied.")
    policy: str = Field(description="Policy profile that the line is under.")
    state: Literal["active", "released"]
    ue_ipv4: str | None = Field(examples=["10.45.0.2"])
    ue_ipv6: str | None = Field(examples=["2001:db8:4500:1::/64"])
    generation: int = Field(description="Rises with every new address.")
    policy_version: int = Field(description="Rises with every change of what the line may reach.")
    acknowledged: bool = Field(description="Every enforcement point holds this version.")
    attached_at: datetime


class PluggedInOut(Model):
    """The way onto a line, for programs of the machine that the carrier runs on."""

    pid: int = Field(description="A process of the carrier's networks.")
    network: int = Field(description="Its descriptor of the phone's network namespace.")
    ipv4: str | None
    ipv6: str | None
    resolvers: list[str] = Field(description="DNS servers that the APN profile gives.")


class AutoDeductOut(Model):
    """The account's agreement (G19)."""

    provider: str
    contract: str = Field(description="The provider's number of it.")
    cap: MoneyOut = Field(description="The most that one deduction takes.")
    signed_at: datetime = Field(description="Business time.")
    unanswered: MoneyOut | None = Field(description="A deduction that the provider has not answered yet.")


class SubscriberOut(Model):
    number: str = Field(description="As dialled inside its country.")
    e164: str = Field(description="Without plus.")
    imsi: str
    role: Literal["main", "secondary"] = Field(description="A secondary card shares a main card's account.")
    language: str = Field(examples=["zh"], description="Of its messages.")
    account: AccountOut
    share: MoneyOut = Field(description="The sum of this card's own entries.")
    shown_due: MoneyOut = Field(description="What this card's owner may see as due.")
    ordered: Literal["open", "arrears", "barred"] = Field(description="What the carrier ordered in the HSS.")
    hold: Literal["none", "restrict", "restore"] = Field(description="A manual decision that outranks standing.")
    permitted: bool = Field(description="The HSS permits a session; false under a profile that gives no IP address.")
    profile: str = Field(description="APN profile that the line has while nothing restricts it.")
    effective: str | None = Field(description="APN profile that every enforcement point has acknowledged.")
    session: SessionOut | None
    auto_deduct: AutoDeductOut | None = Field(description="The account's signed agreement.")


class SubscriberPage(Model):
    subscribers: list[SubscriberOut]
    total: int = Field(description="How many there are in all.")
    next: str | None = Field(description="Give it as `after` for the next page; null on the last one.")


class AmountIn(Model):
    amount: str = Field(examples=["59.00"], max_length=32, description="Decimal, in the carrier's currency.")


class SignIn(Model):
    cap: str | None = Field(
        default=None,
        examples=["200.00"],
        max_length=32,
        description="The most that one deduction takes; null: as configured.",
    )


class RevokeIn(Model):
    at: Literal["carrier", "provider"] = Field(
        default="carrier", description="`provider`: by the payer, there; the carrier learns of it when it deducts."
    )


class BankIn(Model):
    answer: Literal["accept", "decline", "unreachable", "silent"] = Field(description="To every deduction.")


class ChargeIn(AmountIn):
    note: str = Field(default="", max_length=200, description="What the charge is for.")


class ProfileIn(Model):
    profile: str = Field(examples=["inflight"], max_length=64, description="Of `apns.yaml`, or `open`.")


class SettlementOut(Model):
    trade_no: str = Field(description="Provider and its number of the payment; books once.")
    paid: MoneyOut
    missing: MoneyOut = Field(description="What is still due before service is restored.")
    repeated: bool = Field(description="It had been settled before; nothing was booked now.")
    subscriber: SubscriberOut


class NoticeOut(Model):
    id: str
    kind: Literal[
        "stop notice",
        "stopped",
        "detected",
        "restored",
        "payment confirmed",
        "payment refunded",
        "auto-deducted",
        "auto-deduct failed",
        "low balance",
        "dunning",
        "forecast",
        "month end",
    ]
    channel: Literal["sms", "wechat", "voice"]
    sender: str = Field(examples=["示例移动"])
    text: str
    link: str | None = Field(description="Where it leads, which is in the text too.")
    state: Literal["pending", "sent", "failed", "cancelled"]
    sent_at: datetime | None = Field(description="Business time; null: not delivered.")
    clicked_at: datetime | None = Field(description="Business time at which its link was first opened.")


class Inbox(Model):
    notices: list[NoticeOut] = Field(description="Newest first.")


class EventOut(Model):
    name: str = Field(examples=["hss.profile_changed"])
    at: datetime = Field(description="Wall time.")
    business_at: datetime | None = Field(description="Business time; null for what an earlier program wrote.")
    elapsed_ms: float = Field(description="Since the trigger of the same correlation.")
    correlation: str = Field(description="The same for all that one trigger brought about.")
    detail: dict[str, str]


class Timeline(Model):
    events: list[EventOut] = Field(description="Oldest first.")


class EntryOut(Model):
    kind: Literal["charge", "payment"]
    amount: MoneyOut
    at: datetime = Field(description="Business time.")
    trade_no: str | None = Field(description="Origin and number, like `ExamplePay/…` or `charge/KEY`; books once.")
    imsi: str | None = Field(description="Of the card that it is for.")
    note: str


class Ledger(Model):
    account: str
    balance: MoneyOut
    entries: list[EntryOut] = Field(description="Newest first.")


class UsedOut(Model):
    policy: str = Field(description="Policy profile that was in force.")
    group: str | None = Field(description="Null: what no group lists.")
    up: int = Field(description="Octets from the phone.")
    down: int = Field(description="Octets to the phone.")


class CapOut(Model):
    """The present profile's cap."""

    policy: str
    octets: int = Field(description="How many there are in a business day.")
    used: int = Field(description="How many of them are used.")
    reached: bool = Field(description="Only essential groups are reached.")
    ends_at: datetime = Field(description="End of the business day, in the carrier's zone.")


class UsageOut(Model):
    day: date = Field(description="Business day, in the carrier's zone.")
    used: list[UsedOut]
    cap: CapOut | None = Field(description="Today's; null where the line has none.")
    groups: list[str] = Field(description="All groups that there are, used or not.")


class ConsumptionOut(Model):
    measured: Literal["data", "voice"]
    used: int = Field(description="Octets or seconds of this calendar month.")
    units: int = Field(description="Units past the bundle that were charged.")


class GrantOut(Model):
    amount: MoneyOut
    reason: str
    expires_at: datetime = Field(description="Business time.")


class FeesOut(Model):
    amount: MoneyOut
    at: datetime = Field(description="When the first of them falls due, in the carrier's zone.")


class BillOut(Model):
    """What a line costs."""

    plan: str | None = Field(description="Of `plans.yaml`; null: no fees.")
    services: list[str] = Field(description="Beside those of the plan.")
    consumption: list[ConsumptionOut]
    next_fees: FeesOut | None = Field(description="What the account's next month costs on its first day.")
    grants: list[GrantOut] = Field(description="The account's credit beside its limit, that which ends first in front.")


class GrantIn(AmountIn):
    lasts: str = Field(examples=["30d"], max_length=16, description="Like `90s`, `24h`, `30d` or `1d12h`.")
    reason: str = Field(default="", max_length=200, description="For people.")


class ConsumeIn(Model):
    measured: Literal["data", "voice"]
    amount: int = Field(ge=1, examples=[10485760], description="Octets, or seconds of calls.")


class CandidateOut(Model):
    group: str
    pattern: str = Field(examples=[".bank.example"])
    decided: bool = Field(description="This is the rule that decided.")
    remark: str = Field(description="Why it did or did not.")


class PointOut(Model):
    """A place that the traffic meets on its way."""

    place: str = Field(examples=["nft"])
    verdict: str = Field(description="What is done there, in words.")
    rule: str = Field(description="The rule that decides there; empty where none is asked.")
    sign: str = Field(description="What the phone sees of it.", examples=["connected"])


class ExplanationOut(Model):
    destination: str
    profile: str | None = Field(description="Policy profile of the line; null without a session.")
    verdict: Literal["allow", "redirect", "reject"]
    enrich: bool = Field(description="A header with the number is inserted.")
    rule: str = Field(examples=["arrears/default"], description="What decided, also a guard of the gateway's own.")
    reason: str = Field(description="One sentence for people.")
    summary: str = Field(description="The verdict in words.")
    addresses: list[str] = Field(description="What the name resolves to for this line; empty where nobody asks.")
    leads_to: str = Field(description="What is dialled; empty where nothing is.", examples=["the emulated Internet"])
    candidates: list[CandidateOut]
    points: list[PointOut] = Field(description="What the traffic meets, in order, by this carrier's richest access.")


class OwnClockOut(Model):
    account: str = Field(examples=["zhang"])
    now: datetime = Field(description="Business time of that account, ahead of the carrier's.")


class ClockOut(Model):
    now: datetime = Field(description="Business time, in the carrier's zone.")
    kind: Literal["wall", "test"]
    own: list[OwnClockOut] = Field(default=[], description="Accounts on clocks of their own, by name.")
    happened: list[str] = Field(default=[], description="What fell due while the clock moved.")


class OfAccount(Model):
    account: str | None = Field(
        default=None, examples=["zhang"], description="Move the clock of this account alone; any clock can be."
    )


class AdvanceIn(OfAccount):
    by: str = Field(examples=["15m"], max_length=16, description="Like `90s`, `15m`, `24h`, `30d` or `1d12h`.")


class SetClockIn(OfAccount):
    to: datetime = Field(examples=["2099-11-02T08:00:00+08:00"], description="With its zone.")


class ComponentOut(Model):
    name: str
    healthy: bool
    detail: str = Field(description="One line for people.")


class StatusOut(Model):
    version: str
    healthy: bool = Field(description="Every part is.")
    subscribers: int = Field(description="How many there are.")
    clock: ClockOut
    components: list[ComponentOut]


class ConfigChangeOut(Model):
    file: str = Field(examples=["policies.yaml"])
    subject: str = Field(examples=["profile arrears"])
    change: str = Field(examples=["+ host pay2.example (payment) on ports 80, 443"])
    note: str = Field(description="Whom it concerns, or, where it is not applied, why.")
    applied: bool = Field(description="False: it stays as it was.")


class Reloaded(Model):
    dry_run: bool = Field(description="Nothing was applied.")
    changes: list[ConfigChangeOut]


class Done(Model):
    done: list[str] = Field(description="What was done, a line each.")


class NamedStateOut(Model):
    name: str = Field(examples=["arrears"])
    built_in: bool = Field(description="True for `initial`: what the configuration's files give.")
    saved_at: datetime | None = Field(description="Wall time.")
    business_time: datetime | None = Field(description="Where business time stood.")
    subscribers: int | None
    damaged: bool = Field(description="It cannot be loaded: cut off, changed, or of a newer program.")


class NamedStates(Model):
    states: list[NamedStateOut] = Field(description="By name, `initial` first.")


class LoadStateIn(Model):
    clock: datetime | None = Field(
        default=None,
        description="Business time then, with its zone, by a test clock; not before the state's. Null: the state's "
        "own, and of `initial` the present.",
    )


class LoadedState(Model):
    name: str
    differences: list[str] = Field(
        description="In what the configuration differs from that under which the state was saved, a line each."
    )


class LoginLinkIn(Model):
    number: str | None = Field(default=None, max_length=32, description="Whose inbox to open; null: `page`.")
    page: Literal["/inbox", "/pay", "/pay/debug"] = Field(default="/inbox", description="What opens.")


class LoginLinkOut(Model):
    path: str = Field(description="Opens the pages once, within five minutes.")


class Problem(Model):
    """RFC 9457, as `application/problem+json`."""

    title: str
    status: int
    detail: str
