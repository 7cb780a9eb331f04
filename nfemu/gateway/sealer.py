"""TokenSealer by joserfc: encrypted tokens that any portal's own JOSE library opens, and the keys for them.

JWE compact serialisation (RFC 7516) with A256KW and A256GCM (RFC 7518): a content key of its own per token, so the
number of tokens under one key is not bounded by GCM's nonces. The key file is a JWK Set (RFC 7517), newest first.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwe
from joserfc.jwk import OctKey

from nfemu.model.errors import InvalidInput
from nfemu.runtime.keys import read_private, write_private

ALGORITHM = "A256KW"
ENCRYPTION = "A256GCM"
_LIVE = 2
"""The newest key seals; the one before it still opens what is under way."""
_OCTETS = 32


@dataclass(frozen=True, slots=True)
class TokenKey:
    """`kid` goes into the token's header, `secret` is 32 octets."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"TokenKey({self.kid!r})"


class JoseSealer:
    """Implements TokenSealer with one key."""

    def __init__(self, key: TokenKey) -> None:
        self._header = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": key.kid, "typ": "JWT"}
        self._key = OctKey.import_key(key.secret)

    def seal(self, claims: Mapping[str, str | int], audience: str) -> str:
        """See TokenSealer. `claims` are kept as they are: the caller sets `iat` and `exp`."""
        text = json.dumps({**claims, "aud": audience}, separators=(",", ":"))
        return jwe.encrypt_compact(self._header, text, self._key, algorithms=[ALGORITHM, ENCRYPTION])


def load_keys(path: Path) -> tuple[TokenKey, ...]:
    """The live keys, newest first; a missing file is made with one fresh key, mode 0600.

    Raises InvalidInput when the file is not a JWK Set of 256-bit keys.
    """
    try:
        document = json.loads(read_private(path))
        keys = tuple(TokenKey(str(row["kid"]), _decoded(row["k"])) for row in document["keys"])
    except FileNotFoundError:
        return _write(path, (_fresh(),))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise InvalidInput(f"token keys in `{path}` are no JWK Set; delete the file and new ones are made") from error
    if not keys or any(len(key.secret) != _OCTETS for key in keys):
        raise InvalidInput(f"token keys in `{path}` are not of 256 bits each; delete the file and new ones are made")
    return keys


def rotate_keys(path: Path) -> tuple[TokenKey, ...]:
    """Put a fresh key in front; the one that sealed so far still opens, older ones go. Raises InvalidInput."""
    return _write(path, (_fresh(), *load_keys(path))[:_LIVE])


def _fresh() -> TokenKey:
    return TokenKey(secrets.token_hex(8), secrets.token_bytes(_OCTETS))


def _write(path: Path, keys: tuple[TokenKey, ...]) -> tuple[TokenKey, ...]:
    """Replace the file as a whole, so that a crash leaves the old keys or the new ones."""
    rows = [{"kty": "oct", "use": "enc", "alg": ALGORITHM, "kid": key.kid, "k": _encoded(key.secret)} for key in keys]
    write_private(path, json.dumps({"keys": rows}, indent=2).encode())
    return keys


def _encoded(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
