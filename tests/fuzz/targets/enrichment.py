"""Removal of clients' copies. An input is field lines as they stand in a request.

* No header is left that CGI, PHP or a server that trims names would take for one of ours; nor is any asked to be
  dropped by `Connection`.
* No cookie is left that Starlette, `http.cookies` (as aiohttp and old Django use it) or PHP takes for a listed one.
* Nothing else is touched, and what is clean stays as it is.
"""

import contextlib
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import unquote_to_bytes

from starlette.requests import cookie_parser

from tests.enrichment.making import ALIASES, COOKIES, shipped
from tests.fuzz.campaign import Target
from tests.fuzz.peers import cgi_variable

_ENRICHER = shipped()


def _php_variable(name: bytes) -> bytes:
    """The variable that PHP makes of a cookie's name; hyphens and case as wide as headers'."""
    return re.sub(rb"[-. ]", b"_", name.strip(b" \t\r\n\x00\x0b\x0c")).upper()


_OURS = {cgi_variable(name.encode()) for name in ("X-MSISDN", *ALIASES)}
_COOKIES = {_php_variable(name.encode()) for name in COOKIES}


def check(data: bytes) -> str:
    fields = []
    for row in data.split(b"\r\n"):
        name, _, value = row.partition(b":")
        fields.append((name, value.strip(b" \t")))
    left = _ENRICHER.strip(fields)
    assert _ENRICHER.strip(left) == left, "stripped twice it is another"
    for name, value in left:
        spelling = cgi_variable(name)
        assert spelling not in _OURS, f"left: {name!r}"
        assert not re.match(rb"PROXY_+[A-Z0-9]", spelling), f"left: {name!r}"
        if spelling == b"CONNECTION":
            assert not {cgi_variable(each) for each in value.split(b",")} & _OURS, f"left: {name!r}: {value!r}"
        if spelling == b"COOKIE":
            names = {_php_variable(each) for each in _cookie_names(value)}
            assert not names & _COOKIES, f"left: {name!r}: {value!r}"
    return f"accepted, {_untouched(fields, left)}"


def _untouched(fields: list[tuple[bytes, bytes]], left: list[tuple[bytes, bytes]]) -> str:
    """What is left is in order and, but for lists and cookies, as it was."""
    rest = iter(fields)
    for name, value in left:
        assert any(each == (name, value) or (each[0] == name and len(value) < len(each[1])) for each in rest)
    return "nothing removed" if left == fields else "something removed"


def _cookie_names(value: bytes) -> list[bytes]:
    text = value.decode("latin-1")
    names = [*cookie_parser(text)]
    jar: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        jar.load(text)
    names += jar
    return [each.encode("latin-1", "replace") for each in names] + _php(value)


def _php(value: bytes) -> list[bytes]:
    """PHP's `$_COOKIE`: parts at `;`, names decoded, cut at `[` and NUL."""
    names = [unquote_to_bytes(part.partition(b"=")[0].lstrip(b" \t\r\n\x0b\x0c")) for part in value.split(b";")]
    return [re.split(rb"[\[\x00]", name)[0] for name in names]


TARGET = Target(
    "enrichment",
    (
        *(
            b"\r\n",
            b":",
            b": ",
            b";",
            b"; ",
            b",",
            b"=",
            b" ",
            b"\t",
            b"\x00",
            b"_",
            b"-",
            b".",
            b"[",
            b"]",
            b"[]",
            b'"',
            b"%",
            b"%2D",
            b"%2d",
            b"\\",
            b"\x0b",
        ),
        *(
            b"X-MSISDN",
            b"x_msisdn",
            b"MSISDN",
            b"X-Up-Calling-Line-ID",
            b"X-WAP-3GPP-SGSN-ADDRESS",
            b"Forwarded",
            b"X-Forwarded-For",
            b"x-acr",
        ),
        *(
            b"Cookie: ",
            b"\r\nCookie: ",
            b"Connection: ",
            b"\r\nConnection: close, ",
            b"Trailer: ",
            b"Proxy-Authorization: Basic eA==",
            b"proxy_x",
        ),
        *(
            b"User-Identity-Forward-msisdn",
            b"User_Identity_Forward_msisdn=1",
            b"user%2Didentity-forward-msisdn=2",
            b"\r\nCookie: a=1; User-Identity-Forward-msisdn=3",
        ),
        *(b"$Version=1", b'a="x', b"a=1", b"\xc2\xa0", b"\xe2\x80\x90", b"\xff"),
    ),
    check,
    200_000,
)
