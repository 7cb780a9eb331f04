"""The journey in a real Chromium on the subscriber's own listener (G2, G3, G10–G14): any site → landing page → order
→ payment with verification → restored → the site. Every page is photographed, in both languages."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chromium import BINARY, CERTUTIL, Chromium
from tests.journeys.inside import Inside, inside

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools (make test-lab)"
    ),
]

NEWS = "http://news.example/"
PORTAL = "portal.carrier.example"

WORDS = {
    "13800138000": {
        "language": "zh-CN",
        "hello": "您好，138****8000",
        "arrears": "您的号码已欠费",
        "order": "确认订单",
        "wrong": "请输入",
        "missing": "还差 ¥19.00",
        "restored": "服务已恢复",
        "open": "上网服务正常",
        "over": "请重新进入",
    },
    "13800138001": {
        "language": "en-GB",
        "hello": "Hello 138****8001",
        "arrears": "in arrears",
        "order": "Confirm your order",
        "wrong": "Please enter",
        "missing": "¥19.00 still missing",
        "restored": "Service restored",
        "open": "Your mobile data is on",
        "over": "Please enter again",
    },
}
FINE = ("favicon", "40", "42", "Autofocus processing was blocked")
"""What a console may say: answers that the journey provokes; and the test was in the PIN field before the page."""
FEES = {"13800138000": "59.00", "13800138001": "129.00"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path) as carrier:
        yield carrier


async def browser_of(carrier: Inside, number: str, folder: Path) -> Chromium:
    """A browser with a home of its own."""
    home = folder / f"home-{number}"
    home.mkdir()
    proxy = f"http://127.0.0.1:{carrier.own_port(number)}"
    return Chromium(home, Path(carrier.running.ca), proxy, WORDS[number]["language"])


class Album:
    """Numbered photographs of one journey."""

    def __init__(self, browser: Chromium, folder: Path, number: str) -> None:
        self._browser = browser
        self._folder = folder
        self._number = number
        self.count = 0

    async def add(self, name: str) -> None:
        self.count += 1
        picture = await self._browser.screenshot()
        await asyncio.to_thread((self._folder / f"{self._number}-{self.count}-{name}.png").write_bytes, picture)


@pytest.mark.parametrize("number", list(WORDS))
async def test_from_any_site_and_back(here: Inside, number: str, tmp_path: Path) -> None:
    words = WORDS[number]
    browser = await browser_of(here, number, tmp_path)
    await browser.start()
    try:
        album = Album(browser, tmp_path, number)
        assert "The emulated Internet" in await browser.open(NEWS)
        await here.charge(number, FEES[number])
        landing = await browser.open(NEWS)
        assert (await browser.url()).startswith(f"http://{PORTAL}/green?url=")
        assert words["hello"] in landing
        assert words["arrears"] in landing
        await album.add("landing")
        assert words["order"] in await browser.click("main form button")
        assert await browser.url() == f"https://{PORTAL}/order"
        await album.add("order")
        await browser.evaluate("document.querySelector('#amount').value = '0'")
        assert words["wrong"] in await browser.click("main form button")
        await album.add("order-wrong")
        await browser.evaluate("document.querySelector('#amount').value = '10.00'")
        assert "¥10.00" in await browser.click("main form button")
        assert (await browser.url()).startswith("https://pay.provider.example/pay/")
        await album.add("pay")
        await browser.click("a.button")
        await album.add("verify")
        await browser.type("#pin", "123456")
        assert words["missing"] in await browser.click("form button")
        await album.add("missing")
        assert words["order"] in await browser.click("a.button")
        assert "¥19.00" in await browser.click("main form button")
        await browser.click("a.button")
        await browser.type("#pin", "000000")
        await browser.click("form button")
        await album.add("verify-wrong")
        await browser.type("#pin", "123456")
        assert words["restored"] in await browser.click("form button")
        assert (await browser.url()).startswith(f"https://{PORTAL}/result?")
        await album.add("restored")
        news = await browser.click("a.button")
        assert "The emulated Internet" in news
        assert number not in news
        assert await browser.url() == NEWS
        assert await browser.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 200
        await album.add("site")
        assert words["open"] in await browser.open(f"http://{PORTAL}/")
        await album.add("open")
        assert words["over"] in await browser.open(f"https://{PORTAL}/enter?ticket=spent")
        await album.add("over")
        assert [text for text in browser.console if not any(fine in text for fine in FINE)] == []
        assert album.count == 11
    finally:
        await browser.stop()
