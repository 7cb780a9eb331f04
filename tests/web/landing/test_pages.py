"""Landing pages of gardens, asked through the origin front."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from nfemu.model.landing import LandingLink, LandingPage
from nfemu.model.policy import Hours
from nfemu.web.landing.pages import LandingPages
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites
from nfemu.web.pages import Voice
from tests.web.gateway_side import TOKEN, GatewaySide

NAME = {"zh": "莱茵通信", "en": "Rheinfunk"}
QUIZ = {"zh": "校园知识竞赛", "en": "Campus quiz"}
DAY, EVENING, NIGHT = Hours(time(8), time(12)), Hours(time(18), time(20)), Hours(time(22), time(2))
START = LandingLink("https://quiz.campus.example/", {"zh": "开始答题", "en": "Start the quiz"}, (DAY, EVENING))
RULES = LandingLink("https://rules.campus.example/", {"zh": "规则", "en": "Rules"})
LATE = LandingLink("https://late.campus.example/", {"zh": "夜场", "en": "Late quiz"}, (NIGHT,))
PAGE = LandingPage("campus.rheinfunk.example", "/", QUIZ, QUIZ, (START, RULES, LATE))
URL = f"http://{PAGE.host}/"


class Carrier:
    """Its pages, and where its clock stands."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
        self.pages = LandingPages([PAGE], EmulatedSites({}), Voice(NAME, "en", ("112", "110")), lambda: self.now)


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
async def gateway(carrier: Carrier, tmp_path: Path) -> AsyncIterator[GatewaySide]:
    def wall() -> datetime:
        return datetime.now(UTC)

    dispatcher = OriginDispatcher({}, carrier.pages, Recorder(wall))
    authority = CertificateAuthority.load_or_create(tmp_path / "ca", wall)
    front = OriginFront(dispatcher, authority, tmp_path / "origin.sock", TOKEN)
    await front.start()
    side = GatewaySide(tmp_path / "origin.sock", authority.pem)
    yield side
    await side.close()
    await front.stop()


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de-DE, fr;q=0.5", "en"),
        ("", "zh-CN, en;q=0.8", "zh"),
        ("", "de, en;q=0.3, zh;q=0.2", "en"),
        ("?lang=zh", "en", "zh"),
        ("?lang=de", "zh", "zh"),
    ],
)
async def test_the_link_then_the_browser_then_the_carrier_choose_the_language(
    gateway: GatewaySide, query: str, accepted: str, language: str
) -> None:
    page = (await gateway.get(URL + query, [("Accept-Language", accepted)] if accepted else [])).text
    assert f'<html lang="{language}">' in page
    assert NAME[language] in page
    assert QUIZ[language] in page


def linked(page: str) -> list[str]:
    return re.findall(r'href="(https://[^"]*)"', page)


@pytest.mark.parametrize(
    ("hour", "open_", "closed"),
    [
        (7, [RULES], ["Start the quiz: opens at 08:00", "Late quiz: opens at 22:00"]),
        (8, [START, RULES], ["Late quiz: opens at 22:00"]),
        (12, [RULES], ["Start the quiz: opens at 18:00", "Late quiz: opens at 22:00"]),
        (19, [START, RULES], ["Late quiz: opens at 22:00"]),
        (23, [RULES, LATE], ["Start the quiz: opens at 08:00"]),
    ],
)
async def test_what_is_closed_is_no_link_and_says_when_it_opens(
    gateway: GatewaySide, carrier: Carrier, hour: int, open_: list[LandingLink], closed: list[str]
) -> None:
    carrier.now = carrier.now.replace(hour=hour)
    page = (await gateway.get(URL)).text
    assert linked(page) == [link.url for link in open_]
    assert re.findall(r'class="button closed">([^<]*)<', page) == closed


async def test_the_emergency_numbers_are_the_carriers(gateway: GatewaySide, carrier: Carrier) -> None:
    """G17: on a page that is not there, too."""
    assert "Emergency calls (112, 110 …) are never affected." in (await gateway.get(URL)).text
    missing = await gateway.get(f"{URL}elsewhere?lang=zh")
    assert (missing.status, "紧急呼叫（112、110 等）始终不受影响。" in missing.text) == (404, True)
    carrier.pages.replace([PAGE], Voice(NAME, "zh", ("119",)))
    assert "紧急呼叫（119 等）始终不受影响。" in (await gateway.get(URL)).text
