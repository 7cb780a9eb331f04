"""TM Forum's resources, as far as this carrier has what they are about. Names and spellings are TM Forum's.

An amount is a JSON number there. It is read and written as decimal digits, and is integer minor units between.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

Number = Annotated[Decimal, PlainSerializer(float, return_type=float), WithJsonSchema({"type": "number"})]
"""Fifteen digits survive the way through a JSON number; the largest amount has thirteen."""


class Resource(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Error(Resource):
    """Of every refusal (TMF630)."""

    code: str
    reason: str
    message: str = Field(description="What was wrong, and what to do instead.")
    status: str


class Quantity(Resource):
    amount: Number = Field(examples=[29.9])
    units: str = Field(default="CNY", description="The carrier's currency.")


class Reference(Resource):
    id: str = Field(max_length=64)
    href: str | None = None
    name: str | None = None


class Channel(Resource):
    id: str | None = Field(default=None, max_length=64)
    name: str = Field(max_length=64)


class TopupBalanceCreate(Resource):
    """What to pay for which line: the one in `logicalResource`, or the first of the account in `bucket`."""

    amount: Quantity = Field(examples=[{"amount": 29.9, "units": "CNY"}])
    bucket: Reference | None = Field(default=None, description="An account.")
    partyAccount: Reference | None = Field(default=None, description="The same account, or left out.")  # noqa: N815
    logicalResource: list[Reference] = Field(  # noqa: N815
        default=[], max_length=1, examples=[[{"id": "13800138000"}]], description="The number, in any spelling."
    )
    usageType: Literal["monetary"] = "monetary"  # noqa: N815
    description: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=200)
    channel: Channel | None = None


class TopupBalance(Resource):
    """A payment order, from the provider's page or from here."""

    id: str
    href: str
    amount: Quantity
    bucket: Reference
    partyAccount: Reference  # noqa: N815
    logicalResource: list[Reference] = Field(description="The line that it was paid for.")  # noqa: N815
    paymentMethod: Reference = Field(description="The provider.")  # noqa: N815
    requestedDate: datetime = Field(description="Business time.")  # noqa: N815
    confirmationDate: datetime | None = Field(description="When it stood in the ledger.")  # noqa: N815
    status: Literal["created", "completed", "cancelled"]
    usageType: Literal["monetary"]  # noqa: N815


class Party(Reference):
    role: str


class Bucket(Resource):
    """An account's money."""

    id: str
    href: str
    name: str
    isShared: bool = Field(description="Several lines use it.")  # noqa: N815
    remainingValue: Quantity = Field(description="The balance; below zero it is owed.")  # noqa: N815
    remainingValueName: str = Field(description="The same for people.")  # noqa: N815
    status: Literal["active", "suspended"] = Field(description="`suspended`: a line of it is.")
    usageType: Literal["monetary"]  # noqa: N815
    partyAccount: Reference  # noqa: N815
    logicalResource: list[Reference] = Field(description="Its lines, by number.")  # noqa: N815
    relatedParty: list[Party]  # noqa: N815


class AccumulatedBalance(Resource):
    """What all buckets of an account come to; there is one."""

    id: str
    href: str
    name: str
    bucket: list[Reference]
    totalBalance: Quantity  # noqa: N815
    partyAccount: Reference  # noqa: N815


class Characteristic(Resource):
    name: str
    value: str


class PhoneNumber(Resource):
    phoneNumber: str  # noqa: N815


class ContactMedium(Resource):
    mediumType: str  # noqa: N815
    characteristic: PhoneNumber


class Customer(Resource):
    """A subscriber: one line."""

    id: str = Field(description="The number in E.164, without plus.")
    href: str
    name: str
    status: Literal["active", "suspended"] = Field(description="`suspended`: the carrier restricts the line.")
    statusReason: str | None = Field(description="Why it is suspended.")  # noqa: N815
    engagedParty: Party = Field(description="Whose account it is.")  # noqa: N815
    account: list[Reference]
    contactMedium: list[ContactMedium]  # noqa: N815
    characteristic: list[Characteristic] = Field(description="`creditLevel`, `standing`, `role`, `language`.")


class CustomerPatch(Resource):
    """A merge patch (RFC 7386). What else a customer is, the configuration says."""

    status: Literal["active", "suspended"] | None = Field(
        default=None,
        description="`suspended`: restricted by hand, until it is `active`; a payment does not lift it.",
    )


class EventSubscriptionInput(Resource):
    callback: str = Field(max_length=2048, examples=["http://127.0.0.1:9000/events"])
    query: str = Field(
        default="",
        max_length=2048,
        description="`eventType=` and kinds with commas between; left out: all of this API.",
    )


class EventSubscription(Resource):
    id: str
    callback: str
    query: str


class NewEventSubscription(EventSubscription):
    secret: str = Field(description="What its events are signed with; nobody is told it again.")
