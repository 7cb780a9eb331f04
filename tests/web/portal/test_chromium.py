"""The pages in a real browser: certificates trusted, policy headers obeyed, no JavaScript of ours (G3, G13, G14)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chromium import BINARY, CERTUTIL, Chromium
from tests.fakes.world import ZHANG
from tests.web.explicit_proxy import ExplicitProxy
from tests.web.stack import PORTAL, Stack

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools (make test-lab)"
    ),
]


@pytest.fixture
async def chromium(stack: Stack, tmp_path: Path) -> AsyncIterator[Chromium]:
    proxy = ExplicitProxy(stack.gateway.path, stack.ue(ZHANG), ZHANG.e164, PORTAL)
    browser = Chromium(tmp_path, tmp_path / "ca" / "ca.pem", await proxy.start())
    await browser.start()
    yield browser
    await browser.stop()
    await proxy.stop()


async def test_from_the_landing_page_to_restored(stack: Stack, chromium: Chromium) -> None:
    await stack.overdue(ZHANG)
    landing = await chromium.open(f"http://{PORTAL}/green?url=http%3A%2F%2Fnews.example%2F")
    assert "您好，138****8000" in landing
    assert "确认订单" in await chromium.click("main form button")
    assert await chromium.url() == f"https://{PORTAL}/order"
    assert "¥29.00" in await chromium.click("main form button")
    assert (await chromium.url()).startswith("https://pay.provider.example/pay/")
    await chromium.click("a.button")
    await chromium.type("#pin", "123456")
    assert "服务已恢复" in await chromium.click("form button")
    assert (await chromium.url()).startswith(f"https://{PORTAL}/result?")
    assert "news.example" in await chromium.click("a.button")
    assert await chromium.url() == "http://news.example/"
    refused = [text for text in chromium.console if "favicon" not in text and "404" not in text]
    assert refused == []


async def test_any_name_has_a_trusted_certificate(chromium: Chromium) -> None:
    assert "any.name.test" in await chromium.open("https://any.name.test/")
