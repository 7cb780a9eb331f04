"""The encodings of a value: plain, keyed pseudonym per destination, token through the port."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from nfemu.enrichment.values import Encoding, EnrichedValue, HeaderRule, TokenSealer
from nfemu.model.errors import InvalidInput

MIN_KEY = 32
"""Least length of the pseudonym key, in octets: that of the hash (RFC 2104 section 3)."""
MAX_LIFETIME_S = 86_400


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a value is for, and when (wall time)."""

    host: str
    group: str
    now: datetime


Encoder = Callable[[str, Target], str]


def encoder_for(rule: HeaderRule, pseudonym_key: bytes, sealer: TokenSealer | None) -> Encoder:
    """Raises InvalidInput: what the encoding needs is missing, or the lifetime is out of range."""
    return _MAKERS[rule.encoding](rule, pseudonym_key, sealer)


def pseudonym(key: bytes, group: str, value: EnrichedValue, text: str) -> str:
    """HMAC-SHA-256 (RFC 2104) in base64url without padding: 43 characters.

    Each part goes in with its length, so that no two of (group, kind, value) give one message.
    """
    parts = (b"nfemu pseudonym 1", group.encode(), value.value.encode(), text.encode())
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode("ascii")


def _plain(text: str, _target: Target) -> str:
    return text


def _pseudonyms(rule: HeaderRule, key: bytes) -> Encoder:
    if len(key) < MIN_KEY:
        raise InvalidInput(f"header `{rule.name}` needs a pseudonym key of {MIN_KEY} octets or more, not {len(key)}")
    return lambda text, target: pseudonym(key, target.group, rule.value, text)


def _tokens(rule: HeaderRule, sealer: TokenSealer | None) -> Encoder:
    if sealer is None:
        raise InvalidInput(f"header `{rule.name}` is a token, but no keys for tokens are at hand; use another encoding")
    if not 0 < rule.lifetime_s <= MAX_LIFETIME_S:
        raise InvalidInput(
            f"header `{rule.name}`: token lifetime {rule.lifetime_s} s is out of range; give 1 to {MAX_LIFETIME_S}"
        )

    def seal(text: str, target: Target) -> str:
        issued = int(target.now.timestamp())
        claims: dict[str, str | int] = {rule.value.value: text, "iat": issued, "exp": issued + rule.lifetime_s}
        return sealer.seal(claims, target.host)

    return seal


_MAKERS: Mapping[Encoding, Callable[[HeaderRule, bytes, TokenSealer | None], Encoder]] = {
    Encoding.PLAIN: lambda _rule, _key, _sealer: _plain,
    Encoding.PSEUDONYM: lambda rule, key, _sealer: _pseudonyms(rule, key),
    Encoding.TOKEN: lambda rule, _key, sealer: _tokens(rule, sealer),
}
"""An encoding without a maker is an error, never plain text."""
