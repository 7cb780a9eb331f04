"""Resources: what a notification is about, or a certificate, sealed with the merchant's API v3 key (AES-256-GCM)."""

import base64
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nfemu.model.errors import InvalidInput
from nfemu.wechat.signing import strict_base64

ALGORITHM = "AEAD_AES_256_GCM"
KEY_OCTETS = 32
NONCE_OCTETS = 12


def seal(key: bytes, plain: bytes, associated: str, nonce: str) -> dict[str, str]:
    """The fields `algorithm`, `ciphertext`, `associated_data` and `nonce`. `nonce`: twelve ASCII characters, fresh."""
    sealed = AESGCM(key).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "algorithm": ALGORITHM,
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": associated,
        "nonce": nonce,
    }


def unseal(key: bytes, fields: Mapping[str, str]) -> bytes:
    """What was sealed. Raises InvalidInput for another algorithm, what is no strict base64, another key, and wherever
    one octet is not what was sealed."""
    if fields.get("algorithm") != ALGORITHM:
        raise InvalidInput(f"resource of algorithm `{fields.get('algorithm')}`; only {ALGORITHM} is known")
    sealed, nonce = strict_base64(fields.get("ciphertext", "")), fields.get("nonce", "").encode()
    if sealed is None or len(nonce) != NONCE_OCTETS:
        raise InvalidInput("resource without a ciphertext in strict base64 and a nonce of 12 octets")
    try:
        return AESGCM(key).decrypt(nonce, sealed, fields.get("associated_data", "").encode())
    except InvalidTag:
        raise InvalidInput("the resource is not sealed with this API v3 key, or was changed") from None
