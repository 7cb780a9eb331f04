"""Many payments at once, each with a fault by order or none, and a carrier that is killed in the middle of them."""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

from nfemu.client import Client
from nfemu.client.errors import ClientError
from nfemu.model.errors import NfemuError
from nfemu.wechat.faults import FaultKind
from tests.journeys.carrier import CarrierProcess

_AT_ONCE = {FaultKind.SLOW: "slow:0"}
_SHARE = 0.6
"""Of the orders have a fault."""
_ABREAST = 16
_PAID = (
    "SELECT count(*), coalesce(sum(total - refunded), 0) FROM wechat_trade WHERE mchid = '1900000001' AND paid_at > 0"
)
_BOOKED = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE trade_no LIKE '%WeChat Pay/%'"
_FAULTS = "SELECT coalesce(fault, 'none'), count(*) FROM wechat_trade WHERE paid_at > 0 GROUP BY 1 ORDER BY 1"


@dataclass(slots=True)
class Burst:
    """`count` payments of lines in turn; `ends`: how the calls for them ended."""

    carrier: CarrierProcess
    numbers: Sequence[str]
    count: int
    ends: Counter[str] = field(default_factory=Counter)
    _half: threading.Event = field(default_factory=threading.Event)
    _back: threading.Event = field(default_factory=threading.Event)

    def run(self, seed: int) -> None:
        """Pay; half way the carrier is killed, and another one goes on."""
        chosen = random.Random(seed)
        with self.carrier.client() as client:
            _arm(client, chosen, round(self.count * _SHARE))
        amounts = [f"{chosen.randint(1, 9)}.00" for _ in range(self.count)]
        with ThreadPoolExecutor(_ABREAST) as pool:
            paying = [pool.submit(self._pay, number, amount) for number, amount in enumerate(amounts)]
            self._half.wait()
            self.carrier.kill()
            self.carrier.up("--clock", "test")
            self._back.set()
            for each in paying:
                each.result()

    def _pay(self, number: int, amount: str) -> None:
        """Once: whether the money is paid where the carrier went away, nobody knows who asks again."""
        if number > self.count // 2:
            self._back.wait()
        try:
            with self.carrier.client() as client:
                client.pay(self.numbers[number % len(self.numbers)], amount)
            end = "settled"
        except ClientError as refusal:
            end = f"answered {refusal.status}"
        except (NfemuError, OSError):
            end = "cut off"
        self.ends[end] += 1
        if sum(self.ends.values()) >= self.count // 3:
            self._half.set()


def _arm(client: Client, chosen: random.Random, count: int) -> None:
    """Faults of all kinds for so many of the next orders, at random."""
    while count > 0:
        kind, orders = chosen.choice(list(FaultKind)), min(count, chosen.randint(1, 5))
        client.wechat.arm(_AT_ONCE.get(kind, kind.value), count=orders)
        count -= orders


def assert_nothing_differs(carrier: CarrierProcess, days: int) -> Counter[str]:
    """Once `days` have passed the bills of all of them agree with the ledger, sum for sum; the faults that were."""
    with carrier.client() as client:
        first = client.clock().now.date()
    moved = carrier.nfemu("clock", "advance", f"{days}d", timeout=600)
    assert moved.status == 0, moved.errors
    for day in range(days + 1):
        done = carrier.nfemu("pay", "reconcile", "--date", str(first + timedelta(days=day)), timeout=300)
        assert (done.status, done.text.splitlines()[0][-10:]) == (0, ", 0 differ"), done.text
    with closing(sqlite3.connect(f"file:{carrier.state.database}?mode=ro", uri=True)) as database:
        _, given = database.execute(_PAID).fetchone()
        assert database.execute(_BOOKED).fetchone() == (given,)
        return Counter(dict(database.execute(_FAULTS).fetchall()))
