"""Why a sealed resource does not open: what of algorithm, base64, nonce, key, associated data and tag is wrong."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from nfemu.model.errors import InvalidInput
from nfemu.wechat.resource import ALGORITHM, KEY_OCTETS, NONCE_OCTETS, unseal
from nfemu.wechat.signing import strict_base64

_TAG_OCTETS = 16
_FIRST_COUNTER = b"\0\0\0\2"
"""After the nonce: where GCM begins to encrypt (NIST SP 800-38D section 7.1, nonces of 12 octets)."""
_USUAL_ASSOCIATED = ("transaction", "refund", "certificate", "")
_FIELDS = ("algorithm", "ciphertext", "associated_data", "nonce")


class SealingFault(Enum):
    UNREADABLE = "unreadable"
    """The body is no JSON object, or its resource no object of texts."""
    ALGORITHM = "algorithm"
    BASE64 = "base64"
    NONCE = "nonce"
    KEY_LENGTH = "key-length"
    ASSOCIATED_DATA = "associated-data"
    """It opens with other associated data."""
    OTHER_KEY = "other-key"
    """It opens with another merchant's key."""
    CHANGED = "changed"
    """Key and nonce are right: it reads as JSON. Associated data, tag or some octet are not what was sealed."""
    KEY_OR_NONCE = "key-or-nonce"
    """Nothing of it can be read."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """`plain`: what it holds, as far as it can be read; `detail`: the associated data or the merchant with which it
    opens, or a length."""

    fields: Mapping[str, str]
    fault: SealingFault | None = None
    plain: bytes | None = None
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.fault is None


def opening(body: bytes, mchid: str, keys: Mapping[str, bytes]) -> Sealing | None:
    """The resource in that body; None: it holds none. `keys`: API v3 keys by merchant, `mchid`: whose should open it,
    empty: any."""
    try:
        document = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return Sealing({}, SealingFault.UNREADABLE)
    resource = _resource(document)
    if resource is None:
        return None
    if not isinstance(resource, dict) or not all(isinstance(resource.get(name, ""), str) for name in _FIELDS):
        return Sealing({}, SealingFault.UNREADABLE)
    fields = {name: resource[name] for name in _FIELDS if name in resource}
    return _form(fields) or _opened(fields, mchid, keys)


def _resource(document: Any) -> Any:
    """Of a notification, or of an answer with certificates."""
    match document:
        case {"resource": resource}:
            return resource
        case {"data": [{"encrypt_certificate": resource}, *_]}:
            return resource
    return None


def _form(fields: Mapping[str, str]) -> Sealing | None:
    """What is wrong before any key is tried."""
    if fields.get("algorithm") != ALGORITHM:
        return Sealing(fields, SealingFault.ALGORITHM, detail=fields.get("algorithm", ""))
    octets = strict_base64(fields.get("ciphertext", ""))
    if octets is None or len(octets) < _TAG_OCTETS:
        return Sealing(fields, SealingFault.BASE64)
    length = len(fields.get("nonce", "").encode("utf-8", "replace"))
    if length != NONCE_OCTETS:
        return Sealing(fields, SealingFault.NONCE, detail=str(length))
    return None


def _opened(fields: Mapping[str, str], mchid: str, keys: Mapping[str, bytes]) -> Sealing:
    own = keys.get(mchid)
    if own is not None and len(own) != KEY_OCTETS:
        return Sealing(fields, SealingFault.KEY_LENGTH, detail=str(len(own)))
    if own is not None and (plain := _with(own, fields)) is not None:
        return Sealing(fields, plain=plain)
    by_other_data = None if own is None else _with_other_data(fields, mchid, own)
    return by_other_data or _with_other_key(fields, mchid, keys) or _without_tag(fields, own)


def _with_other_data(fields: Mapping[str, str], mchid: str, key: bytes) -> Sealing | None:
    for associated in (*_USUAL_ASSOCIATED, mchid):
        plain = _with(key, {**fields, "associated_data": associated})
        if plain is not None:
            return Sealing(fields, SealingFault.ASSOCIATED_DATA, plain, associated)
    return None


def _with_other_key(fields: Mapping[str, str], mchid: str, keys: Mapping[str, bytes]) -> Sealing | None:
    for other, key in keys.items():
        plain = _with(key, fields)
        if plain is not None:
            return Sealing(fields, SealingFault.OTHER_KEY if mchid else None, plain, other)
    return None


def _without_tag(fields: Mapping[str, str], key: bytes | None) -> Sealing:
    """Deciphered without asking whether it was changed."""
    if key is None:
        return Sealing(fields, SealingFault.KEY_OR_NONCE)
    sealed = strict_base64(fields["ciphertext"]) or b""
    nonce = fields["nonce"].encode()
    plain = Cipher(AES(key), CTR(nonce + _FIRST_COUNTER)).decryptor().update(sealed[:-_TAG_OCTETS])
    if plain[:1] not in (b"{", b"-"):  # a JSON object, or a certificate
        return Sealing(fields, SealingFault.KEY_OR_NONCE)
    return Sealing(fields, SealingFault.CHANGED, plain)


def _with(key: bytes, fields: Mapping[str, str]) -> bytes | None:
    try:
        return unseal(key, fields)
    except (InvalidInput, ValueError):  # not sealed with it, or no key at all
        return None
