"""Reports become few use cases, one at a time; what was found is remembered for as long as it holds."""

import asyncio
from datetime import UTC, datetime, timedelta

from nfemu.model.errors import Unavailable
from nfemu.model.identity import Msisdn
from nfemu.runtime import detection
from nfemu.runtime.detection import Detection
from tests.fakes.ports import FakeClock

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
ZHANG, LI = Msisdn("8613800138000"), Msisdn("8613800138001")


class Cases:
    """Stands for the use case: quiet for an hour; `fails` of them fail."""

    def __init__(self, fails: int = 0) -> None:
        self.clock = FakeClock(NOW)
        self.looked: list[Msisdn] = []
        self.done = asyncio.Event()
        self.fails = fails
        self.detection = Detection(self.detect, self.clock)
        self.detection.start()

    async def detect(self, msisdn: Msisdn) -> datetime:
        self.looked.append(msisdn)
        self.done.set()
        if len(self.looked) <= self.fails:
            raise Unavailable("the store is away; try again")
        return self.clock.time + timedelta(hours=1)

    async def blocked(self, msisdn: Msisdn, version: int = 1) -> None:
        """One report, and whatever it leads to."""
        self.detection.blocked(msisdn, version)
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_flood_of_one_line_is_looked_at_once() -> None:
    cases = Cases()
    for _ in range(1000):
        cases.detection.blocked(ZHANG, 1)
    await cases.done.wait()
    for _ in range(10):
        await cases.blocked(ZHANG)
    assert cases.looked == [ZHANG]
    await cases.detection.stop()


async def test_a_changed_line_and_a_later_time_are_looked_at_anew() -> None:
    cases = Cases()
    await cases.blocked(ZHANG)
    await cases.blocked(ZHANG, 2)
    await cases.blocked(LI)
    cases.clock.time += timedelta(hours=1)
    await cases.blocked(ZHANG, 2)
    assert cases.looked == [ZHANG, ZHANG, LI, ZHANG]
    await cases.detection.stop()


async def test_a_failure_is_not_remembered() -> None:
    cases = Cases(fails=1)
    await cases.blocked(ZHANG)
    await cases.blocked(ZHANG)
    assert cases.looked == [ZHANG, ZHANG]
    await cases.detection.stop()


async def test_queue_and_memory_are_bounded() -> None:
    cases = Cases()
    first = Msisdn("8613000000000")
    for number in range(detection._MOST_WAITING + 5):
        cases.detection.blocked(Msisdn(str(int(first.e164) + number)), 1)
    assert len(cases.detection._waiting) == detection._MOST_WAITING
    cases.detection._waiting.clear()
    known = detection._Known(1, NOW)
    cases.detection._known.update(
        (Msisdn(str(int(first.e164) + number)), known) for number in range(detection._MOST_REMEMBERED)
    )
    await cases.blocked(ZHANG)
    assert len(cases.detection._known) == detection._MOST_REMEMBERED
    assert first not in cases.detection._known
    await cases.detection.stop()


async def test_under_new_rules_every_line_is_looked_at_anew() -> None:
    cases = Cases()
    await cases.blocked(ZHANG)
    cases.detection.forget()
    await cases.blocked(ZHANG)
    assert cases.looked == [ZHANG, ZHANG]
    await cases.detection.stop()
