"""`subscribers.yaml`."""

from typing import Literal

from pydantic import Field, StrictBool

from nfemu.files.sections import Section
from nfemu.settings.people_csv import COLUMNS
from nfemu.settings.schema.values import Amount, Language, Name, Number

_COLUMNS = ", ".join(f"`{name}`" for name in COLUMNS)


class AccountSection(Section):
    """An account; its name is not all digits."""

    kind: Literal["personal", "unit"] = Field(
        default="personal", description="`unit`: an employer's, each card has a share."
    )
    balance: Amount = Field(default="0", description="At the very first start; later the ledger alone counts.")
    level: Number = Field(default=5, ge=1, le=10, examples=["5"], description="Credit level (S20).")
    credit_limit: Amount | None = Field(
        default=None, description="How far the balance may fall below zero. Left out: as in `dunning.yaml`."
    )


class SubscriberSection(Section):
    """One card."""

    number: str = Field(examples=['"13800138000"'], description="MSISDN, nationally or internationally; once.")
    imsi: str = Field(examples=['"460001380013800"'], description="Of the card; once.")
    account: Name | None = Field(default=None, description="One of `accounts`. Left out: one of its own.")
    role: Literal["main", "secondary"] = Field(
        default="main", description="A secondary card shares a main card's account."
    )
    language: Language = Field(default="zh", description="Of its messages.")
    balance: Amount | None = Field(default=None, description="Of an account of its own, at the very first start.")
    profile: Name | None = Field(
        default=None, description="APN profile that the line is given. Left out: what `open` means."
    )
    plan: Name | None = Field(
        default=None, examples=["basic"], description="What it costs, of `plans.yaml`. Left out: no fees."
    )
    services: list[Name] = Field(default=[], description="Of `plans.yaml`, beside those of the plan.")
    segment: Literal["general", "student", "family", "business", "senior"] = Field(
        default="general", description="What messages say depends on it (S3)."
    )
    wechat: StrictBool = Field(default=False, description="Has bound the carrier's official account (S4).")
    static_ipv4: str | None = Field(
        default=None, examples=["10.45.1.7"], description="Its address, of the pool of `open`; once."
    )
    static_ipv6: str | None = Field(
        default=None, examples=['"2001:db8:4500:7::/64"'], description="Its /64, of the pool of `open`; once."
    )


class RangeSection(Section):
    """Many cards with consecutive numbers and IMSIs; each gets an account of its own."""

    first_number: str = Field(examples=['"13900000000"'], description="The first one's number.")
    first_imsi: str = Field(examples=['"460009000000000"'], description="The first one's IMSI.")
    count: Number = Field(ge=1, le=100_000_000, examples=["20"], description="How many.")
    balance: Amount = Field(default="0", description="Of each, at the very first start.")
    language: Language = Field(default="zh", description="Of their messages.")
    profile: Name | None = Field(default=None, description="APN profile that each is given.")
    plan: Name | None = Field(
        default=None, examples=["basic"], description="What it costs, of `plans.yaml`. Left out: no fees."
    )
    services: list[Name] = Field(default=[], description="Of `plans.yaml`, beside those of the plan.")
    segment: Literal["general", "student", "family", "business", "senior"] = Field(
        default="general", description="What messages say depends on it (S3)."
    )
    wechat: StrictBool = Field(default=False, description="Have bound the carrier's official account (S4).")


class SubscribersFile(Section):
    """The people."""

    accounts: dict[Name, AccountSection] = Field(default={}, description="Those that several cards share.")
    subscribers: list[SubscriberSection] = Field(default=[], description="Those that are listed one by one.")
    ranges: list[RangeSection] = Field(default=[], description="They overlap nothing.")
    csv: str | None = Field(
        default=None,
        examples=["people.csv"],
        description=f"More of them: a file beside this one, with these columns, the first two at least: {_COLUMNS}.",
    )
    attach: Literal["listed", "all", "none"] = Field(default="listed", description="Who has a session from the start.")
