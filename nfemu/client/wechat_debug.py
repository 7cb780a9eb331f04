"""The signature debugger as the API answers about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from nfemu.client.values import known_fields, moment


@dataclass(frozen=True, slots=True)
class RefusedSignature:
    """`kind`: `request`, or `delivery`, which a merchant did not accept. `mchid` empty: nobody knows whose it is."""

    id: str
    kind: str
    mchid: str
    at: datetime
    about: str
    code: str
    why: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**{**known_fields(cls, data), "at": moment(data["at"])})


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    holds: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class Piece:
    """For people: a line feed is `↵` and a new line."""

    text: str
    differs: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class SignedString:
    """`octets` in base64; in `pieces` what the other string lacks is marked."""

    octets: str
    pieces: list[Piece]

    @classmethod
    def of(cls, data: dict[str, Any] | None) -> Self | None:
        return None if data is None else cls(data["octets"], [Piece.of(each) for each in data["pieces"]])


@dataclass(frozen=True, slots=True)
class Sealed:
    """The resource of a delivery. `fault` None: it opens; `plain`: what it holds, as far as it can be read."""

    fault: str | None
    fields: dict[str, str]
    plain: str | None

    @classmethod
    def of(cls, data: dict[str, Any] | None) -> Self | None:
        return None if data is None else cls(**known_fields(cls, data))


@dataclass(frozen=True, slots=True)
class SignatureCase:
    """`refused` None: it was given. `other`: what was signed, as far as it is known: `given` by the merchant, or
    `found`."""

    refused: RefusedSignature | None
    kind: str
    method: str
    target: str
    headers: dict[str, str]
    checks: list[Check]
    expected: SignedString | None
    other: SignedString | None
    other_is: str | None
    first_difference: int | None
    mistakes: list[str]
    says: list[str]
    sealed: Sealed | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        refused = data["refused"]
        return cls(
            **{
                **known_fields(cls, data),
                "refused": None if refused is None else RefusedSignature.of(refused),
                "checks": [Check.of(each) for each in data["checks"]],
                "expected": SignedString.of(data["expected"]),
                "other": SignedString.of(data["other"]),
                "sealed": Sealed.of(data["sealed"]),
            }
        )
