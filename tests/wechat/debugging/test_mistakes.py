"""The usual mistakes: whoever signs one of these strings is told which, and shown it."""

import json

import pytest

from nfemu.wechat.debugging.mistakes import Mistake, Parts, body_guesses, guesses
from nfemu.wechat.signing import sign
from tests.wechat.debugging.asking import BODY, NONCE, TARGET, TIMESTAMP, diagnosed, message, of
from tests.wechat.making import key

_DOCUMENT = json.loads(BODY)
_AS_GO = BODY.replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
_METHOD, _URL, _AT, _NONCE = b"POST", TARGET.encode(), TIMESTAMP.encode(), NONCE.encode()


@pytest.mark.parametrize(
    ("signed", "mistake"),
    [
        (message(b"GET"), Mistake.METHOD),
        (message(b"post"), Mistake.LOWER_METHOD),
        (message(_METHOD, b"https://api.mch.weixin.qq.com" + _URL), Mistake.WITH_HOST),
        (message(_METHOD, b"api.mch.weixin.qq.com" + _URL), Mistake.WITH_HOST),
        (message(_METHOD, b"/v3/pay/transactions/h5"), Mistake.NO_QUERY),
        (message(_METHOD, b"/v3/pay/transactions/h5?b= x&a=1"), Mistake.UNESCAPED),
        (message(_METHOD, b"/v3/pay/transactions/h5?b=%2520x&a=1"), Mistake.ESCAPED),
        (message(_METHOD, _URL[1:]), Mistake.NO_SLASH),
        (message(_METHOD, _URL + b"/"), Mistake.END_SLASH),
        (message(_METHOD, b"/v3/pay/transactions/h5?a=1&b=%20x"), Mistake.SORTED_QUERY),
        (message(_METHOD, _URL, _AT + b"417"), Mistake.MILLISECONDS),
        (message(_METHOD, _URL, str(int(TIMESTAMP) + 2).encode()), Mistake.CLOCK_TWICE),
        (message(_METHOD, _URL, _AT, _NONCE.lower()), Mistake.NONCE_CASE),
        (message(_METHOD, _URL, _AT, _NONCE, b""), Mistake.NO_BODY),
        (message(_METHOD, _URL, _AT, _NONCE, BODY + b"\r\n"), Mistake.BODY_ENDS),
        (message(_METHOD, _URL, _AT, _NONCE, b"\xef\xbb\xbf" + BODY), Mistake.BODY_CODING),
        (message(_METHOD, _URL, _AT, _NONCE, BODY.decode().encode("gbk")), Mistake.BODY_CODING),
        (
            message(_METHOD, _URL, _AT, _NONCE, json.dumps(_DOCUMENT, separators=(",", ":")).encode()),
            Mistake.BODY_JSON,
        ),
        (message(_METHOD, _URL, _AT, _NONCE, BODY.replace(b"/", b"\\/")), Mistake.BODY_JSON),
        (message(_METHOD, _URL, _AT, _NONCE, _AS_GO), Mistake.BODY_JSON),
        (message()[:-1], Mistake.NO_LAST_LINE_FEED),
        (message() + b"\n", Mistake.EXTRA_LINE_FEED),
        (message(end=b""), Mistake.NO_LINE_FEEDS),
        (message(end=b"\r\n"), Mistake.CRLF),
        (message(end=b"\\n"), Mistake.BACKSLASH_N),
        (message(_METHOD, _URL, _NONCE, _AT), Mistake.NONCE_FIRST),
        (message().split(b"\n", 2)[2], Mistake.OF_ANSWERS),
    ],
)  # fmt: skip
def test_what_was_signed_is_found(signed: bytes, mistake: Mistake) -> None:
    found = of(signed).signed
    assert (found.mistakes, found.message, found.signer) == ((mistake,), signed, "1900000109")


def test_two_at_once_are_found() -> None:
    signed = message(_METHOD, b"/v3/pay/transactions/h5", _AT, _NONCE, BODY.replace(b": ", b":"))[:-1]
    assert of(signed).signed.message is None, "three are not"
    for two, mistakes in (
        (message(_METHOD, b"/v3/pay/transactions/h5")[:-1], (Mistake.NO_QUERY, Mistake.NO_LAST_LINE_FEED)),
        (message(b"post", _URL[1:]), (Mistake.LOWER_METHOD, Mistake.NO_SLASH)),
    ):
        found = of(two).signed
        assert (found.mistakes, found.message) == (mistakes, two)


def test_of_a_long_body_one_mistake_is_tried() -> None:
    body = b'{"a":"' + b"x" * 9000 + b'"}'
    one = message(_METHOD, _URL, _AT, _NONCE, body)[:-1]
    assert diagnosed(sign(key(), one), body).signed.mistakes == (Mistake.NO_LAST_LINE_FEED,)
    assert diagnosed(sign(key(), one.lower()), body).signed.message is None


def test_a_body_where_none_was_sent() -> None:
    signed = message(_METHOD, _URL, _AT, _NONCE, b"{}")
    assert diagnosed(sign(key(), signed), b"").signed.mistakes == (Mistake.SOME_BODY,)


def test_a_timestamp_that_is_none_is_signed_as_it_is() -> None:
    signed = message(_METHOD, _URL, b"now", _NONCE, BODY)
    assert diagnosed(sign(key(), signed), timestamp="now").signed.mistakes == ()
    assert Mistake.CLOCK_TWICE not in {each for guess in guesses(_parts("now")) for each in guess.mistakes}


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 50_000, b'{"a":' + b"9" * 5000 + b"}", b'"\\ud800"', b"\x00"])
def test_a_hostile_body_breaks_nothing(body: bytes) -> None:
    assert all(isinstance(made, bytes) for _, made in body_guesses(body))


def test_no_string_is_tried_twice() -> None:
    messages = [guess.message for guess in guesses(_parts(TIMESTAMP))]
    assert len(messages) == len(set(messages))
    assert next(guesses(_parts(TIMESTAMP))).mistakes == ()


def _parts(timestamp: str) -> Parts:
    return Parts("POST", TARGET, timestamp, NONCE, BODY, "api.mch.weixin.qq.com")
