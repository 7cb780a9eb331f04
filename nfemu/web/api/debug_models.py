"""The signature debugger as the API sends and takes it."""

from datetime import datetime
from typing import Literal

from pydantic import Base64Bytes, Field

from nfemu.web.api.models import Model


class RefusedOut(Model):
    id: str
    kind: Literal["request", "delivery"] = Field(description="`delivery`: a notification that was not accepted.")
    mchid: str = Field(description="Empty: nobody knows whose it is.")
    at: datetime = Field(description="Wall time.")
    about: str = Field(description="Method and target of a request; where a delivery went.")
    code: str = Field(description="What a request was answered; of a delivery the merchant's HTTP status.")
    why: str


class RefusedListOut(Model):
    refused: list[RefusedOut] = Field(description="Newest first.")


class DebugIn(Model):
    id: str = Field(default="", max_length=12, description="Of one that is kept; empty: the newest, or `request`.")
    request: Base64Bytes | None = Field(
        default=None, description="One that somebody has written down: raw HTTP, or what `curl -v` prints; base64."
    )
    body: Base64Bytes | None = Field(default=None, description="Instead of what follows its head; base64.")
    signed: Base64Bytes | None = Field(
        default=None, description="The string that the merchant says that it has signed, or checked; base64."
    )
    mchid: str = Field(default="", max_length=10, description="Of that merchant.")


class CheckOut(Model):
    name: str = Field(examples=["timestamp"])
    holds: bool


class PieceOut(Model):
    text: str = Field(description="A line feed is `↵` and a new line; other unseen octets are pictures or numbers.")
    differs: bool


class StringOut(Model):
    octets: str = Field(description="Base64.")
    pieces: list[PieceOut] = Field(description="What differs from the other string is marked.")


class SealedOut(Model):
    fault: str | None = Field(examples=["associated-data"], description="Null: it opens.")
    fields: dict[str, str]
    plain: str | None = Field(description="What it holds, as far as it can be read.")


class DebugOut(Model):
    refused: RefusedOut | None = Field(description="Null: it was given.")
    kind: Literal["request", "delivery"]
    method: str = Field(description="Empty of a delivery.")
    target: str
    headers: dict[str, str]
    checks: list[CheckOut] = Field(description="In their order; what could not be checked is left out.")
    expected: StringOut | None = Field(description="What should have been signed; null: nobody can say.")
    other: StringOut | None = Field(description="What was signed, as far as it is known.")
    other_is: Literal["given", "found"] | None = Field(
        description="`given`: by `signed`; `found`: the signature fits it, of the strings that are signed by mistake."
    )
    first_difference: int | None = Field(description="Offset of the first octet that differs.")
    mistakes: list[str] = Field(examples=[["url-with-host"]])
    says: list[str] = Field(description="All that in sentences.")
    sealed: SealedOut | None = Field(description="The resource of a delivery that has one.")
