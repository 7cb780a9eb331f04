"""What a signature tells of what was signed: RSA gives back the digest, so nobody has to guess key, hash and string at
once (RFC 8017 sections 8.2.2 and 9.2)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_SHA256 = "sha256"
_PREFIXES = {
    "md5": "3020300c06082a864886f70d020505000410",
    "sha1": "3021300906052b0e03021a05000414",
    _SHA256: "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha512": "3051300d060960864801650304020305000440",
}
"""DigestInfo before the digest (RFC 8017 section 9.2, note 1)."""
_DIGEST_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Imprint:
    """A digest, and by which hash (`hashlib`) it was made. `wrapped`: it says so itself, as it must."""

    algorithm: str
    digest: bytes
    wrapped: bool = True

    @property
    def is_usual(self) -> bool:
        """Made as the API asks."""
        return self.algorithm == _SHA256 and self.wrapped

    def is_of(self, message: bytes) -> bool:
        return hashlib.new(self.algorithm, message, usedforsecurity=False).digest() == self.digest


def imprint(key: RSAPublicKey, signature: bytes) -> Imprint | None:
    """None: it was not made with this key, or not with PKCS#1 v1.5 padding."""
    try:
        found = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
    except InvalidSignature:
        return None
    for algorithm, prefix in _PREFIXES.items():
        digest = found.removeprefix(bytes.fromhex(prefix))
        if len(digest) < len(found) and len(digest) == hashlib.new(algorithm, usedforsecurity=False).digest_size:
            return Imprint(algorithm, digest)
    return Imprint(_SHA256, found, wrapped=False) if len(found) == _DIGEST_OCTETS else None


def is_pss(key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the right string was signed with the other padding, PSS."""
    try:
        key.verify(signature, message, padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def lenient_base64(text: str) -> bytes | None:
    """The octets that somebody meant: in the URL-safe alphabet, broken into lines, without its padding."""
    joined = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(joined + "=" * (-len(joined) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def hexadecimal(text: str) -> bytes | None:
    """The octets where somebody wrote them so."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
