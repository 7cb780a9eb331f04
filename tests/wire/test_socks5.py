"""SOCKS5: every message incomplete at every octet, complete, and wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.wire import socks5
from nfemu.wire.errors import WireError
from nfemu.wire.http_head import Authority
from nfemu.wire.socks5 import Greeting, Method, Reply, SocksError, UserName

NAME_REQUEST = b"\x05\x01\x00\x03\x0cnews.example\x01\xbb"


def test_greeting() -> None:
    raw = b"\x05\x02\x00\x02"
    assert socks5.parse_greeting(raw + b"more") == (Greeting(frozenset((0, 2))), 4)
    assert all(socks5.parse_greeting(raw[:length]) is None for length in range(4))


@pytest.mark.parametrize("raw", [b"\x04\x01\x00\x50", b"GET / HTTP/1.1", b"\x16\x03"])
def test_another_protocol(raw: bytes) -> None:
    with pytest.raises(WireError, match="SOCKS version 5"):
        socks5.parse_greeting(raw)


def test_user_name() -> None:
    raw = b"\x01\x0b13800138000\x01x"
    assert socks5.parse_user_name(raw + b"more") == (UserName("13800138000"), len(raw))
    assert all(socks5.parse_user_name(raw[:length]) is None for length in range(len(raw)))
    assert socks5.parse_user_name(b"\x01\x01\xff\x00") == (UserName("\ufffd"), 4)


def test_another_sub_negotiation() -> None:
    with pytest.raises(WireError, match="version 1"):
        socks5.parse_user_name(b"\x05\x01")


@pytest.mark.parametrize(
    ("raw", "authority"),
    [
        (NAME_REQUEST, Authority("news.example", 443)),
        (b"\x05\x01\x00\x01\xc6\x12\x00\x01\x00\x50", Authority("198.18.0.1", 80)),
        (b"\x05\x01\x00\x04" + bytes(15) + b"\x01\x00\x50", Authority("[::1]", 80)),
    ],
)
def test_request(raw: bytes, authority: Authority) -> None:
    assert socks5.parse_request(raw + b"more") == (authority, len(raw))
    assert all(socks5.parse_request(raw[:length]) is None for length in range(len(raw)))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\x04" + NAME_REQUEST[1:], Reply.FAILURE),
        (b"\x05\x01\x01" + NAME_REQUEST[3:], Reply.FAILURE),
        (b"\x05\x02\x00" + NAME_REQUEST[3:], Reply.COMMAND_UNKNOWN),
        (b"\x05\x03\x00" + NAME_REQUEST[3:], Reply.COMMAND_UNKNOWN),
        (b"\x05\x01\x00\x02" + NAME_REQUEST[4:], Reply.ADDRESS_UNKNOWN),
        (b"\x05\x01\x00\x03\x01\xff\x00\x50", Reply.FAILURE),
        (NAME_REQUEST[:-2] + b"\x00\x00", Reply.FAILURE),
    ],
)
def test_refused_request(raw: bytes, code: Reply) -> None:
    with pytest.raises(SocksError) as caught:
        socks5.parse_request(raw)
    assert caught.value.reply is code


def test_answers() -> None:
    assert socks5.method_answer(Method.USER_NAME) == b"\x05\x02"
    assert socks5.user_name_answer(accepted=True) == b"\x01\x00"
    assert socks5.user_name_answer(accepted=False) == b"\x01\x01"
    assert socks5.reply(Reply.NOT_ALLOWED) == b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"


@given(st.binary(max_size=300))
def test_nothing_but_wire_errors(raw: bytes) -> None:
    for parse in (socks5.parse_greeting, socks5.parse_user_name, socks5.parse_request):
        try:
            parsed = parse(raw)
        except WireError:
            continue
        assert parsed is None or 0 < parsed[1] <= len(raw)
