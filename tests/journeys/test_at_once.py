"""Many at the same time: whatever is one thing has one effect, and whatever is ten things has ten."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from nfemu.client import Client
from nfemu.client.errors import ClientError
from tests.journeys.carrier import CarrierProcess
from tests.journeys.provider import notification, notify, order

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
TEN = 10
T = TypeVar("T")


def at_once(carrier: CarrierProcess, *calls: Callable[[Client], T]) -> list[T | ClientError]:
    """Every call on a connection of its own, all let go together; a refusal is a result."""
    together = Barrier(len(calls))

    def one(call: Callable[[Client], T]) -> T | ClientError:
        with carrier.client() as client:
            together.wait(20)
            try:
                return call(client)
            except ClientError as refusal:
                return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def overdue(carrier: CarrierProcess, number: str) -> None:
    """Attached, and 29.00 below zero."""
    with carrier.client() as client:
        client.attach(number)
        client.charge(number, "79.00")
    assert carrier.verdict(number, NEWS) == 302


def movements(carrier: CarrierProcess, number: str) -> Counter[tuple[str, str]]:
    """The ledger but for the opening balance."""
    with carrier.client() as client:
        entries = client.ledger(number).entries
    return Counter((each.kind, each.amount.amount) for each in entries if each.note != "opening balance")


def messages(carrier: CarrierProcess, number: str) -> Counter[str]:
    with carrier.client() as client:
        return Counter(notice.kind for notice in client.inbox(number))


def test_one_notification_ten_times(carrier: CarrierProcess, tmp_path: Path) -> None:
    """All are answered as booked, so that no provider goes on repeating it; one is."""
    number = "13900000000"
    overdue(carrier, number)
    order_no, _ = order(carrier, number, "29.00", tmp_path)
    body = notification(order_no, "trade-1", 2900)
    assert notify(carrier, number, body, TEN) == [(200, "SUCCESS")] * TEN
    assert movements(carrier, number) == Counter({("charge", "-79.00"): 1, ("payment", "29.00"): 1})
    assert messages(carrier, number) == Counter({"stopped": 1, "restored": 1, "payment confirmed": 1})
    assert carrier.verdict(number, NEWS) == 200

    assert notify(carrier, number, body, TEN) == [(200, "SUCCESS")] * TEN
    other_trade = notification(order_no, "trade-2", 2900)
    assert notify(carrier, number, other_trade, TEN) == [(409, "CONFLICT")] * TEN
    assert movements(carrier, number)["payment", "29.00"] == 1
    assert messages(carrier, number)["payment confirmed"] == 1


def test_ten_payments_are_ten_payments(carrier: CarrierProcess) -> None:
    """By the command line, as ten processes; the third one clears the account."""
    number = "13900000001"
    overdue(carrier, number)
    with ThreadPoolExecutor(TEN) as pool:
        done = list(pool.map(lambda _: carrier.nfemu("pay", number, "10.00"), range(TEN)))
    assert [each.status for each in done] == [0] * TEN, [each.errors for each in done]
    outcomes = Counter(each.text.split("; ")[1].split(" ", 1)[0] for each in done)
    assert outcomes["the"] == 2, "two part payments say what is still due"
    assert movements(carrier, number) == Counter({("charge", "-79.00"): 1, ("payment", "10.00"): TEN})
    assert messages(carrier, number) == Counter({"stopped": 1, "restored": 1, "payment confirmed": TEN})
    with carrier.client() as client:
        assert client.subscriber(number).account.balance.amount == "71.00"
    assert carrier.verdict(number, NEWS) == 200


def test_ten_notifications_of_different_trades_for_one_order(carrier: CarrierProcess, tmp_path: Path) -> None:
    """A provider that contradicts itself: one of them is booked."""
    number = "13900000002"
    overdue(carrier, number)
    order_no, _ = order(carrier, number, "29.00", tmp_path)
    with ThreadPoolExecutor(TEN) as pool:
        answers = list(
            pool.map(lambda index: notify(carrier, number, notification(order_no, f"trade-{index}", 2900)), range(TEN))
        )
    assert Counter(answer for (answer,) in answers) == Counter({(200, "SUCCESS"): 1, (409, "CONFLICT"): TEN - 1})
    assert movements(carrier, number)["payment", "29.00"] == 1


def test_one_charge_ten_times(carrier: CarrierProcess) -> None:
    """With a key it is one; the same key for another amount is refused."""
    number = "13900000003"
    results = at_once(carrier, *[lambda client: client.charge(number, "79.00", key="june")] * TEN)
    assert {str(each) for each in results if isinstance(each, ClientError)} == set()
    for _ in range(2):
        assert carrier.nfemu("charge", number, "79.00", "--key", "june").status == 0
    assert movements(carrier, number) == Counter({("charge", "-79.00"): 1})
    assert messages(carrier, number) == Counter({"stopped": 1})
    other = carrier.nfemu("charge", number, "79.01", "--key", "june")
    assert (other.status, other.errors) == (
        1,
        "nfemu: `charge/june` is already booked with another amount or account; use a new number\n",
    )
    somebody = carrier.nfemu("charge", "13900000004", "79.00", "--key", "june")
    assert (somebody.status, somebody.errors) == (1, other.errors)
    assert movements(carrier, number) == Counter({("charge", "-79.00"): 1})


def test_one_line_attached_ten_times(carrier: CarrierProcess) -> None:
    number = "13900000005"
    results = at_once(carrier, *[lambda client: client.attach(number)] * TEN)
    assert sum(not isinstance(each, ClientError) for each in results) == 1
    refusals = {each.status for each in results if isinstance(each, ClientError)}
    assert refusals == {409}
    results = at_once(carrier, *[lambda client: client.detach(number)] * TEN)
    assert sum(not isinstance(each, ClientError) for each in results) == 1


def test_a_restriction_that_races_a_payment(carrier: CarrierProcess) -> None:
    """Whoever is first: the money is booked once, and only a person lifts what a person has set."""
    number = "13900000006"
    overdue(carrier, number)
    for paid in range(1, TEN + 1):
        results = at_once(
            carrier,
            lambda client: client.pay(number, "29.00").subscriber,
            lambda client: client.restrict(number),
        )
        assert not [str(each) for each in results if isinstance(each, ClientError)]
        with carrier.client() as client:
            line = client.subscriber(number)
            assert (line.account.balance.amount, line.hold, line.ordered) == ("0.00", "restrict", "arrears")
            assert line.effective == "green"
            assert carrier.verdict(number, NEWS) == 302
            assert client.restore(number).ordered == "open"
            assert carrier.verdict(number, NEWS) == 200
            assert client.charge(number, "29.00").ordered == "arrears"
        assert movements(carrier, number)["payment", "29.00"] == paid
    with carrier.client() as client:
        seen = Counter(event.name for event in client.timeline(number))
        kinds = Counter(event.detail["kind"] for event in client.timeline(number) if event.name == "order.done")
    assert seen["order.created"] == seen["order.done"] + seen["order.superseded"]
    assert messages(carrier, number) == Counter(
        {"stopped": kinds["stop"], "restored": kinds["resume"], "payment confirmed": TEN}
    )
