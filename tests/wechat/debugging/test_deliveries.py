"""Notifications and answers that a merchant cannot believe or open: what is wrong with them."""

import json
from typing import Any

import pytest

from nfemu.wechat.debugging.deliveries import Delivery, DeliveryCheck, DeliveryDiagnosis, Keys, diagnose_delivery
from nfemu.wechat.debugging.mistakes import Mistake
from nfemu.wechat.debugging.sealed import SealingFault
from nfemu.wechat.debugging.verdict import of_delivery
from nfemu.wechat.resource import seal
from nfemu.wechat.signing import PROBE, answer_message, sign
from tests.wechat.debugging.asking import other_key
from tests.wechat.making import NOW, key

MCHID, OTHER = "1900000109", "1900000110"
SEALING = {MCHID: b"0123456789abcdef0123456789abcdef", OTHER: b"fedcba9876543210fedcba9876543210"}
KEYS = Keys({"OTHER": other_key().public_key(), "PUB": key().public_key()}, SEALING)
AT, NONCE = str(int(NOW.timestamp())), "c5ac7061fccab6bf3e254dcf98995b8c"
PLAIN = b'{"amount":{"total":1}}'


def sealed(**changed: Any) -> dict[str, Any]:
    return {**seal(SEALING[MCHID], PLAIN, "transaction", "abcdefghijkl"), **changed}


def delivery(body: bytes | None = None, signed: bytes | None = None, **changed: str) -> Delivery:
    """`signed`: another body, over which it is signed."""
    body = json.dumps({"id": "EV-1", "resource": sealed()}).encode() if body is None else body
    signature = sign(key(), answer_message(AT, NONCE, body if signed is None else signed))
    headers = {"serial": "PUB", "timestamp": AT, "nonce": NONCE, "signature": signature, **changed}
    return Delivery({f"wechatpay-{name}": value for name, value in headers.items()}, body)


def diagnosed(what: Delivery, mchid: str = MCHID, given: bytes | None = None) -> DeliveryDiagnosis:
    return diagnose_delivery(what, mchid, KEYS, NOW, given)


def failed(diagnosis: DeliveryDiagnosis) -> list[DeliveryCheck]:
    return [name for name, holds in diagnosis.checks if not holds]


def said(diagnosis: DeliveryDiagnosis) -> list[str]:
    return [name for name, _ in of_delivery(diagnosis)]


def test_a_right_one_holds_and_opens() -> None:
    diagnosis = diagnosed(delivery())
    assert [name for name, _ in diagnosis.checks] == list(DeliveryCheck)
    assert (failed(diagnosis), said(diagnosis)) == ([], ["delivery-holds"])
    assert diagnosis.sealing is not None
    assert diagnosis.sealing.plain == PLAIN
    assert diagnosis.expected == answer_message(AT, NONCE, delivery().body)


@pytest.mark.parametrize(
    ("changed", "checks"),
    [
        ({"serial": ""}, {DeliveryCheck.HEADERS, DeliveryCheck.SERIAL, DeliveryCheck.SIGNATURE}),
        ({"serial": "NOBODY"}, {DeliveryCheck.SERIAL, DeliveryCheck.SIGNATURE}),
        ({"serial": "OTHER"}, {DeliveryCheck.SIGNATURE}),
        ({"signature-type": "WECHATPAY2-SM2-WITH-SM3"}, {DeliveryCheck.METHOD}),
        ({"timestamp": "1"}, {DeliveryCheck.TIMESTAMP, DeliveryCheck.SIGNATURE}),
        ({"signature": f"{PROBE}AAAA"}, {DeliveryCheck.PROBE, DeliveryCheck.SIGNATURE}),
        ({"signature": "A-=="}, {DeliveryCheck.BASE64, DeliveryCheck.SIGNATURE}),
        ({"signature": "é"}, {DeliveryCheck.BASE64, DeliveryCheck.SIGNATURE}),
    ],
)
def test_each_check_of_the_headers(changed: dict[str, str], checks: set[DeliveryCheck]) -> None:
    diagnosis = diagnosed(delivery(None, None, **changed))
    assert set(failed(diagnosis)) == checks
    assert {f"delivery-{check.value}" for check in checks} <= set(said(diagnosis))


def test_a_body_that_was_read_and_written_again() -> None:
    sent = b'{"a": 1}'
    diagnosis = diagnosed(delivery(b'{"a":1}', signed=sent))
    assert (diagnosis.signed, diagnosis.mistakes) == (answer_message(AT, NONCE, sent), (Mistake.BODY_JSON,))
    assert said(diagnosis) == ["delivery-signature", "delivery-body", "mistake-body-written-again"]
    assert diagnosed(delivery(b'{"a":1}', signed=b'{"a": 2}')).signed is None


def test_an_answer_without_a_resource() -> None:
    for body in (b"", b'{"code_url": "x"}', b"[]"):
        diagnosis = diagnosed(delivery(body))
        assert (diagnosis.sealing, failed(diagnosis)) == (None, [])


def test_certificates_are_sealed_too() -> None:
    body = json.dumps({"data": [{"serial_no": "S", "encrypt_certificate": sealed()}]}).encode()
    sealing = diagnosed(delivery(body)).sealing
    assert sealing is not None
    assert sealing.plain == PLAIN


@pytest.mark.parametrize(
    ("resource", "fault", "detail"),
    [
        ("text", SealingFault.UNREADABLE, ""),
        (sealed(nonce=1), SealingFault.UNREADABLE, ""),
        ({}, SealingFault.ALGORITHM, ""),
        (sealed(algorithm="AES"), SealingFault.ALGORITHM, "AES"),
        (sealed(ciphertext="A-=="), SealingFault.BASE64, ""),
        (sealed(ciphertext="AAAA"), SealingFault.BASE64, ""),
        (sealed(nonce="short"), SealingFault.NONCE, "5"),
        (sealed(nonce="\ud800"), SealingFault.NONCE, "1"),
        (sealed(associated_data="else"), SealingFault.ASSOCIATED_DATA, "transaction"),
        (sealed(nonce="ABCDEFGHIJKL"), SealingFault.KEY_OR_NONCE, ""),
        (seal(SEALING[OTHER], PLAIN, "transaction", "abcdefghijkl"), SealingFault.OTHER_KEY, OTHER),
        (seal(SEALING[MCHID], PLAIN, "of nobody", "abcdefghijkl") | {"associated_data": ""}, SealingFault.CHANGED, ""),
    ],
)  # fmt: skip
def test_why_a_resource_does_not_open(resource: object, fault: SealingFault, detail: str) -> None:
    diagnosis = diagnosed(delivery(json.dumps({"resource": resource}).encode()))
    assert diagnosis.sealing is not None
    assert (diagnosis.sealing.fault, diagnosis.sealing.detail) == (fault, detail)
    assert failed(diagnosis) == [DeliveryCheck.RESOURCE]
    assert of_delivery(diagnosis)[-1] == (f"sealing-{fault.value}", {"detail": detail})


@pytest.mark.parametrize("body", [b"\xff", b"{", b"[" * 60_000])
def test_a_body_that_is_no_json(body: bytes) -> None:
    sealing = diagnosed(delivery(body)).sealing
    assert sealing is not None
    assert sealing.fault is SealingFault.UNREADABLE


def test_what_was_changed_reads_all_the_same() -> None:
    body = json.dumps(
        {"resource": seal(SEALING[MCHID], PLAIN, "x", "abcdefghijkl") | {"associated_data": "y"}}
    ).encode()
    sealing = diagnosed(delivery(body)).sealing
    assert sealing is not None
    assert sealing.plain == PLAIN


def test_to_whom_it_went_is_found_out() -> None:
    sealing = diagnosed(delivery(), mchid="").sealing
    assert sealing is not None
    assert (sealing.fault, sealing.plain, sealing.detail) == (None, PLAIN, MCHID)
    unknown = json.dumps({"resource": seal(b"x" * 32, PLAIN, "", "abcdefghijkl")}).encode()
    sealing = diagnosed(delivery(unknown), mchid="").sealing
    assert sealing is not None
    assert sealing.fault is SealingFault.KEY_OR_NONCE


def test_a_key_of_another_length() -> None:
    diagnosis = diagnose_delivery(delivery(), MCHID, Keys(KEYS.provider, {MCHID: b"short", OTHER: b"x"}), NOW)
    assert diagnosis.sealing is not None
    assert (diagnosis.sealing.fault, diagnosis.sealing.detail) == (SealingFault.KEY_LENGTH, "5")


def test_what_the_merchant_says_it_has_checked() -> None:
    right = delivery()
    assert said(diagnosed(right, given=right.message))[-2:] == ["given-same", "given-fits"]
    assert said(diagnosed(right, given=right.message[:-1]))[-2:] == ["given-differs", "given-fits-not"]
