"""What makes each operating system show its sign-in page on a restricted line, and what it expects on an open one."""

from pathlib import Path

import pytest

from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.phone import Phone

pytestmark = pytest.mark.once

LANDING = "Location: http://portal.carrier.example/green\n"

CHECKS = {
    "http://connectivitycheck.gstatic.com/generate_204": (204, ""),
    "http://www.google.com/gen_204": (204, ""),
    "http://play.googleapis.com/generate_204": (204, ""),
    "http://captive.apple.com/hotspot-detect.html": (200, "Success"),
    "http://www.msftconnecttest.com/connecttest.txt": (200, "Microsoft Connect Test"),
    "http://detectportal.firefox.com/canonical.html": (200, "captive-portal"),
    "http://detectportal.firefox.com/success.txt?ipv4": (200, "success\n"),
    "http://detectportal.firefox.com/success.txt?ipv6": (200, "success\n"),
}


@pytest.fixture(scope="module")
def restricted(carrier: CarrierProcess) -> CarrierProcess:
    carrier.nfemu("charge", NUMBER, "59.00")
    return carrier


@pytest.mark.parametrize("url", list(CHECKS))
def test_sign_in_page(restricted: CarrierProcess, url: str, tmp_path: Path) -> None:
    """A redirect; the check itself is no page to come back to, so it is not handed over."""
    answer = Phone.on_line(restricted, NUMBER, tmp_path).ask(url)
    assert answer.status == 302
    assert LANDING in answer.head
    assert "no-store" in answer.head


@pytest.mark.parametrize("url", list(CHECKS))
def test_online(restricted: CarrierProcess, url: str, tmp_path: Path) -> None:
    answer = Phone.on_line(restricted, OTHER, tmp_path).ask(url)
    status, text = CHECKS[url]
    assert (answer.status, text in answer.text, bool(answer.text)) == (status, True, bool(text))


def test_android_over_https_is_refused_at_once(restricted: CarrierProcess, tmp_path: Path) -> None:
    phone = Phone.on_line(restricted, NUMBER, tmp_path)
    answer = phone.ask("https://www.google.com/generate_204")
    assert (answer.status, " 403 " in answer.head) == (0, True)
    assert Phone.on_line(restricted, OTHER, tmp_path).ask("https://www.google.com/generate_204").status == 204
