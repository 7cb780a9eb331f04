"""What can be told about a line, and in which form."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Apn, Imsi, Msisdn

_SENDABLE = re.compile(r"[!-~]+")


class EnrichedValue(Enum):
    MSISDN = "msisdn"
    """E.164 without the plus sign."""
    IMSI = "imsi"
    UE_ADDRESS = "ue_address"
    APN = "apn"


class Encoding(Enum):
    PLAIN = "plain"
    PSEUDONYM = "pseudonym"
    """Keyed, another one for each destination group, the same for ever (the idea of GSMA's ACR)."""
    TOKEN = "token"  # noqa: S105 - the name of an encoding, no secret
    """Encrypted and signed for one audience, short-lived (JWE)."""


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """One header to insert. `lifetime_s`, in seconds, is that of a token."""

    name: str
    value: EnrichedValue
    encoding: Encoding = Encoding.PLAIN
    lifetime_s: int = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is on the line, as the session says. A rule whose value is None is left out."""

    msisdn: Msisdn
    imsi: Imsi
    ue_address: str | None = None
    apn: Apn | None = None


class TokenSealer(Protocol):
    """Encrypts claims for one audience; JOSE libraries make their own randomness, so a shell implements it."""

    def seal(self, claims: Mapping[str, str | int], audience: str) -> str:
        """A compact token with `claims` and `aud`, and the id of its key in the header."""


_READ: Mapping[EnrichedValue, Callable[[Identity], str | None]] = {
    EnrichedValue.MSISDN: lambda identity: identity.msisdn.e164,
    EnrichedValue.IMSI: lambda identity: identity.imsi.digits,
    EnrichedValue.UE_ADDRESS: lambda identity: identity.ue_address,
    EnrichedValue.APN: lambda identity: identity.apn.name if identity.apn is not None else None,
}


def plain(identity: Identity, value: EnrichedValue) -> str | None:
    """The value itself, None where the session has none."""
    return _READ[value](identity)


def sendable(name: str, text: str) -> bytes:
    """The octets of a header value. Raises InvalidInput: empty, or blanks, CR, LF, NUL and their like in it."""
    if not _SENDABLE.fullmatch(text):
        raise InvalidInput(
            f"the value for header `{name}` has characters that no header may carry; nothing was inserted"
        )
    return text.encode("ascii")
