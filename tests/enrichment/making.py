"""A carrier's enrichment as it is shipped, and a sealer that shows what it was given."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from nfemu.enrichment.enricher import Enricher
from nfemu.enrichment.values import EnrichedValue, HeaderRule, Identity
from nfemu.model.identity import Apn, Imsi, Msisdn

NOW = datetime(2025, 3, 1, 12, 0, 0, 900_000, tzinfo=UTC)
KEY = bytes(range(32))
IDENTITY = Identity(Msisdn("8613800138000"), Imsi("460001380013800"), "10.45.0.2", Apn("internet"))
ALIASES = (
    "MSISDN",
    "x-up-calling-line-id",
    "x-nokia-msisdn",
    "X-WAP-3GPP-SGSN-ADDRESS",
    "x-acr",
    "X-UIDH",
    "X-Forwarded-For",
    "Forwarded",
)
COOKIES = ("User-Identity-Forward-msisdn",)


class OpenSealer:
    """A TokenSealer whose tokens can be read: hex of JSON."""

    def seal(self, claims: Mapping[str, str | int], audience: str) -> str:
        return json.dumps({**claims, "aud": audience}).encode().hex()

    def read(self, token: bytes) -> dict[str, str | int]:
        content: dict[str, str | int] = json.loads(bytes.fromhex(token.decode()))
        return content


def shipped() -> Enricher:
    return Enricher([HeaderRule("X-MSISDN", EnrichedValue.MSISDN)], ALIASES, COOKIES)
