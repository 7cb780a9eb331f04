"""Metering (G7) on real traffic over two workers: what is counted is what was sent; the cap, its page and its end."""

import base64
import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.journeys.carrier import NUMBER, CarrierProcess, until
from tests.journeys.configuring import edit, own_config
from tests.journeys.phone import Phone

HELP = "http://help.carrier.example/"
CAP = 64 * 1024


def send(carrier: CarrierProcess, octets: int) -> tuple[int, int, int]:
    """POST a body to the help pages on a connection of its own: status, octets sent, octets received."""
    host, _, port = carrier.running.http_proxy.rpartition(":")
    credentials = base64.b64encode(f"{NUMBER}:x".encode()).decode()
    head = (
        f"POST {HELP} HTTP/1.1\r\nHost: help.carrier.example\r\nProxy-Authorization: Basic {credentials}\r\n"
        f"Content-Length: {octets}\r\nConnection: close\r\n\r\n"
    )
    request, answer = head.encode() + b"x" * octets, b""
    with socket.create_connection((host, int(port)), timeout=20) as phone, contextlib.suppress(ConnectionError):
        phone.sendall(request)
        while part := phone.recv(65536):
            answer += part
    return int(answer[9:12] or b"0"), len(request), len(answer)


def help_used(carrier: CarrierProcess) -> tuple[int, int]:
    with carrier.client() as client:
        used = [each for each in client.usage(NUMBER).used if each.group == "help"]
    return sum(each.up for each in used), sum(each.down for each in used)


def is_reached(carrier: CarrierProcess) -> bool:
    """The control process knows, and has told every worker."""
    with carrier.client() as client:
        cap = client.usage(NUMBER).cap
    return cap is not None and cap.reached


def test_counted_capped_and_lifted(stopped: CarrierProcess, tmp_path: Path) -> None:
    """By the octet over parallel requests; a cap that a reload brings counts the day's use and holds over `kill -9`;
    the day's end lifts it, and so does paying on the line itself."""
    stopped.config = own_config(
        tmp_path / "config",
        ("policies.yaml", "profiles:\n", "  help:\n    hosts: [help.carrier.example]\n\nprofiles:\n"),
        ("policies.yaml", "    allow: [portal, payment, wechat-pay]", "    allow: [portal, payment, help]"),
        ("policies.yaml", "daily_cap: 20MiB", "daily_cap: 0"),
        ("policies.yaml", "rate: 1M ", "rate: 0 "),
        ("carrier.yaml", "access: auto", "access: proxy"),
    )
    stopped.up("--clock", "test")
    stopped.nfemu("clock", "set", "2099-11-01T20:00:00+08:00")
    with stopped.client() as client:
        client.charge(NUMBER, "59.00")
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _: send(stopped, 4000), range(6)))
    assert {status for status, _, _ in sent} == {200}
    total = (sum(up for _, up, _ in sent), sum(down for _, _, down in sent))
    until(lambda: help_used(stopped) == total)

    assert send(stopped, CAP)[0] == 200
    until(lambda: sum(help_used(stopped)) > sum(total) + CAP)
    edit(stopped.config / "policies.yaml", "daily_cap: 0", "daily_cap: 64KiB")
    stopped.nfemu("reload")
    assert stopped.verdict(NUMBER, HELP) == 429
    assert is_reached(stopped)
    assert stopped.verdict(NUMBER, "http://news.example/") == 429
    assert stopped.verdict(NUMBER, "http://portal.carrier.example/") == 200
    assert stopped.verdict(NUMBER, "https://news.example/") == 0
    for url in (HELP, "http://news.example/"):
        assert "the day's volume is used up" in stopped.nfemu("explain", NUMBER, url).text
    foretold = stopped.nfemu("explain", "--observe", NUMBER, "http://captive.apple.com/")
    assert (foretold.status, "redirected to" in foretold.text) == (0, True), foretold.text
    page = stopped.curl(NUMBER, HELP).text
    assert "今日流量已用完" in page
    assert "64 KiB" in page
    assert "2099-11-02 00:00" in page
    shown = stopped.nfemu("usage", NUMBER).text
    assert "2099-11-01  arrears  help" in shown
    assert f"of {CAP} octets, reached: only essential groups; ends 2099-11-02 00:00:00" in shown

    stopped.kill()
    stopped.up("--clock", "test")
    assert stopped.verdict(NUMBER, HELP) == 429
    stopped.nfemu("clock", "advance", "4h")
    until(lambda: stopped.verdict(NUMBER, HELP) == 200)
    with stopped.client() as client:
        assert client.usage(NUMBER).day.isoformat() == "2099-11-02"
    send(stopped, CAP)
    until(lambda: is_reached(stopped))
    assert stopped.verdict(NUMBER, HELP) == 429
    phone = Phone.on_line(stopped, NUMBER, tmp_path)
    assert phone.open("http://news.example/").status == 429
    phone.click("缴费或服务页面")
    assert "服务已恢复" in phone.pay().text
    assert stopped.verdict(NUMBER, HELP) == 200
    assert stopped.verdict(NUMBER, "http://news.example/") == 200
