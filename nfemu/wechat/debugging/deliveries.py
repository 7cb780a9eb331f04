"""Why a merchant cannot believe or open what the provider sent: the checks of its headers, the string that is signed,
and the sealed resource."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from nfemu.wechat.debugging.imprint import Imprint, imprint, lenient_base64
from nfemu.wechat.debugging.mistakes import Mistake, body_guesses
from nfemu.wechat.debugging.sealed import Sealing, opening
from nfemu.wechat.signing import ALGORITHM, PROBE, answer_message, is_fresh, is_signed, strict_base64


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification or an answer, as it came; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """`Wechatpay-…`; empty where it is missing."""
        return self.headers.get(f"wechatpay-{name}", "")

    @property
    def message(self) -> bytes:
        """What is signed of it."""
        return answer_message(self.header("timestamp"), self.header("nonce"), self.body)


class DeliveryCheck(Enum):
    HEADERS = "headers"
    METHOD = "method"
    SERIAL = "serial"
    TIMESTAMP = "timestamp"
    PROBE = "probe"
    BASE64 = "base64"
    SIGNATURE = "signature"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Keys:
    """`provider`: the provider's public keys by the serials that it names; `sealing`: API v3 keys by merchant."""

    provider: Mapping[str, RSAPublicKey]
    sealing: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class DeliveryDiagnosis:
    """`checks`: whether each holds, in their order. `signed`: what the signature is of, where that is another string;
    None: the right one, or unknown. `given`: what the merchant says that it has checked."""

    checks: tuple[tuple[DeliveryCheck, bool], ...]
    expected: bytes
    signed: bytes | None
    mistakes: tuple[Mistake, ...]
    sealing: Sealing | None
    given: bytes | None = None
    given_fits: bool = False


def diagnose_delivery(
    delivery: Delivery, mchid: str, keys: Keys, wall: datetime, given: bytes | None = None
) -> DeliveryDiagnosis:
    """`mchid`: to whom it went; empty: unknown, so all keys are tried. `wall`: when it came. Never raises for what is
    wrong with it."""
    mark = _imprint(delivery, keys)
    sealing = opening(delivery.body, mchid, keys.sealing)
    found = tuple(_checks(delivery, keys, wall).items())
    if sealing is not None:
        found = (*found, (DeliveryCheck.RESOURCE, sealing.holds))
    signed, mistakes = _other(delivery, mark)
    fits = given is not None and mark is not None and mark.is_of(given)
    return DeliveryDiagnosis(found, delivery.message, signed, mistakes, sealing, given, fits)


def _checks(delivery: Delivery, keys: Keys, wall: datetime) -> dict[DeliveryCheck, bool]:
    signature = delivery.header("signature")
    bare = signature.removeprefix(PROBE)
    key = keys.provider.get(delivery.header("serial"))
    needed = ("serial", "timestamp", "nonce", "signature")
    return {
        DeliveryCheck.HEADERS: all(delivery.header(name) for name in needed),
        DeliveryCheck.METHOD: delivery.headers.get("wechatpay-signature-type", ALGORITHM) == ALGORITHM,
        DeliveryCheck.SERIAL: key is not None,
        DeliveryCheck.TIMESTAMP: is_fresh(delivery.header("timestamp"), wall),
        DeliveryCheck.PROBE: bare == signature,
        DeliveryCheck.BASE64: strict_base64(bare) is not None,
        DeliveryCheck.SIGNATURE: key is not None and is_signed(key, delivery.message, signature),
    }


def _imprint(delivery: Delivery, keys: Keys) -> Imprint | None:
    """What its signature is of, whichever key of the provider's made it."""
    octets = lenient_base64(delivery.header("signature").removeprefix(PROBE))
    marks = (imprint(key, octets) for key in keys.provider.values()) if octets is not None else ()
    return next((mark for mark in marks if mark is not None), None)


def _other(delivery: Delivery, mark: Imprint | None) -> tuple[bytes | None, tuple[Mistake, ...]]:
    """The string that was signed, where only the body is another one now."""
    if mark is None or mark.is_of(delivery.message):
        return None, ()
    for mistake, body in body_guesses(delivery.body):
        message = answer_message(delivery.header("timestamp"), delivery.header("nonce"), body)
        if mark.is_of(message):
            return message, (mistake,)
    return None, ()
