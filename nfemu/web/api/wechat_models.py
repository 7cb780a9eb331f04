"""The emulated WeChat Pay as the API sends and takes it. Amounts are in fen, as its own API has them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from nfemu.web.api.models import Model

VerifiedByName = Literal["certificate", "public-key"]


class MerchantIn(Model):
    mchid: str = Field(examples=["1900000109"], max_length=10, description="8 to 10 digits.")
    appids: list[str] = Field(examples=[["wxd678efh567hg6787"]], min_length=1, max_length=20)
    name: str = Field(default="", max_length=64, description="What payers see.")
    domains: list[str] = Field(default=[], max_length=20, description="Where its H5 payments may come from.")
    verified_by: VerifiedByName = Field(
        default="public-key", description="By what it checks the provider's signatures: a platform certificate, or the "
        "provider's public key."
    )  # fmt: skip
    certificate: str = Field(default="", max_length=8192, description="Its own, PEM; empty: one is made, with a key.")
    api_v3_key: str = Field(default="", max_length=32, description="32 characters; empty: one is made.")


class MerchantOut(Model):
    mchid: str
    name: str
    appids: list[str]
    domains: list[str]
    verified_by: VerifiedByName
    serial: str = Field(description="Of its certificate.")
    certificate_file: str
    private_key_file: str | None = Field(description="Null where it has brought its own certificate.")
    api_v3_key_file: str
    public_key_file: str = Field(description="The provider's public key.")
    public_key_id: str = Field(description="Under what name.")


class MerchantsOut(Model):
    merchants: list[MerchantOut] = Field(description="By number.")


class TradeOut(Model):
    mchid: str
    out_trade_no: str
    kind: Literal["MWEB", "JSAPI"]
    description: str
    total: int
    currency: str
    state: Literal["NOTPAY", "USERPAYING", "PAYERROR", "SUCCESS", "REFUND", "CLOSED"]
    prepay_id: str
    transaction_id: str | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    refunded: int
    fault: str | None = Field(examples=["late:600"])


class TradesOut(Model):
    orders: list[TradeOut] = Field(description="Newest first.")


class AttemptOut(Model):
    number: int
    at: datetime = Field(description="Business time.")
    wall: datetime = Field(description="Wall time.")
    deviation: str = Field(description="`genuine`, or what was wrong by order.")
    status: int = Field(description="Of the merchant's answer; 0: there was none.")
    answer: str = Field(description="What it said, shortened, or why there was no answer.")


class NotificationOut(Model):
    id: str
    event: Literal["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]
    url: str
    out_refund_no: str | None
    accepted: bool
    due_at: datetime | None = Field(description="Of the next attempt; null: accepted, given up, or lost by order.")
    attempts: list[AttemptOut] = Field(description="Oldest first.")


class TradeDetailOut(Model):
    order: TradeOut
    notifications: list[NotificationOut] = Field(description="Oldest first.")


class PayIn(Model):
    outcome: Literal["paid", "failed", "given-up"] = Field(default="paid", description="What the payer does.")
    openid: str = Field(default="", max_length=128, description="Of the payer of an H5 order.")


class PaidOut(Model):
    order: TradeOut
    accepted: bool = Field(description="The merchant has been told, and has accepted it.")


class ResentOut(Model):
    accepted: bool


class ArmIn(Model):
    fault: str = Field(examples=["late:600"], max_length=64, description="Its name, and where it has one, a parameter.")
    mchid: str = Field(default="", max_length=10, description="Of that merchant; empty: of any.")
    out_trade_no: str = Field(default="", max_length=32, description="Of that order; empty: of the next ones.")
    next: int = Field(default=1, ge=1, le=100_000, description="For so many orders.")


class ArmedOut(Model):
    fault: str
    mchid: str
    out_trade_no: str
    left: int


class FaultsOut(Model):
    armed: list[ArmedOut] = Field(description="Those that wait for orders, oldest first.")
    amounts: dict[str, int] = Field(description="Fault and the amount of an order that has it by that alone.")
