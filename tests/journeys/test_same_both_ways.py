"""One policy, two ways: what a line gets on its bearer is what it gets by proxy, on whatever port, and past its cap."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from nfemu.client import StateFolder
from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, until
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = [pytest.mark.lab, NEEDS_BEARERS]

NEWS, SHOP = "http://news.example/", "https://shop.test:9443/"
CHECK = "http://connectivitycheck.gstatic.com/generate_204"
CAP = 300 * 1024
RESTRICTED, OPEN = NUMBER, OTHER
_CURL = ("curl", "-sk", "-o", os.devnull, "-w", "%{http_code}", "--max-time", "20")
_PLACES = [
    (RESTRICTED, SHOP, 200),
    (RESTRICTED, "http://shop.test:9443/", 200),
    (RESTRICTED, "https://shop.test:80/", 200),
    (RESTRICTED, "https://news.example:9443/", 0),
    (RESTRICTED, "https://shop.test:8443/", 0),
    (OPEN, SHOP, 200),
    (OPEN, "https://news.example:8443/", 200),
]


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    folder = tmp_path_factory.mktemp("carrier")
    config = own_config(
        folder / "config",
        ("policies.yaml", "    trusted: true", "    ports: [80, 443, 8443]\n    trusted: true"),
        ("policies.yaml", "\nprofiles:\n", "  shop: {hosts: [shop.test], ports: [80, 443, 9443]}\n\nprofiles:\n"),
        ("policies.yaml", "allow: [portal, payment, wechat-pay]\n", "allow: [portal, payment, shop]\n"),
        ("policies.yaml", "daily_cap: 20MiB", "daily_cap: 300KiB"),
        ("policies.yaml", "rate: 1M ", "rate: 0 "),
        ONE_WORKER,
    )
    process = CarrierProcess(StateFolder(folder / "state"), config)
    process.up()
    process.nfemu("restrict", RESTRICTED)
    yield process
    process.down()


def on_bearer(carrier: CarrierProcess, number: str, *arguments: str) -> int:
    """curl's status, 0 where the connection ends first."""
    return int(carrier.nfemu("exec", number, "--", *_CURL, *arguments).text)


def by_proxy(carrier: CarrierProcess, number: str, *arguments: str) -> int:
    proxy = ("-x", f"http://{number}:x@{carrier.running.http_proxy}")
    done = subprocess.run([*_CURL, *proxy, *arguments], capture_output=True, text=True, timeout=30, check=False)
    return int(done.stdout)


@pytest.mark.parametrize(("number", "url", "expected"), _PLACES)
def test_tls_and_http_on_any_port(carrier: CarrierProcess, number: str, url: str, expected: int) -> None:
    assert (on_bearer(carrier, number, url), by_proxy(carrier, number, url)) == (expected, expected)


@pytest.mark.parametrize("number", [RESTRICTED, OPEN])
def test_tls_to_a_trusted_destination_s_own_port(carrier: CarrierProcess, number: str) -> None:
    url = "https://portal.carrier.example:8443/"
    found = on_bearer(carrier, number, url)
    assert found == by_proxy(carrier, number, url) != 0


def test_it_is_foretold(carrier: CarrierProcess) -> None:
    for number, url, _ in _PLACES[::3]:
        done = carrier.nfemu("explain", "--observe", number, url)
        assert done.status == 0, done.text


def test_past_the_cap_it_is_said_why(carrier: CarrierProcess) -> None:
    """Last: it is used up."""
    body = ("--data-binary", "x" * 100_000, "http://shop.test/")
    until(lambda: on_bearer(carrier, RESTRICTED, *body) == 429)
    for ask in (on_bearer, by_proxy):
        until(lambda ask=ask: ask(carrier, RESTRICTED, NEWS) == 429)  # type: ignore[misc]  # of each
        assert ask(carrier, RESTRICTED, SHOP) == 0
        assert ask(carrier, RESTRICTED, "http://portal.carrier.example/") == 200
    assert "今日流量已用完" in carrier.curl(RESTRICTED, NEWS).text
    for url in (NEWS, SHOP, CHECK, "https://portal.carrier.example/"):
        done = carrier.nfemu("explain", "--observe", RESTRICTED, url)
        assert done.status == 0, done.text
