"""After the payment a warm phone works at once: remembered sinkholes, kept connections, a browser that was open."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest

from tests.chromium import BINARY, CERTUTIL, Chromium
from tests.journeys.bearer import NEEDS_BEARERS, OF_NEWS, OnLine, answer, request, status, unverified
from tests.journeys.carrier import CarrierProcess

pytestmark = [pytest.mark.lab, NEEDS_BEARERS]

NEWS, PORTAL = "news.example", "portal.carrier.example"
FEES = "600.00"
SECURE = unverified()


@contextmanager
def restricted(carrier: CarrierProcess, number: str) -> Iterator[OnLine]:
    with carrier.client() as client:
        client.charge(number, FEES)
    with OnLine(carrier, number) as line:
        yield line


def pay(carrier: CarrierProcess, number: str) -> None:
    with carrier.client() as client:
        due = client.subscriber(number).account.amount_due.amount
        assert client.pay(number, due).subscriber.ordered == "open"


@pytest.mark.parametrize(("number", "kind"), [("13800138000", "A"), ("13800138001", "AAAA")])
def test_remembered_sinkholes_lead_to_the_site(carrier: CarrierProcess, number: str, kind: str) -> None:
    with restricted(carrier, number) as line:
        sinkhole = line.address(NEWS, kind)
        assert status(line.http(sinkhole, NEWS)) == 302
        assert line.https(sinkhole, NEWS) == b""
        pay(carrier, number)
        assert OF_NEWS in line.http(sinkhole, NEWS)
        assert OF_NEWS in line.https(sinkhole, NEWS)
        assert line.address(NEWS, kind) != sinkhole
        with line.connect(sinkhole, 80) as kept:
            for _ in range(3):
                assert OF_NEWS in said(kept, NEWS)


def test_kept_connections_outlive_the_payment(carrier: CarrierProcess) -> None:
    """To the portal: over HTTP, which turns from judged to open, and over TLS, which was spliced."""
    number = "13800138010"
    with restricted(carrier, number) as line:
        portal = line.address(PORTAL)
        with (
            line.connect(portal, 80) as plain,
            SECURE.wrap_socket(line.connect(portal, 443), server_hostname=PORTAL) as tls,
        ):
            for sock in (plain, tls):
                assert status(said(sock, PORTAL)) in {200, 403}
            pay(carrier, number)
            for sock in (plain, tls):
                assert status(said(sock, PORTAL)) in {200, 403}
            assert OF_NEWS in line.http(line.address(NEWS), NEWS)


def said(sock: socket, host: str) -> bytes:
    sock.sendall(request(host, connection="keep-alive"))
    return answer(sock)


@pytest.mark.skipif(BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools")
async def test_a_warm_browser(carrier: CarrierProcess, tmp_path: Path) -> None:
    """It has met the green channel under the site's name, pays in it, and opens the site: the same browser."""
    number = "13800138002"
    with carrier.client() as client:
        await asyncio.to_thread(client.charge, number, FEES)
    with OnLine(carrier, number) as line:
        ca, launcher = Path(carrier.running.ca), on_line(carrier, number)
        browser = Chromium(tmp_path, ca, None, launcher=launcher, dial=lambda place: line.connect(*place))
        try:
            await browser.start()
            await browser.open(f"http://{NEWS}/")
            assert (await browser.url()).startswith(f"http://{PORTAL}/green")
            assert "ERR_" in await browser.open(f"https://{NEWS}/")
            await browser.open(f"http://{NEWS}/")
            await browser.click("main form button")
            await browser.click("main form button")
            await browser.click("main a")
            await browser.type("input[name=pin]", "123456")
            assert "服务已恢复" in await browser.click("main form button")
            for scheme in ("http", "https"):
                assert "Example News" in await browser.open(f"{scheme}://{NEWS}/")
                assert await browser.url() == f"{scheme}://{NEWS}/"
        finally:
            await browser.stop()


@pytest.mark.skipif(BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools")
def test_whoever_starts_a_program_there_it_trusts_the_emulated_internet(carrier: CarrierProcess) -> None:
    """A browser that a shell has started, and what reads the system's own roots, whatever its environment says."""
    script = f"""
        timeout 60 chromium --headless --no-sandbox --disable-gpu --dump-dom https://{NEWS}/
        env -i curl -s https://{NEWS}/
    """
    argv = (*on_line(carrier, "13800138003"), "sh", "-c", script)
    shown = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100)
    assert shown.stdout.count("The emulated Internet. This site received") == 1, shown
    assert shown.stdout.count("this is the emulated Internet. The site received") == 1, shown


def on_line(carrier: CarrierProcess, number: str) -> tuple[str, ...]:
    """What makes a program one of the line's."""
    state = ("--state", str(carrier.state.path))
    return (sys.executable, "-m", "nfemu.cli.main", *state, "exec", number, "--")
