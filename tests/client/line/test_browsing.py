"""A phone's browser on pages of a far end: links, forms, cookies, redirects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client.line.browsing import Browser
from nfemu.model.errors import NotFound
from tests.client.line.far_end import FarEnd, far_end, phone_by_proxy

PAGE = b"""HTTP/1.1 200 OK\r
Content-Type: text/html\r
Set-Cookie: login=abc; Path=/; HttpOnly\r
\r
<a href="/order?lang=en">To the <b>order</b></a> <a>no link</a> <a href="//other.example/x">elsewhere</a>
<form action="/search"><input name="q"></form>
<form method="POST" action="/go?a=1&amp;b=2"><input type="hidden" name="csrf" value="t&amp;k">
<input name="amount" value="29.00">
<input></form>
<input name="outside">
"""


def answer(head: bytes) -> bytes:
    target = head.split(b" ")[1]
    if target.endswith(b"/enter"):
        return b"HTTP/1.1 303 See Other\r\nSet-Cookie: ticket=1\r\nLocation: http://site.example/\r\n\r\n"
    if target.endswith(b"/loop"):
        return b"HTTP/1.1 302 Found\r\nLocation: /loop\r\n\r\n"
    return PAGE


@pytest.fixture
def end() -> Iterator[FarEnd]:
    with far_end(answer) as its:
        yield its


@pytest.fixture
def browser(end: FarEnd, tmp_path: Path) -> Iterator[Browser]:
    with phone_by_proxy(tmp_path, end.port) as phone:
        yield Browser(phone, (("Accept-Language", "zh"),))


def test_redirects_are_followed_and_cookies_kept_by_host(browser: Browser, end: FarEnd) -> None:
    assert browser.open("http://site.example/enter").url == "http://site.example/"
    browser.click("order")
    browser.click("elsewhere")
    heads = [head.decode().split("\r\n") for head in end.heads]
    assert [head[0].split(" ")[1] for head in heads] == [
        "http://site.example/enter",
        "http://site.example/",
        "http://site.example/order?lang=en",
        "http://other.example/x",
    ]
    cookies = [next((line for line in head if line.startswith("Cookie: ")), None) for head in heads]
    assert cookies == [None, "Cookie: ticket=1", "Cookie: ticket=1; login=abc", None]
    assert all("Accept-Language: zh" in head for head in heads)
    assert browser.open("http://site.example/loop").status == 302


def test_forms_keep_what_is_in_them(browser: Browser, end: FarEnd) -> None:
    browser.open("http://site.example/")
    assert browser.form("amount").fields == {"csrf": "t&k", "amount": "29.00"}
    browser.submit(amount="10.00")
    assert end.heads[1].startswith(b"POST http://site.example/go?a=1&b=2 HTTP/1.1")
    assert b"Content-Type: application/x-www-form-urlencoded" in end.heads[1]
    assert b"Content-Length: 23" in end.heads[1], "csrf=t%26k&amount=10.00"


def test_what_is_not_on_the_page(browser: Browser) -> None:
    with pytest.raises(NotFound, match="no page is open"):
        browser.click("order")
    browser.open("http://site.example/")
    with pytest.raises(NotFound, match="there is no link with `pay` on "):
        browser.click("pay")
    with pytest.raises(NotFound, match="there is no form with `pin` on "):
        browser.submit(pin="1")
