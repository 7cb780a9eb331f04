"""Requests looked into: which checks hold, whose key it was, by which hash, and what the merchant says."""

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from nfemu.wechat.admission import CheckName, SignedRequest
from nfemu.wechat.debugging.mistakes import Mistake
from nfemu.wechat.debugging.requests import Diagnosis, Signed, diagnose
from nfemu.wechat.debugging.verdict import of_request
from nfemu.wechat.signing import sign
from tests.wechat.debugging.asking import TARGET, diagnosed, merchants, message, other_key
from tests.wechat.making import NOW, key


def failed(diagnosis: Diagnosis) -> list[str]:
    return [check.name.value for check in diagnosis.checks if check.refusal is not None]


def said(diagnosis: Diagnosis) -> list[str]:
    return [name for name, _ in of_request(diagnosis)]


def test_a_right_one() -> None:
    diagnosis = diagnosed(sign(key(), message()))
    assert [check.name for check in diagnosis.checks] == list(CheckName)
    assert (failed(diagnosis), diagnosis.signed.mistakes, diagnosis.expected) == ([], (), message())
    assert said(diagnosis) == ["all-hold"]


def test_a_right_one_at_another_time() -> None:
    diagnosis = diagnosed(sign(key(), message()), wall=NOW + timedelta(days=1))
    assert (failed(diagnosis), said(diagnosis)) == (["timestamp"], ["failed-timestamp"])


def test_without_a_readable_authorization_nobody_can_say() -> None:
    request = SignedRequest("GET", TARGET, {}, b"")
    diagnosis = diagnose(request, merchants(), NOW, lambda _: False, b"given")
    assert (failed(diagnosis), diagnosis.expected, said(diagnosis)) == (
        ["authorization"], None, ["failed-authorization"])  # fmt: skip


def test_a_merchant_that_is_none() -> None:
    diagnosis = diagnosed(sign(key(), message()), mchid="1900000999")
    assert (failed(diagnosis), diagnosis.signed.signer) == (["merchant"], "1900000109")
    assert said(diagnosis) == ["failed-merchant", "fits-expected", "mistake-other-key"]


def test_the_key_of_another_merchant() -> None:
    diagnosis = diagnosed(sign(other_key(), message()[:-1]))
    assert diagnosis.signed.mistakes == (Mistake.OTHER_KEY, Mistake.NO_LAST_LINE_FEED)
    assert (diagnosis.signed.signer, failed(diagnosis)) == ("1900000110", ["signature"])
    assert of_request(diagnosis)[2] == ("mistake-other-key", {"signer": "1900000110", "algorithm": "sha256"})


@pytest.mark.parametrize(
    ("algorithm", "mistakes"),
    [(hashes.SHA1(), (Mistake.OTHER_HASH,)), (hashes.SHA512(), (Mistake.OTHER_HASH,))],
)
def test_another_hash(algorithm: hashes.HashAlgorithm, mistakes: tuple[Mistake, ...]) -> None:
    signature = base64.b64encode(key().sign(message(), padding.PKCS1v15(), algorithm)).decode()
    found = diagnosed(signature).signed
    assert (found.mistakes, found.message, found.algorithm) == (mistakes, message(), algorithm.name)


def test_hashed_before_it_was_signed() -> None:
    for digest in (hashlib.sha256(message()).digest(), hashlib.sha256(message()).hexdigest().encode()):
        assert diagnosed(sign(key(), digest)).signed.mistakes == (Mistake.HASHED_TWICE,)
    prehashed = key().sign(hashlib.sha256(message()).digest(), padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    assert failed(diagnosed(base64.b64encode(prehashed).decode())) == []


def test_a_hash_that_does_not_say_which_it_is() -> None:
    number = int.from_bytes(_padded(hashlib.sha256(message()).digest()))
    private = key().private_numbers()
    signature = pow(number, private.d, private.public_numbers.n).to_bytes(256)
    assert diagnosed(base64.b64encode(signature).decode()).signed.mistakes == (Mistake.BARE_HASH,)
    other = pow(int.from_bytes(_padded(b"no hash")), private.d, private.public_numbers.n).to_bytes(256)
    assert said(diagnosed(base64.b64encode(other).decode())) == ["failed-signature", "fits-no-key"]


def test_the_other_padding() -> None:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    signature = base64.b64encode(key().sign(message(), pss, hashes.SHA256())).decode()
    diagnosis = diagnosed(signature)
    assert (diagnosis.signed.mistakes, diagnosis.signed.message) == ((Mistake.PSS,), message())
    assert said(diagnosis) == ["failed-signature", "fits-expected", "mistake-pss"]


def test_another_spelling() -> None:
    signature = sign(key(), message())
    octets = base64.b64decode(signature)
    for spelled, mistake in (
        (base64.urlsafe_b64encode(octets).decode().rstrip("="), Mistake.BASE64),
        (signature[:76] + " " + signature[76:], Mistake.BASE64),
        (octets.hex(), Mistake.HEX),
    ):
        diagnosis = diagnosed(spelled)
        assert (diagnosis.signed.mistakes, diagnosis.signed.message) == ((mistake,), message()), spelled
        assert "signature" in failed(diagnosis)


def test_what_is_no_signature() -> None:
    for text in ("", "AAAA", "not base64", "é"):
        diagnosis = diagnosed(text)
        assert said(diagnosis)[1:2] == ["fits-no-key"], text
        assert diagnosis.signed.message is None


def test_a_string_that_nobody_knows() -> None:
    diagnosis = diagnosed(sign(key(), b"something else"))
    assert diagnosis.signed == Signed((), None, "sha256", hashlib.sha256(b"something else").digest(), "1900000109")
    assert said(diagnosis) == ["failed-signature", "fits-other"]
    assert diagnosed(sign(key(), b"something else"), given=b"something else").given_fits


def test_what_the_merchant_says_it_has_signed() -> None:
    for given, signed, expected in (
        (message(), message(), ["all-hold", "given-same", "given-fits"]),
        (message(), message()[:-1], ["given-same", "given-fits-not"]),
        (message()[:-1], message()[:-1], ["given-differs", "given-fits"]),
        (b"x", b"y", ["given-differs", "given-fits-not"]),
    ):
        assert said(diagnosed(sign(key(), signed), given=given))[-len(expected) :] == expected


def _padded(content: bytes) -> bytes:
    """PKCS#1 v1.5 for signatures (RFC 8017 section 9.2), without the digest's name."""
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(content)) + b"\x00" + content
