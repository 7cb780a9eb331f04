"""`kill -9` in the midst of a load: the next start is the one life or the other, whole."""

import contextlib
from pathlib import Path
from threading import Thread

import pytest

from nfemu.model.errors import NfemuError
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = pytest.mark.once

NEWS = "http://news.example/"


@pytest.mark.parametrize("moment", range(3))
def test_killed_meanwhile_the_next_start_is_one_life_or_the_other(
    stopped: CarrierProcess, tmp_path: Path, moment: int
) -> None:
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    stopped.up()
    with stopped.client() as client:
        client.charge(NUMBER, "59.00")
        client.save_state("one")
        client.pay(NUMBER, "29.00")
        client.restrict(OTHER)

    def load() -> None:
        with stopped.client() as client, contextlib.suppress(NfemuError):  # cut short
            while True:
                client.load_state("one")
                client.pay(NUMBER, "29.00")
                client.restrict(OTHER)

    loading = Thread(target=load)
    loading.start()
    loading.join(0.07 * (moment + 1))
    stopped.kill()
    loading.join()
    stopped.up()
    with stopped.client() as client:
        lines = [client.subscriber(number) for number in (NUMBER, OTHER)]
        assert [each.name for each in client.states()] == ["initial", "one"]
    found = tuple((line.account.balance.amount, line.ordered) for line in lines)
    assert found in {
        (("-29.00", "arrears"), ("100.00", "open")),
        (("0.00", "open"), ("100.00", "open")),
        (("0.00", "open"), ("100.00", "arrears")),
    }
    verdicts = tuple(stopped.verdict(number, NEWS) for number in (NUMBER, OTHER))
    assert verdicts == tuple(302 if ordered == "arrears" else 200 for _, ordered in found)
