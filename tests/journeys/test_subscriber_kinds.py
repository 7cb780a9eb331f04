"""The same journey for other kinds of card, account and profile: secondary and unit (S11), part payment (S27), English,
no IP at all (G4, G8), and a new address with every change."""

import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nfemu.client import Client
from nfemu.client.values import Subscriber
from tests.journeys.carrier import CONFIG, NUMBER, CarrierProcess
from tests.journeys.phone import Phone
from tests.journeys.wire import credentials

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
PORTAL = "http://portal.carrier.example/"
ENGLISH = "13800138001"
MAIN, SECONDARY = "13800138002", "13800138003"
HEAVY, LIGHT = "13800138010", "13800138011"


def latest(carrier: CarrierProcess, number: str) -> str:
    """The newest message on the phone."""
    with carrier.client() as client:
        return client.inbox(number)[0].text


def reached(carrier: CarrierProcess, number: str, folder: Path) -> int:
    return Phone.on_line(carrier, number, folder).ask(NEWS).status


def test_a_secondary_card_pays_for_its_main_card(carrier: CarrierProcess, tmp_path: Path) -> None:
    """The main card's fees stop both; the secondary card is told the account's arrears, pays, and both are back."""
    carrier.nfemu("charge", MAIN, "50.00")
    assert [reached(carrier, number, tmp_path) for number in (MAIN, SECONDARY)] == [302, 302]
    assert "缴费¥30.00" in latest(carrier, MAIN)
    assert "缴费¥30.00" in latest(carrier, SECONDARY)
    phone = Phone.on_line(carrier, SECONDARY, tmp_path)
    landing = phone.open(NEWS)
    assert all(text in landing.text for text in ("138****8003", "您的号码已欠费", "¥30.00"))
    assert "138****8002" not in landing.text
    assert "服务已恢复" in phone.pay().text
    assert [reached(carrier, number, tmp_path) for number in (MAIN, SECONDARY)] == [200, 200]
    assert "上网服务已恢复" in latest(carrier, MAIN)


def test_a_unit_account_shows_the_personal_share_only(carrier: CarrierProcess, tmp_path: Path) -> None:
    """One card's use stops both (S11). Neither is told the account's money; each sees what it owes itself."""
    light = Phone.on_line(carrier, LIGHT, tmp_path)
    carrier.nfemu("charge", HEAVY, "600.00")
    assert [reached(carrier, number, tmp_path) for number in (HEAVY, LIGHT)] == [302, 302]
    assert "您个人的部分为¥100.00" in latest(carrier, HEAVY)
    assert "您个人没有欠费" in latest(carrier, LIGHT)
    assert "您个人没有欠费" in light.open(NEWS).text
    _shows_no_account(light.page.text, light.submit().text, latest(carrier, LIGHT))
    heavy = Phone.on_line(carrier, HEAVY, tmp_path)
    assert "只缴个人部分不一定恢复" in heavy.open(NEWS).text
    assert "服务已恢复" in heavy.pay().text
    assert [reached(carrier, number, tmp_path) for number in (HEAVY, LIGHT)] == [200, 200]
    carrier.nfemu("charge", HEAVY, "570.00")
    carrier.nfemu("charge", LIGHT, "30.00")
    assert "¥30.00" in light.open(NEWS).text
    _shows_no_account(light.page.text, light.submit().text)
    light.submit(amount="30.00")
    own_part = _paid(light)
    assert "您个人已结清" in own_part
    _shows_no_account(own_part)
    assert [reached(carrier, number, tmp_path) for number in (HEAVY, LIGHT)] == [302, 302]
    heavy.open(NEWS)
    heavy.pay()
    assert [reached(carrier, number, tmp_path) for number in (HEAVY, LIGHT)] == [200, 200]


def _shows_no_account(*texts: str) -> None:
    """Neither balance nor arrears of the unit, nor what another card used; nor that the own share restores service."""
    for text in texts:
        assert not re.search(r"[^0-9]([1567]00|5?70)\.00|-¥|账户余额", text), text
        assert not re.search(r"缴费[^；。]*(立即|即可)恢复|服务不会恢复", text), text


def _paid(phone: Phone) -> str:
    """From the provider's page to the portal's result."""
    phone.click("¥")
    return phone.submit(pin="123456").text


def test_a_part_payment_says_what_is_missing(carrier: CarrierProcess, tmp_path: Path) -> None:
    carrier.nfemu("charge", NUMBER, "59.00")
    phone = Phone.on_line(carrier, NUMBER, tmp_path)
    phone.open(NEWS)
    phone.submit()
    phone.submit(amount="28.99")
    part = _paid(phone)
    assert "还差 ¥0.01" in part
    assert "服务已恢复" not in part
    assert reached(carrier, NUMBER, tmp_path) == 302
    order = phone.click("¥0.01")
    assert phone.proposed() == "0.01"
    assert "¥0.01" in order.text
    phone.submit(amount="0.01")
    assert "服务已恢复" in _paid(phone)
    assert reached(carrier, NUMBER, tmp_path) == 200


def test_an_english_subscriber_reads_english(carrier: CarrierProcess, tmp_path: Path) -> None:
    """Messages, pages, and what is chosen on a page stays chosen."""
    carrier.nfemu("charge", ENGLISH, "129.00")
    assert "Example Mobile: your number 138****8001 is in arrears" in latest(carrier, ENGLISH)
    phone = Phone.on_line(carrier, ENGLISH, tmp_path, "en")
    assert "Hello 138****8001" in phone.open(NEWS).text
    assert "Confirm your order" in phone.submit().text
    assert "确认订单" in phone.click("中文").text
    phone.submit(amount=phone.proposed())
    assert "服务已恢复" in _paid(phone)
    assert "Service restored" in phone.click("English").text
    assert "service of your number 138****8001 is restored" in " ".join(_texts(carrier, ENGLISH))


def _texts(carrier: CarrierProcess, number: str) -> list[str]:
    with carrier.client() as client:
        return [notice.text for notice in client.inbox(number)]


def configured(carrier: CarrierProcess, folder: Path, file: str, old: str, new: str) -> None:
    """The shipped configuration with one change."""
    carrier.config = folder / "config"
    shutil.copytree(CONFIG, carrier.config)
    path = carrier.config / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def barred(stopped: CarrierProcess, tmp_path: Path) -> CarrierProcess:
    configured(stopped, tmp_path, "dunning.yaml", "restricted_profile: arrears", "restricted_profile: barred")
    stopped.up()
    return stopped


def test_barred_has_no_address_until_paid(barred: CarrierProcess, tmp_path: Path) -> None:
    with barred.client() as client:
        before = client.subscriber(NUMBER).session
        assert before is not None
        client.charge(NUMBER, "59.00")
        line = client.subscriber(NUMBER)
    assert (line.ordered, line.effective) == ("barred", None)
    assert line.session is not None
    assert line.session.state == "released"
    assert "须用移动数据打开" in latest(barred, NUMBER)
    phone = Phone.on_line(barred, NUMBER, tmp_path)
    for url in (NEWS, PORTAL, "https://portal.carrier.example/", "https://pay.provider.example/"):
        answer = phone.ask(url)
        assert " 403 " in answer.head, url
    refused = barred.nfemu("attach", NUMBER)
    assert refused.status == 1
    assert "barred" in refused.errors
    assert f"`nfemu pay {NUMBER} 29.00`" in barred.nfemu("exec", NUMBER, "--", "true").errors
    assert "pay the arrears" in barred.nfemu("explain", NUMBER, NEWS).text
    paid = barred.nfemu("pay", NUMBER, "29.00")
    assert paid.text == "¥29.00 paid; service is restored: profile internet is in force\n"
    with barred.client() as client:
        after = client.subscriber(NUMBER).session
    assert after is not None
    assert after.generation == before.generation + 1
    assert after.ue_ipv4 != before.ue_ipv4
    assert phone.ask(NEWS).status == 200


@pytest.fixture
def reactivating(stopped: CarrierProcess, tmp_path: Path) -> CarrierProcess:
    configured(stopped, tmp_path, "apns.yaml", "    policy: open\n", "    policy: open\n    change: reactivate\n")
    stopped.up()
    return stopped


def test_reactivation_follows_the_success_page(reactivating: CarrierProcess, tmp_path: Path) -> None:
    """The page that says "restored" still arrives; then address and generation are new, and every old flow ends."""
    with reactivating.client() as client:
        client.charge(NUMBER, "59.00")
        restricted = client.subscriber(NUMBER).session
        assert restricted is not None
        phone = Phone.on_line(reactivating, NUMBER, tmp_path)
        phone.open(NEWS)
        with _tls(reactivating, NUMBER, "portal.carrier.example") as permitted:
            assert "服务已恢复" in phone.pay().text
            _until_closed(permitted)
        line = _acknowledged(client, NUMBER)
    renewed = line.session
    assert renewed is not None
    assert (restricted.generation, renewed.generation) == (1, 2)
    assert renewed.ue_ipv4 != restricted.ue_ipv4
    assert renewed.ue_ipv6 != restricted.ue_ipv6
    assert line.effective == "internet"
    site = phone.ask(NEWS)
    assert site.status == 200
    assert str(renewed.ue_ipv4) in site.text
    assert phone.open("https://portal.carrier.example/order").status == 403
    assert "138****8000" in phone.open(PORTAL).text


def _acknowledged(client: Client, number: str) -> Subscriber:
    """The line once every enforcement point holds its state: flows end a moment before that is on record."""
    lines = (client.subscriber(number) for _ in range(1000))
    return next(line for line in lines if line.effective is not None)


@contextmanager
def _tls(carrier: CarrierProcess, number: str, name: str) -> Iterator[ssl.SSLSocket]:
    """A tunnel on the subscriber's line, by the shared listener."""
    host, _, port = carrier.running.http_proxy.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as plain:
        request = f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\n".encode() + credentials(number) + b"\r\n"
        plain.sendall(request)
        assert b" 200 " in plain.recv(1000)
        context = ssl.create_default_context(cafile=carrier.running.ca)
        with context.wrap_socket(plain, server_hostname=name) as tunnel:
            yield tunnel


def _until_closed(tunnel: ssl.SSLSocket) -> None:
    """Raises TimeoutError where it goes on."""
    try:
        while tunnel.recv(65536):
            pass
    except (ssl.SSLEOFError, ConnectionResetError):
        pass
