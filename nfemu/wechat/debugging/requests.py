"""Why a merchant's request was refused: its checks, the string that should have been signed, and what its signature is
of instead."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from nfemu.wechat.admission import Check, CheckName, IsReplay, Signatory, SignedRequest, checks
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.debugging.imprint import Imprint, hexadecimal, imprint, is_pss, lenient_base64
from nfemu.wechat.debugging.mistakes import Guess, Mistake, Parts, guesses
from nfemu.wechat.errors import Refused
from nfemu.wechat.signing import strict_base64

_USUAL_HOST = "api.mch.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature turned out to be. `message` None: none of the strings that were tried. `digest`: of whatever was
    signed, where the signature tells. `signer`: whose key made it; empty: nobody's that is known here."""

    mistakes: tuple[Mistake, ...] = ()
    message: bytes | None = None
    algorithm: str = ""
    digest: bytes = b""
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`checks`: those that could be made. `expected`: what should have been signed; None: nobody can say. `given`: what
    the merchant says that it has signed, and whether its signature is of that."""

    checks: tuple[Check, ...]
    expected: bytes | None = None
    signed: Signed = Signed()
    given: bytes | None = None
    given_fits: bool = False


def diagnose(
    request: SignedRequest,
    merchants: Iterable[Signatory],
    wall: datetime,
    is_replay: IsReplay,
    given: bytes | None = None,
) -> Diagnosis:
    """`merchants`: everybody whose key it may be. `wall`: when it came. Never raises for what is wrong with it."""
    try:
        authorization = Authorization.parse(request.headers.get("authorization"))
    except Refused as refusal:
        return Diagnosis((Check(CheckName.AUTHORIZATION, refusal),), given=given)
    known = list(merchants)
    merchant = next((each for each in known if each.mchid == authorization.mchid), None)
    signer, mark = _imprint(authorization.signature, known, authorization.mchid)
    found = tuple(checks(request, authorization, merchant, wall, is_replay))
    return Diagnosis(
        found,
        request.message(authorization),
        _signed(request, authorization, merchant, signer, mark),
        given,
        given is not None and mark is not None and mark.is_of(given),
    )


def _imprint(text: str, known: list[Signatory], mchid: str) -> tuple[str, Imprint | None]:
    """Whose key made that signature, the merchant's own tried first, and what it is of."""
    octets = _octets(text)
    for each in sorted(known, key=lambda signatory: signatory.mchid != mchid) if octets is not None else ():
        found = imprint(each.public_key, octets or b"")
        if found is not None:
            return each.mchid, found
    return "", None


def _octets(text: str) -> bytes | None:
    return hexadecimal(text) or lenient_base64(text)


def _signed(
    request: SignedRequest,
    authorization: Authorization,
    merchant: Signatory | None,
    signer: str,
    mark: Imprint | None,
) -> Signed:
    spelled = tuple(_spelling(authorization.signature))
    message = request.message(authorization)
    if mark is None:
        octets = _octets(authorization.signature)
        padded = merchant is not None and octets is not None and is_pss(merchant.public_key, message, octets)
        return Signed((*spelled, Mistake.PSS), message, signer=authorization.mchid) if padded else Signed(spelled)
    guess = _guess(_parts(request, authorization), mark)
    around = (*spelled, *_key_and_hash(authorization, signer, mark))
    if guess is None:
        return Signed(around, None, mark.algorithm, mark.digest, signer)
    return Signed((*around, *guess.mistakes), guess.message, mark.algorithm, mark.digest, signer)


def _spelling(signature: str) -> Iterator[Mistake]:
    if hexadecimal(signature):
        yield Mistake.HEX
    elif strict_base64(signature) is None:
        yield Mistake.BASE64


def _key_and_hash(authorization: Authorization, signer: str, mark: Imprint) -> Iterator[Mistake]:
    if signer != authorization.mchid:
        yield Mistake.OTHER_KEY
    if not mark.wrapped:
        yield Mistake.BARE_HASH
    elif not mark.is_usual:
        yield Mistake.OTHER_HASH


def _guess(parts: Parts, mark: Imprint) -> Guess | None:
    """The string that the signature is of."""
    for guess in guesses(parts):
        if mark.is_of(guess.message):
            return guess
        if not guess.mistakes and any(mark.is_of(digest) for digest in _digests(guess.message)):
            return Guess((Mistake.HASHED_TWICE,), guess.message)
    return None


def _digests(message: bytes) -> tuple[bytes, ...]:
    """What somebody signs who hashes before the library does."""
    made = hashlib.sha256(message)
    return made.digest(), made.hexdigest().encode()


def _parts(request: SignedRequest, authorization: Authorization) -> Parts:
    host = request.headers.get("host", _USUAL_HOST)
    return Parts(request.method, request.target, authorization.timestamp, authorization.nonce, request.body, host)
