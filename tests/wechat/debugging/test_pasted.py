"""What people paste: raw HTTP in any line ends, headers alone, and what `curl -v` prints."""

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.debugging.deliveries import Delivery
from nfemu.wechat.debugging.pasted import read

_CURL = b"""* Connected to api.mch.weixin.qq.com
* [HTTP/2] [1] [:method: POST]
> POST /v3/pay/transactions/h5 HTTP/2
> Host: api.mch.weixin.qq.com
> authorization: WECHATPAY2-SHA256-RSA2048 mchid="1"
> content-length: 2
>
* upload completely sent off: 2 bytes
< HTTP/2 401
< wechatpay-nonce: x
{"code":"SIGN_ERROR"}
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_raw_http(end: bytes) -> None:
    text = end.join([b"POST /v3/x?a=1 HTTP/1.1", b"Host: h", b"Accept:  */* ", b"", b'{"a":1}\n'])
    assert read(text) == SignedRequest("POST", "/v3/x?a=1", {"host": "h", "accept": "*/*"}, b'{"a":1}\n')


def test_a_url_in_the_request_line() -> None:
    assert read(b"GET https://h:8443/v3/x?a=1") == SignedRequest("GET", "/v3/x?a=1", {"host": "h:8443"}, b"")
    assert read(b"GET http://h") == SignedRequest("GET", "/", {"host": "h"}, b"")


def test_the_length_cuts_what_an_editor_adds() -> None:
    assert read(b"POST / HTTP/1.1\nContent-Length: 2\n\n{}\n").body == b"{}"
    assert read(b"POST / HTTP/1.1\nContent-Length: two\n\n{}\n").body == b"{}\n"
    with pytest.raises(InvalidInput, match="the body has 2 octets, and `Content-Length: 3`"):
        read(b"POST / HTTP/1.1\nContent-Length: 3\n\n{}")


def test_curl() -> None:
    asked = read(_CURL, b"{}")
    assert isinstance(asked, SignedRequest)
    assert (asked.method, asked.target, asked.body) == ("POST", "/v3/pay/transactions/h5", b"{}")
    assert asked.headers["authorization"] == 'WECHATPAY2-SHA256-RSA2048 mchid="1"'
    with pytest.raises(InvalidInput, match="curl -v prints none"):
        read(_CURL)


def test_what_has_a_signature_of_the_provider_is_a_delivery() -> None:
    for start in (b"POST /notify HTTP/1.1\n", b"HTTP/1.1 200 OK\n", b""):
        assert read(start + b"Wechatpay-Signature: x\n\nbody") == Delivery({"wechatpay-signature": "x"}, b"body")


@pytest.mark.parametrize("text", [b"", b"\n\n", b"\xff\xfe", b"Host: h\n\n", b"<html>", b"{}"])
def test_what_is_neither(text: bytes) -> None:
    with pytest.raises(InvalidInput, match="this is neither a request"):
        read(text)


def test_what_is_no_http_at_all() -> None:
    with pytest.raises(InvalidInput, match="has 201 lines before its body"):
        read(b"a: b\n" * 201)
