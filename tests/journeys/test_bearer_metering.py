"""The daily cap on a bearer (G7), on the line's real packets: bulk ends or waits, and paying has its turn at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.bearer import NEEDS_BEARERS, OnLine, request, status
from tests.journeys.carrier import NUMBER, CarrierProcess, until
from tests.journeys.configuring import ONE_WORKER, own_config
from tests.journeys.phone import Phone

pytestmark = [pytest.mark.once, pytest.mark.lab, NEEDS_BEARERS]

HELP, SHOP, NEWS = "help.carrier.example", "shop.test", "news.example"
CAP = 128 * 1024
BURST = 64 * 1024
"""Octets that the rate past the cap has in store."""
BULK = 1_500_000
"""Octets: three minutes at that rate."""


def post(host: str, octets: int) -> bytes:
    return request(host, f"Content-Length: {octets}").replace(b"GET", b"POST") + b"x" * octets


def used(carrier: CarrierProcess, policy: str, group: str | None) -> int:
    """Octets."""
    with carrier.client() as client:
        rows = client.usage(NUMBER).used
    return sum(each.up + each.down for each in rows if (each.policy, each.group) == (policy, group))


def is_reached(carrier: CarrierProcess) -> bool:
    with carrier.client() as client:
        cap = client.usage(NUMBER).cap
    return cap is not None and cap.reached


def test_past_the_cap_bulk_waits_and_a_payment_does_not(stopped: CarrierProcess, tmp_path: Path) -> None:
    """What is not essential ends at the cap. An upload to what is has all of the slow rate, and whoever pays in the
    middle of it has done so long before it would end; then it goes on at the restored line's speed, as its own."""
    stopped.config = own_config(
        tmp_path / "config",
        ("policies.yaml", "profiles:\n", f"  help: {{hosts: [{HELP}]}}\n  shop: {{hosts: [{SHOP}]}}\n\nprofiles:\n"),
        ("policies.yaml", "    allow: [portal, payment, wechat-pay]", "    allow: [portal, payment, help, shop]"),
        ("policies.yaml", "    essential: [portal, payment, wechat-pay]", "    essential: [portal, payment, help]"),
        ("policies.yaml", "daily_cap: 20MiB", "daily_cap: 128KiB"),
        ("policies.yaml", "rate_past_cap: 32k ", "rate_past_cap: 64k "),
        ("carrier.yaml", "access: auto", "access: bearer"),
        ONE_WORKER,
    )
    stopped.up()
    stopped.nfemu("charge", NUMBER, "59.00")
    with OnLine(stopped, NUMBER) as line, ThreadPoolExecutor(1) as pool:
        address = line.address(SHOP)
        assert status(line.exchange(address, 80, post(SHOP, 2 * CAP))) == 0
        until(lambda: is_reached(stopped))
        for host in (SHOP, NEWS):
            page = line.http(line.address(host), host)
            assert (status(page), "今日流量已用完" in page.decode()) == (429, True)
        assert line.https(address, SHOP) == b""

        with line.connect(line.address(HELP), 80, within_s=60) as bulk:
            sending = pool.submit(bulk.sendall, post(HELP, BULK))
            until(lambda: used(stopped, "arrears", "help") > BURST)
            phone = Phone.on_bearer(stopped, NUMBER, tmp_path)
            assert phone.open(f"http://{NEWS}/").status == 429
            phone.click("缴费或服务页面")
            assert not sending.done()
            assert "服务已恢复" in phone.pay().text
            sending.result(20)
            until(lambda: used(stopped, "open", None) > BULK // 2)
        assert phone.open(f"http://{NEWS}/").status == 200
