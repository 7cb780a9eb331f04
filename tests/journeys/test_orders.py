"""Orders that wait on the wall clock, and a carrier that is killed in the midst of them (S26)."""

from pathlib import Path

import pytest

from nfemu.client.orders import Order
from tests.journeys.carrier import CarrierProcess, until
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = pytest.mark.once

NARROW = (
    "dunning.yaml",
    "per_minute: 30000\n    burst: 10000",
    "per_minute: 600\n    burst: 1",
)
"""Ten orders a second."""
ATTACHED = ("subscribers.yaml", "attach: listed ", "attach: all ")


def waiting(carrier: CarrierProcess) -> list[Order]:
    with carrier.client() as client:
        return client.unfinished_orders("created")


def test_killed_while_orders_wait(stopped: CarrierProcess, tmp_path: Path) -> None:
    """Every line is stopped once, told once, and one that has paid meanwhile is open."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER, NARROW, ATTACHED)
    stopped.up()
    with stopped.client() as client:
        people = [each.number for each in client.subscribers(limit=500).subscribers if each.number.startswith("139")]
        for number in people:
            client.charge(number, "90.00")
        assert len(waiting(stopped)) > len(people) // 2
        paid = waiting(stopped)[-1].number
        client.pay(paid, "40.00")
    stopped.kill()
    stopped.up()
    until(lambda: not waiting(stopped))
    with stopped.client() as client:
        for number in people:
            kinds = [notice.kind for notice in client.inbox(number)]
            stopped_once = kinds.count("stopped") == 1
            assert stopped_once is (number != paid), (number, kinds)
            assert client.subscriber(number).ordered == ("open" if number == paid else "arrears")
        report = client.order_report()
    assert sum(each.done for each in report.done) == len(people)
    assert (report.dead, report.begun) == (0, 0)
