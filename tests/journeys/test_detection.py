"""Traffic detection and messages work together (G20): the first blocked request of a day sends the link by SMS."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, until

pytestmark = pytest.mark.once

NEWS = "http://news.example/"


def test_the_first_blocked_request_of_a_day_sends_the_link_once(stopped: CarrierProcess) -> None:
    """Twenty at once on two workers, again after `kill -9`, and on the day after."""
    stopped.up("--clock", "test")
    stopped.nfemu("clock", "set", "2099-11-01T08:00:00+08:00")
    with stopped.client() as client:
        client.charge(NUMBER, "59.00")
        client.restrict(OTHER)
    assert stopped.verdict(NUMBER, NEWS) == 302
    stopped.nfemu("clock", "advance", "30m")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: stopped.verdict(NUMBER, NEWS), range(20))) == {302}
    until(lambda: told(stopped, NUMBER) == ["stopped", "detected"])
    with stopped.client() as client:
        newest = client.inbox(NUMBER)[0]
    assert "29.00" in newest.text
    assert newest.link == f"http://portal.carrier.example/green?n={newest.id[4:12]}"

    stopped.kill()
    stopped.up("--clock", "test")
    for number in (NUMBER, OTHER):
        assert stopped.verdict(number, "https://news.example/") == 0
    until(lambda: told(stopped, OTHER) == ["stopped", "detected"])
    with stopped.client() as client:
        assert "Paying does not lift this" in client.inbox(OTHER)[0].text
    stopped.nfemu("clock", "advance", "1d")
    assert stopped.verdict(NUMBER, NEWS) == 302
    until(lambda: told(stopped, NUMBER) == ["stopped", "detected", "detected"])


def told(carrier: CarrierProcess, number: str) -> list[str]:
    """Kinds of messages, oldest first."""
    with carrier.client() as client:
        return [notice.kind for notice in client.inbox(number)][::-1]
