"""The gateway's own pages: in both languages, locked down as the portal's, what strangers sent escaped."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from nfemu.gateway.engine import responses
from nfemu.wire.protection import PROTECTION
from tests.gateway.engine.conftest import header, status

LANDING = "http://portal.carrier.example/green"
EVIL = b'http://news.example/"><script>alert(1)</script>\r\nSet-Cookie: a=b'
PAGES = {
    302: responses.redirect(LANDING, "news.example", EVIL),
    403: responses.refusal(403, "<script>alert(1)</script>"),
    407: responses.NO_NUMBER,
    429: responses.cap_reached(1 << 20, None, LANDING),
    502: responses.failure(502, "<script>alert(1)</script>"),
    503: responses.UNAVAILABLE,
    511: responses.sign_in_needed(LANDING + "?a=<script>"),
}


@pytest.mark.parametrize(("code", "page"), PAGES.items())
def test_every_page_is_locked_down_and_speaks_both_languages(code: int, page: bytes) -> None:
    assert status(page) == code
    for name, value in PROTECTION.items():
        assert (header(page, name.lower()) or "").startswith(value)
    _, _, body = page.partition(b"\r\n\r\n")
    assert header(page, "content-length") == str(len(body))
    assert header(page, "set-cookie") is None
    text = body.decode()
    assert "<script" not in text
    assert re.search("[\u4e00-\u9fff]", text)
    assert re.search("<p lang=en>[A-Z]", text)
    (style,) = re.findall("<style>(.*?)</style>", text)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in (header(page, "content-security-policy") or "")
