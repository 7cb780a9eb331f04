"""What a request must be: each check by itself, in the order in which they are made."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.wechat.admission import Check, SignedRequest, checks
from nfemu.wechat.authorization import Authorization
from nfemu.wechat.signing import sign
from tests.wechat.debugging.asking import BODY, merchants, message, request
from tests.wechat.making import NOW, key

RIGHT = request(sign(key(), message()))


def made(asked: SignedRequest, age: timedelta = timedelta(), *, replayed: bool = False) -> list[Check]:
    signed = Authorization.parse(asked.headers["authorization"])
    merchant = next((each for each in merchants() if each.mchid == signed.mchid), None)
    return list(checks(asked, signed, merchant, NOW + age, lambda _: replayed))


def changed(**headers: str) -> SignedRequest:
    return replace(RIGHT, headers={**RIGHT.headers, **{name.replace("_", "-"): each for name, each in headers.items()}})


def failed(found: list[Check]) -> list[tuple[str, str]]:
    return [(check.name.value, check.refusal.code) for check in found if check.refusal is not None]


def test_a_right_one_passes() -> None:
    names = [check.name.value for check in made(RIGHT)]
    assert names == ["authorization", "merchant", "serial", "timestamp", "base64", "signature", "nonce", "head"]
    assert failed(made(RIGHT)) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (made(request("", mchid="1900000999")), [("merchant", "MCH_NOT_EXISTS")]),
        (made(request(sign(key(), message()).rstrip("="))), [("base64", "SIGN_ERROR"), ("signature", "SIGN_ERROR")]),
        (made(replace(RIGHT, body=BODY + b" ")), [("signature", "SIGN_ERROR")]),
        (made(RIGHT, timedelta(seconds=301)), [("timestamp", "SIGN_ERROR")]),
        (made(RIGHT, replayed=True), [("nonce", "SIGN_ERROR")]),
        (made(changed(user_agent="")), [("head", "PARAM_ERROR")]),
        (made(changed(accept="text/html")), [("head", "PARAM_ERROR")]),
        (made(changed(content_type="text/plain")), [("head", "PARAM_ERROR")]),
    ],
)
def test_what_fails(found: list[Check], expected: list[tuple[str, str]]) -> None:
    assert failed(found) == expected


def test_another_certificate() -> None:
    header = RIGHT.headers["authorization"].replace('serial_no="S"', 'serial_no="T"')
    assert failed(made(changed(authorization=header))) == [("serial", "SIGN_ERROR")]


def test_a_short_message_is_shown_whole() -> None:
    asked = replace(request(sign(key(), b"")), body=b"{}")
    (check,) = [each for each in made(asked) if each.refusal is not None]
    assert check.refusal is not None
    assert check.refusal.detail is not None
    shown = check.refusal.detail["sign_information"]
    assert isinstance(shown, dict)
    assert shown["truncated_sign_message"].endswith("\n{}\n")
