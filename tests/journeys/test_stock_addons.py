"""A stock mitmdump with our addons beside a running carrier: the subscriber's whole journey through it, verdicts equal
to the workers', and nobody served once the carrier is gone."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.carrier import NUMBER, CarrierProcess
from tests.journeys.phone import Phone
from tests.journeys.wire import credentials

ROOT = Path(__file__).parents[2]
NEWS = "http://news.example/"
PORTAL = "http://portal.carrier.example/"
FORGED = "8613912345678"


@contextmanager
def mitmdump(carrier: CarrierProcess, folder: Path) -> Iterator[str]:
    """As docs/stock-addons.md starts it, on a free port; the address to give as proxy."""
    command = [str(Path(sys.executable).with_name("mitmdump")), "--set", f"confdir={folder}"]
    command += ["--listen-host", "127.0.0.1", "--listen-port", "0", "--set", f"nfemu_state={carrier.state.path}"]
    command += ["-s", "addons/arrears_redirect.py", "-s", "addons/header_enrichment.py"]
    # What it says at its start would stay in its buffer, since nobody looks at a terminal.
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = iter(process.stdout.readline, "")
            listening = next(line for line in said if "listening at" in line)
            yield re.findall(r"listening at .*?(127\.0\.0\.1:\d+)", listening)[0]
        finally:
            process.kill()


def until_served(phone: Phone) -> None:
    """The addons have found the control process."""
    statuses = (phone.ask(PORTAL).status for _ in range(500))
    assert any(status == 200 for status in statuses)


@pytest.fixture
def stock(carrier: CarrierProcess, tmp_path: Path) -> Iterator[Phone]:
    with mitmdump(carrier, tmp_path) as address:
        phone = Phone.by_proxy(f"http://{NUMBER}:x@{address}", carrier.running.ca, tmp_path)
        until_served(phone)
        yield phone


def test_the_whole_journey(carrier: CarrierProcess, stock: Phone, tmp_path: Path) -> None:
    site = stock.open(NEWS, "-H", f"X-MSISDN: {FORGED}", "-H", f"X_Up_Subno: {FORGED}")
    assert (site.status, FORGED in site.text, NUMBER in site.text) == (200, False, False)
    portal = stock.open(PORTAL, "-H", f"X-MSISDN: {FORGED}")
    assert (portal.status, "138****8000" in portal.text) == (200, True)
    assert carrier.nfemu("charge", NUMBER, "59.00").status == 0
    refused = stock.ask(NEWS)
    assert refused.status == 302
    assert "Location: http://portal.carrier.example/green?url=http%3A%2F%2Fnews.example%2F" in refused.head
    landing = stock.open(NEWS)
    assert (landing.status, "您的号码已欠费" in landing.text) == (200, True)
    result = stock.pay()
    assert result.url.startswith("https://portal.carrier.example/result?")
    assert "服务已恢复" in result.text
    assert stock.click("news.example").status == 200
    assert stock.ask("https://news.example/").status == 200


def test_verdicts_are_the_workers(carrier: CarrierProcess, stock: Phone, tmp_path: Path) -> None:
    """Right after `charge` and right after `pay` have returned, without a request in between."""
    upload = tmp_path / "upload"
    upload.write_bytes(bytes(2**20))
    asked: list[tuple[str, ...]] = [
        (NEWS,),
        (NEWS, "-I"),
        (NEWS, "--data-binary", f"@{upload}"),
        ("https://news.example/",),
        ("https://portal.carrier.example/captive-api",),
        ("https://pay.provider.example/static/style.css",),
        ("http://evilportal.carrier.example/",),
        ("http://portal.carrier.example:8080/",),
        ("http://198.18.0.77/",),
        ("http://127.0.0.1/",),
        ("https://198.18.0.77/",),
        (PORTAL, "-H", "Host: news.example"),
    ]
    worker = Phone.on_line(carrier, NUMBER, tmp_path)

    def statuses(phone: Phone) -> list[str]:
        return [_status(phone, *each) for each in asked]

    carrier.nfemu("charge", NUMBER, "59.00")
    restricted = statuses(stock)
    assert restricted == statuses(worker)
    assert restricted == ["302", "302", "511", "403", "200", "200", "302", "302", "302", "403", "403", "400"]
    with carrier.client() as client:
        due = client.subscriber(NUMBER).account.amount_due.amount
    carrier.nfemu("pay", NUMBER, due)
    paid = statuses(stock)
    assert paid == statuses(worker)
    assert paid[:7] == ["200"] * 7


def _status(phone: Phone, url: str, *options: str) -> str:
    """Of the answer, or of the refused CONNECT."""
    page = phone.ask(url, *options)
    heads = re.findall(r"HTTP/[0-9.]+ ([0-9]{3})", page.head)
    return str(page.status or (heads[-1] if heads else 0))


def test_nobody_is_served_without_the_carrier(stopped: CarrierProcess, tmp_path: Path) -> None:
    """kill -9 of the control process: open tunnels end, everything is refused; after a new start all is as it was."""
    stopped.up()
    stopped.nfemu("charge", NUMBER, "59.00")
    with mitmdump(stopped, tmp_path) as address:
        phone = Phone.by_proxy(f"http://{NUMBER}:x@{address}", stopped.running.ca, tmp_path)
        until_served(phone)
        other = Phone.by_proxy(f"http://13800138001:x@{address}", stopped.running.ca, tmp_path)
        assert (phone.ask(NEWS).status, other.ask(NEWS).status) == (302, 200)
        with _tunnel(address, "13800138001", stopped.running.ca) as tunnel:
            os.kill(stopped.running.pid, signal.SIGKILL)
            assert _end_of(tunnel) in ("cut", "closed")
        for url in (NEWS, PORTAL, "https://pay.provider.example/"):
            assert {_status(each, url) for each in (phone, other)} == {"503"}
        stopped.up()
        until_served(phone)
        assert (phone.ask(NEWS).status, other.ask(NEWS).status) == (302, 200)


@contextmanager
def _tunnel(address: str, number: str, ca: str) -> Iterator[ssl.SSLSocket]:
    """TLS to a site that only an open line reaches, established and used."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as plain:
        request = b"CONNECT news.example:443 HTTP/1.1\r\nHost: news.example:443\r\n" + credentials(number) + b"\r\n"
        plain.sendall(request)
        assert b" 200 " in plain.recv(1000)
        with ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname="news.example") as tunnel:
            tunnel.sendall(b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n")
            assert b" 200 " in tunnel.recv(65536)
            yield tunnel


def _end_of(tunnel: ssl.SSLSocket) -> str:
    """How it ends: never by a time-out."""
    try:
        while tunnel.recv(65536):
            pass
    except (ssl.SSLEOFError, ConnectionResetError):
        return "cut"
    return "closed"
