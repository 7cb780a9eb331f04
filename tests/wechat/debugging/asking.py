"""A merchant that signs what it is told to, whatever it sends."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.debugging.requests import Diagnosis, diagnose
from nfemu.wechat.signing import sign
from tests.wechat.making import NOW, key

TARGET = "/v3/pay/transactions/h5?b=%20x&a=1"
TIMESTAMP = str(int(NOW.timestamp()))
NONCE = "593BEC0C930BF1AFEB40B4A08C8FB242"
BODY = '{"amount": {"total": 5000}, "description": "话费/充<值>"}'.encode()


@dataclass(frozen=True, slots=True)
class Merchant:
    """Implements Signatory."""

    mchid: str
    serial: str
    public_key: rsa.RSAPublicKey


@cache
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def merchants() -> list[Merchant]:
    return [Merchant("1900000110", "O", other_key().public_key()), Merchant("1900000109", "S", key().public_key())]


def message(*lines: bytes, end: bytes = b"\n") -> bytes:
    """The right string but for its first lines, each with `end`."""
    right = (b"POST", TARGET.encode(), TIMESTAMP.encode(), NONCE.encode(), BODY)
    return b"".join(line + end for line in (*lines, *right[len(lines) :]))


def request(signature: str, body: bytes = BODY, mchid: str = "1900000109", timestamp: str = TIMESTAMP) -> SignedRequest:
    header = Authorization(mchid, "S", timestamp, NONCE, signature).header()
    head = {"authorization": header, "accept": "*/*", "user-agent": "x", "content-type": "application/json"}
    return SignedRequest("POST", TARGET, head, body)


def diagnosed(
    signature: str,
    body: bytes = BODY,
    mchid: str = "1900000109",
    timestamp: str = TIMESTAMP,
    given: bytes | None = None,
    wall: datetime = NOW,
) -> Diagnosis:
    return diagnose(request(signature, body, mchid, timestamp), merchants(), wall, lambda _: False, given)


def of(text: bytes) -> Diagnosis:
    """Of a request whose signature is of `text`."""
    return diagnosed(sign(key(), text))
