"""Paid at WeChat Pay on the restricted phone itself (G2, G3, G5, G6, G11, G13, G14): blocked page → portal → the
provider's page → password → back → the page that was wanted, in a real Chromium, on a bearer and by proxy. Every page
is photographed, and nothing but the portal and the provider's bundle is reached on the way."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from nfemu.replay.kinds import Hello, Requests, kind_of
from nfemu.replay.playing import flows_in
from tests.chromium import BINARY, CERTUTIL, Chromium
from tests.journeys.bearer import NEEDS_BEARERS, OnLine
from tests.journeys.carrier import OTHER, CarrierProcess

pytestmark = [
    pytest.mark.lab,
    pytest.mark.once,
    NEEDS_BEARERS,
    pytest.mark.skipif(BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools"),
]

ON_BEARER, BY_PROXY = "13800138002", OTHER
WANTED = "http://news.example/today?page=2"
PORTAL, PROVIDER = "portal.carrier.example", "wx.tenpay.com"
WORDS = {
    ON_BEARER: ("zh-CN", "您的号码已欠费", "待支付", "支付密码错误", "余额不足", "支付成功", "服务已恢复"),
    BY_PROXY: ("en-GB", "in arrears", "To be paid", "Wrong password", "too little", "successful", "Service restored"),
}


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    process = CarrierProcess(
        StateFolder(tmp_path_factory.mktemp("carrier") / "state"),
        environment={"NFEMU_SET": "carrier.portal.payments=wechat"},
    )
    process.up()
    yield process
    process.down()


@asynccontextmanager
async def browsing(carrier: CarrierProcess, number: str, folder: Path) -> AsyncIterator[Chromium]:
    """On the line, or at its own listener."""
    ca, language = Path(carrier.running.ca), WORDS[number][0]
    with OnLine(carrier, number) as line:
        if number == ON_BEARER:
            state = ("--state", str(carrier.state.path))
            launcher = (sys.executable, "-m", "nfemu.cli.main", *state, "exec", number, "--")
            browser = Chromium(folder, ca, None, language, launcher, lambda place: line.connect(*place))
        else:
            listener = carrier.running.subscriber_proxies[f"86{number}"]
            browser = Chromium(folder, ca, f"http://{listener}", language)
        try:
            await browser.start()
            yield browser
        finally:
            await browser.stop()


@contextmanager
def captured(carrier: CarrierProcess, number: str, file: Path) -> Iterator[None]:
    command = carrier.command("--state", str(carrier.state.path), "capture", number, "-w", str(file))
    with subprocess.Popen(command, stderr=subprocess.PIPE) as capture:
        assert capture.stderr is not None
        capture.stderr.readline()  # it has begun
        try:
            yield
        finally:
            capture.send_signal(signal.SIGINT)
            capture.communicate()


def names_in(file: Path) -> set[str]:
    """What the phone has asked for by HTTP and TLS, but for what Chromium asks for whatever it shows."""
    with file.open("rb") as opened:
        kinds = [kind_of(flow) for flow in flows_in(opened).flows]
    names = {kind.host or "" for kind in kinds if isinstance(kind, Hello | Requests)}
    return {name for name in names if not name.endswith((".google.com", ".googleapis.com"))}


@pytest.mark.parametrize("number", list(WORDS))
async def test_paid_at_wechat_on_the_restricted_phone(carrier: CarrierProcess, number: str, tmp_path: Path) -> None:
    _, arrears, to_pay, wrong, too_little, paid, restored = WORDS[number]
    file, seen = tmp_path / "journey.pcap", 0
    with carrier.client() as client:
        await asyncio.to_thread(client.charge, number, "600.00")

    async with browsing(carrier, number, tmp_path) as browser:

        async def shows(text: str, page: str, host: str) -> None:
            nonlocal seen
            seen += 1
            (tmp_path / f"{number}-{seen}.png").write_bytes(await browser.screenshot())
            assert text in page, page
            assert f"://{host}/" in await browser.url()

        with captured(carrier, number, file):
            await shows(arrears, await browser.open(WANTED), PORTAL)
            await browser.click("main form button")
            await shows(to_pay, await browser.click("main form button"), PROVIDER)
            await browser.click("main form button")
            await browser.type("#password", "000000")
            await shows(wrong, await browser.click("main form button"), PROVIDER)
            await browser.evaluate("document.querySelector('[value=empty-card]').click()")
            await browser.type("#password", "123456")
            await shows(too_little, await browser.click("main form button"), PROVIDER)
            await browser.type("#password", "123456")
            await shows(paid, await browser.click("main form button"), PROVIDER)
            await shows(restored, await browser.click("a.button"), PORTAL)
        await shows("Example News", await browser.click("a.button"), "news.example")
        assert await browser.url() == WANTED

    with carrier.client() as client:
        messages = [(each.sender, each.channel, each.kind) for each in client.inbox(number)]
        reached = {each.group for each in client.usage(number).used if each.policy == "arrears"}
    assert messages.count(("WeChat Pay", "wechat", "payment confirmed")) == 1
    assert reached == {"portal", "wechat-pay"}  # as the gateway has metered it, Chromium's own attempts included
    if number == ON_BEARER:
        assert names_in(file) == {"news.example", PORTAL, PROVIDER}
