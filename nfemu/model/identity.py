"""Identities of TS 23.003: IMSI, MSISDN, PLMN, APN. Each is validated once, where it enters."""

import re
from dataclasses import dataclass
from typing import NewType, Self

from nfemu.model.errors import InvalidInput

AccountId = NewType("AccountId", str)
SessionId = NewType("SessionId", str)
OrderId = NewType("OrderId", str)
PaymentNo = NewType("PaymentNo", str)
AgreementNo = NewType("AgreementNo", str)
DeductionNo = NewType("DeductionNo", str)
GrantId = NewType("GrantId", str)
NoticeId = NewType("NoticeId", str)
WebhookId = NewType("WebhookId", str)
EventId = NewType("EventId", str)
"""What a receiver of webhooks knows an event by, however often it comes."""
CorrelationId = NewType("CorrelationId", str)
ProfileName = NewType("ProfileName", str)
"""Name of an APN profile (`apns.yaml`), for example `internet` or `green`."""
PolicyName = NewType("PolicyName", str)
"""Name of a policy profile (`policies.yaml`), for example `open` or `arrears`."""
GroupName = NewType("GroupName", str)
PlanName = NewType("PlanName", str)
ServiceName = NewType("ServiceName", str)
PoolName = NewType("PoolName", str)

# compiled once: a million subscribers are a million checks of each
_IMSI = re.compile(r"[0-9]{6,15}")
_E164 = re.compile(r"[1-9][0-9]{7,14}")
_SEPARATORS = re.compile(r"[\s\-()]")
_NATIONAL_LENGTH = 11
_APN_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True, order=True)
class Imsi:
    """International mobile subscriber identity: 6 to 15 digits (TS 23.003 clause 2.2)."""

    digits: str

    def __post_init__(self) -> None:
        if not _IMSI.fullmatch(self.digits):
            raise InvalidInput(f"IMSI `{self.digits}` is not 6 to 15 digits")

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True, order=True)
class Msisdn:
    """A subscriber's number in E.164 without the plus sign: 8 to 15 digits (TS 23.003 clause 3.3)."""

    e164: str

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.e164):
            raise InvalidInput(f"number `{self.e164}` is not 8 to 15 digits in E.164 form")

    @classmethod
    def parse(cls, text: str, country_code: str = "86") -> Self:
        """Read a number as people write it: `13800138000`, `+8613800138000` and `008613800138000` are one.

        A bare number that starts with the country code and is longer than a national number counts as
        international. Raises InvalidInput.
        """
        digits = _SEPARATORS.sub("", text)
        if digits.startswith("+"):
            digits = digits[1:]
        elif digits.startswith("00"):
            digits = digits[2:]
        elif not (digits.startswith(country_code) and len(digits) > _NATIONAL_LENGTH):
            digits = country_code + digits.removeprefix("0")
        if not _E164.fullmatch(digits):
            raise InvalidInput(f"`{text}` is not a phone number; write it like 13800138000 or +8613800138000")
        return cls(digits)

    def national(self, country_code: str = "86") -> str:
        """The number as dialled inside its country; other countries' numbers keep their code."""
        return self.e164.removeprefix(country_code) if self.e164.startswith(country_code) else self.e164

    def masked(self, country_code: str = "86") -> str:
        """For pages and logs: the middle is hidden (`138****8000`)."""
        national = self.national(country_code)
        return f"{national[:3]}****{national[-4:]}" if len(national) > 7 else "****" + national[-2:]

    def __str__(self) -> str:
        return self.e164


@dataclass(frozen=True, slots=True)
class Plmn:
    """Mobile country code (3 digits) and network code (2 or 3 digits) (TS 23.003 clause 2.2)."""

    mcc: str
    mnc: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{3}", self.mcc) or not re.fullmatch(r"[0-9]{2,3}", self.mnc):
            raise InvalidInput(f"PLMN `{self.mcc}-{self.mnc}` is not 3 digits and 2 or 3 digits")

    def __str__(self) -> str:
        return f"{self.mcc}-{self.mnc}"


@dataclass(frozen=True, slots=True)
class Apn:
    """APN network identifier, lower case, dot-separated labels, at most 63 octets (TS 23.003 clause 9.1)."""

    name: str

    def __post_init__(self) -> None:
        labels = self.name.split(".")
        if len(self.name) > 63 or not all(_APN_LABEL.fullmatch(label) for label in labels):
            raise InvalidInput(f"APN `{self.name}` is not lower-case letters, digits, hyphens and dots")

    def __str__(self) -> str:
        return self.name
