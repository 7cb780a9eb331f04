"""Other gardens (G18) on the real wire: in-flight shopping, a campus quiz with opening hours, military training."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
WANG, ACME = "13800138002", "13800138010"


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    """On the test clock, at seven in the morning; one line is in a garden from the start."""
    folder = tmp_path_factory.mktemp("gardens")
    start = ("subscribers.yaml", "account: acme}\n  -", "account: acme, profile: training}\n  -")
    many = ("subscribers.yaml", "count: 20,", "count: 20, profile: inflight,")
    process = CarrierProcess(StateFolder(folder / "state"), own_config(folder / "config", ONE_WORKER, start, many))
    process.up("--clock", "test")
    process.nfemu("clock", "set", "2099-11-02T07:00:00+08:00")
    yield process
    process.down()


def opened(carrier: CarrierProcess, number: str, url: str, *arguments: str) -> str:
    """What curl gets on a line, straight from the proxy, with the head."""
    proxy = f"http://{number}:x@{carrier.running.http_proxy}"
    command = ["curl", "-si", "--max-time", "20", "--cacert", carrier.running.ca, "-x", proxy, *arguments, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout


def move(carrier: CarrierProcess, number: str, garden: str) -> None:
    with carrier.client() as client:
        assert client.order_profile(number, garden).effective == ("internet" if garden == "open" else garden)


def advance(carrier: CarrierProcess, by: str) -> list[str]:
    with carrier.client() as client:
        return client.advance_clock(by).happened


@pytest.mark.parametrize(
    ("number", "garden", "inside", "titles"),
    [
        (NUMBER, "inflight", "shop.inflight.example", {"zh": "机上购物", "en": "In-flight shopping"}),
        (OTHER, "training", "course.training.example", {"zh": "军训学习平台", "en": "Military training"}),
    ],
)
def test_a_garden(carrier: CarrierProcess, number: str, garden: str, inside: str, titles: dict[str, str]) -> None:
    landing = f"http://{garden}.carrier.example/"
    move(carrier, number, garden)
    assert f"Location: {landing}?url=http%3A%2F%2Fnews.example%2F" in opened(carrier, number, NEWS)
    for language, title in titles.items():
        page = opened(carrier, number, landing, "-H", f"Accept-Language: {language}")
        assert title in page
        assert "110" in page, "emergency calls are never affected (G17)"
        assert "<script" not in page
    assert " 200 OK" in opened(carrier, number, f"https://{inside}/")
    assert opened(carrier, number, "https://news.example/").startswith("HTTP/1.1 403 ")
    assert opened(carrier, number, "http://portal.carrier.example/green").startswith("HTTP/1.1 302 ")
    assert opened(carrier, number, f"{landing}elsewhere").startswith("HTTP/1.1 404 ")
    assert opened(carrier, number, landing, "--data", "x").startswith("HTTP/1.1 405 ")
    move(carrier, number, "open")
    assert carrier.verdict(number, NEWS) == 200


def test_arrears_win_and_paying_leads_back_into_the_garden(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        client.charge(WANG, "30.00")
        waiting = client.order_profile(WANG, "inflight")
    assert (waiting.ordered, waiting.profile, waiting.effective) == ("arrears", "inflight", "green")
    assert "Location: http://portal.carrier.example/green" in opened(carrier, WANG, NEWS)
    assert carrier.verdict(WANG, "http://shop.inflight.example/") == 302
    assert "profile inflight is in force" in carrier.nfemu("pay", WANG, "10.00").text
    assert carrier.verdict(WANG, "http://shop.inflight.example/") == 200
    assert "Location: http://inflight.carrier.example/" in opened(carrier, WANG, NEWS)


def test_a_garden_from_the_start(carrier: CarrierProcess) -> None:
    assert "Location: http://training.carrier.example/" in opened(carrier, ACME, NEWS)
    with carrier.client() as client:
        events = [event.name for event in client.timeline(ACME)]
    assert events.index("order.done") < events.index("pgw.session_created")


def test_a_range_in_a_garden_from_the_start(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        client.attach("13900000005")
        assert client.subscriber("13900000005").effective == "inflight"
    assert "Location: http://inflight.carrier.example/" in opened(carrier, "13900000005", NEWS)
    move(carrier, "13900000005", "open")


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("flight", 1, "`flight` is not in apns.yaml; a line can have `open`, `internet`, `inflight`, `campus-quiz`"),
        ("green", 2, "`green` restricts a line; `nfemu restrict` orders what a stop means"),
        ("training", 1, "has profile `training` already"),
    ],
)
def test_what_cannot_be_ordered(carrier: CarrierProcess, name: str, status: int, told: str) -> None:
    refused = carrier.nfemu("profile", ACME, name)
    assert (refused.status, told in refused.errors) == (status, True)


def test_the_quiz_opens_and_closes(carrier: CarrierProcess, tmp_path: Path) -> None:
    """By business time, everywhere at once; what is under way ends when it closes."""
    quiz, landing = "http://quiz.campus.example/", "http://campus.carrier.example/"
    move(carrier, OTHER, "campus-quiz")
    assert carrier.verdict(OTHER, quiz) == 302
    closed = opened(carrier, OTHER, landing)
    assert "现已关闭，08:00 开放" in closed
    assert ("开始答题：08:00 开放" in closed, "https://quiz.campus.example/" in closed) == (True, False)
    explained = carrier.nfemu("explain", OTHER, quiz).text
    assert "campus-quiz/closed/campus-quiz" in explained
    assert "group `campus-quiz` is closed until 08:00" in explained

    moved = carrier.nfemu("clock", "advance", "1h")
    assert "2099-11-02 08:00:00+08:00 group `campus-quiz` opens" in moved.text
    assert carrier.verdict(OTHER, quiz) == 200
    assert "Open now" in opened(carrier, OTHER, landing, "-H", "Accept-Language: en")

    received = tmp_path / "stream"
    with received.open("wb") as output:
        proxy = f"http://{OTHER}:x@{carrier.running.http_proxy}"
        stream = subprocess.Popen(["curl", "-sN", "--max-time", "50", "-x", proxy, f"{quiz}stream"], stdout=output)
        try:
            while not received.stat().st_size:
                assert stream.poll() is None
            assert advance(carrier, "13h") == ["2099-11-02 20:00:00+08:00 group `campus-quiz` closes"]
            assert stream.wait(20) != 28, "cut, not timed out"
        finally:
            stream.kill()
    assert carrier.verdict(OTHER, quiz) == 302
    assert "Closed now, opens at 08:00" in opened(carrier, OTHER, landing, "-H", "Accept-Language: en")

    carrier.down()
    carrier.up("--clock", "test")
    assert carrier.verdict(OTHER, quiz) == 302
    advance(carrier, "11h")
    assert carrier.verdict(OTHER, quiz) == 200


def test_reload_changes_hours_and_pages(carrier: CarrierProcess) -> None:
    """The last word about the time may be hours old; new hours are judged by what time it is."""
    move(carrier, NUMBER, "campus-quiz")
    policies, pages = carrier.config / "policies.yaml", carrier.config / "landing.yaml"
    policies.write_text(policies.read_text("utf-8").replace('opens: "08:00"', 'opens: "09:30"'), "utf-8")
    pages.write_text(pages.read_text("utf-8").replace("校园知识竞赛", "校园百科竞赛"), "utf-8")
    reloaded = carrier.nfemu("reload")
    assert reloaded.status == 0
    assert "from 09:30 to 20:00" in reloaded.text
    assert "landing.yaml: page http://campus.carrier.example/: " in reloaded.text
    shown = opened(carrier, NUMBER, "http://campus.carrier.example/")
    assert "校园百科竞赛" in shown
    assert "09:30 开放" in shown
    assert carrier.verdict(NUMBER, "http://quiz.campus.example/") == 302
    assert [told.partition(" ")[2] for told in advance(carrier, "4h")] == ["09:30:00+08:00 group `campus-quiz` opens"]
    assert carrier.verdict(NUMBER, "http://quiz.campus.example/") == 200
