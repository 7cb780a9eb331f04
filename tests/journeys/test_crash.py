"""`kill -9` of the control process at any moment, then a start on the same state: nothing acknowledged is lost,
nothing happens twice, and every line is what it was."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Self

import pytest

from nfemu.client import StateFolder
from nfemu.client.values import Subscriber
from nfemu.model.errors import NfemuError
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, children, has_ended, status_of
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
PAYMENTS = 10


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[CarrierProcess]:
    """Running with one worker and a hundred people of a number range, all attached, with 50.00 each."""
    config = own_config(
        tmp_path / "config",
        ONE_WORKER,
        ("subscribers.yaml", "count: 20", "count: 100"),
        ("subscribers.yaml", "attach: listed ", "attach: all "),
    )
    process = CarrierProcess(StateFolder(tmp_path / "state"), config)
    process.up()
    yield process
    process.down()


def everybody(carrier: CarrierProcess) -> list[Subscriber]:
    """Balances, orders, holds, sessions and addresses of all."""
    with carrier.client() as client:
        return client.subscribers(limit=500).subscribers


def test_killed_while_idle(stopped: CarrierProcess, tmp_path: Path) -> None:
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    stopped.up()
    overdue, by_hand, detached, restored = NUMBER, OTHER, "13800138002", "13800138010"
    with stopped.client() as client:
        client.charge(overdue, "59.00")
        client.restrict(by_hand)
        client.detach(detached)
        client.charge(restored, "600.00")
        client.restore(restored)
    before = everybody(stopped)
    inboxes = [stopped.nfemu("inbox", number).text for number in (overdue, by_hand, restored)]

    stopped.kill()
    told = stopped.nfemu("status")
    assert (told.status, told.errors) == (1, "nfemu: nfemu is not running; start it with `nfemu up`\n")
    stopped.up()

    assert everybody(stopped) == before
    assert [stopped.nfemu("inbox", number).text for number in (overdue, by_hand, restored)] == inboxes
    assert status_of(stopped.curl(overdue, NEWS)) == 302
    assert status_of(stopped.curl(by_hand, NEWS)) == 302
    assert status_of(stopped.curl(restored, NEWS)) == 200
    assert status_of(stopped.curl("13800138003", NEWS)) == 200
    assert stopped.curl(detached, NEWS).status == 1
    assert "¥29.00 paid; service is restored" in stopped.nfemu("pay", overdue, "29.00").text
    assert status_of(stopped.curl(overdue, NEWS)) == 200


@dataclass(slots=True)
class Work:
    """One operation on a line, of an amount that no other operation has."""

    kind: str
    number: str
    amount: str
    acknowledged: bool = False

    @property
    def entry(self) -> tuple[str, str]:
        """What it is in the ledger."""
        return (self.kind, f"-{self.amount}" if self.kind == "charge" else self.amount)

    def run(self, carrier: CarrierProcess, together: Barrier) -> None:
        """A killed process acknowledges nothing: whatever is raised then means that."""
        with carrier.client() as client:
            together.wait(20)
            try:
                if self.kind == "charge":
                    client.charge(self.number, self.amount, key=f"{self.number} {self.amount}")
                else:
                    client.pay(self.number, self.amount)
            except NfemuError:
                return
        self.acknowledged = True


@dataclass(slots=True)
class Round:
    """Twelve operations that are under way together: a payment, ten payments for one line, and a charge."""

    payer: str
    crowded: str
    charged: str
    works: list[Work] = field(default_factory=list)

    @classmethod
    def number(cls, index: int) -> Self:
        """The round of that index, with three people of its own."""
        payer, crowded, charged = (str(13900000000 + 3 * index + card) for card in range(3))
        return cls(payer, crowded, charged)

    def prepare(self, carrier: CarrierProcess) -> None:
        """Payer and crowded line become overdue by 10.00; the charged line has 50.00."""
        with carrier.client() as client:
            client.charge(self.payer, "60.00")
            client.charge(self.crowded, "60.00")
        self.works = [
            Work("payment", self.payer, "10.00"),
            Work("charge", self.charged, "60.00"),
            *(Work("payment", self.crowded, f"1.{cents:02}") for cents in range(PAYMENTS)),
        ]

    def run(self, carrier: CarrierProcess, kill_after: float | None) -> float:
        """All at once; after `kill_after` seconds the control process is killed. How long it took, in seconds."""
        together = Barrier(len(self.works) + 1)
        with ThreadPoolExecutor(len(self.works)) as pool:
            running: list[Future[None]] = [pool.submit(work.run, carrier, together) for work in self.works]
            together.wait(20)
            began = time.monotonic()
            if kill_after is not None:
                time.sleep(kill_after)  # the moment is the subject of the test
                carrier.kill()
            for each in running:
                each.result(60)
            return time.monotonic() - began

    def check(self, carrier: CarrierProcess) -> None:
        """What the ledger has decides; whatever was acknowledged is in it."""
        for number in (self.payer, self.crowded, self.charged):
            self._check_line(carrier, number)

    def _check_line(self, carrier: CarrierProcess, number: str) -> None:
        with carrier.client() as client:
            line, ledger = client.subscriber(number), client.ledger(number)
            inbox, timeline = client.inbox(number), client.timeline(number)
        opening = Counter([("payment", "50.00")] + [("charge", "-60.00")] * (number != self.charged))
        booked = Counter((entry.kind, entry.amount.amount) for entry in ledger.entries) - opening
        works = [work for work in self.works if work.number == number]
        acknowledged = Counter(work.entry for work in works if work.acknowledged)
        assert acknowledged <= booked <= Counter(work.entry for work in works)
        trades = [entry.trade_no for entry in ledger.entries if entry.trade_no is not None]
        assert len(set(trades)) == len(trades)
        balance = sum(Decimal(entry.amount.amount) for entry in ledger.entries)
        assert Decimal(line.account.balance.amount) == balance

        restricted = balance < 0
        assert (line.ordered, line.effective) == (("arrears", "green") if restricted else ("open", "internet"))
        assert carrier.verdict(number, NEWS) == (302 if restricted else 200)
        seen = Counter(event.name for event in timeline)
        assert seen["order.created"] == seen["order.done"]
        done = Counter(event.detail["kind"] for event in timeline if event.name == "order.done")
        paid = sum(kind == "payment" for kind, _ in booked)
        expected = {"stopped": done["stop"], "restored": done["resume"], "payment confirmed": paid}
        assert Counter(notice.kind for notice in inbox) == Counter(expected)
        assert all(notice.sent_at for notice in inbox)
        assert seen["notice.sent"] == len(inbox)


@pytest.mark.parametrize("times", [5, pytest.param(11, marks=pytest.mark.long)])
def test_killed_at_every_moment_while_charges_and_payments_run(crowd: CarrierProcess, times: int) -> None:
    """The moments are spread over the time that the same work takes undisturbed; some starts are killed as well."""
    rounds = [Round.number(index) for index in range(times + 1)]
    rounds[0].prepare(crowd)
    undisturbed = rounds[0].run(crowd, None)
    rounds[0].check(crowd)
    assert all(work.acknowledged for work in rounds[0].works)
    acknowledged = []
    for index, each in enumerate(rounds[1:]):
        each.prepare(crowd)
        each.run(crowd, undisturbed * index / times)
        if index % 5 == 4:
            kill_a_start(crowd, index / times)
        crowd.up()
        each.check(crowd)
        acknowledged.append(sum(work.acknowledged for work in each.works))
    assert min(acknowledged) < len(rounds[0].works), "every kill came when all was done"
    for each in rounds:
        each.check(crowd)


def kill_a_start(carrier: CarrierProcess, seconds: float) -> None:
    """Start, and kill the control process before it serves, if it does not serve sooner."""
    command = [sys.executable, "-m", "nfemu.cli.main", "--config", str(carrier.config), "up", "--free-ports"]
    environment = {**os.environ, "NFEMU_STATE": str(carrier.state.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as starting:
        assert starting.stderr is not None
        while not (born := children(starting.pid)):
            assert starting.poll() is None
        time.sleep(seconds)  # the moment is the subject of the test
        workers = children(born[0])
        os.kill(born[0], signal.SIGKILL)
        told = starting.stderr.read()
    assert all(map(has_ended, [*born, *workers]))
    assert starting.returncode == 0 or b"the carrier ended while it started; its last words are in" in told
