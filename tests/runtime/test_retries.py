"""Work that is tried until it succeeds, one run per account waiting at most."""

import asyncio

from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId
from nfemu.runtime.retries import Retries

ACCOUNT = AccountId("zhang")


class Work:
    """Fails `failures` times; `done` is set at the first success."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0
        self.done = asyncio.Event()

    async def __call__(self, _: AccountId) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise Unavailable("not yet; try again")
        self.done.set()


async def test_it_runs_until_it_succeeds() -> None:
    work = Work(failures=1)
    retries = Retries(work)
    retries.schedule(ACCOUNT, 0.0)
    assert ACCOUNT in retries
    retries.schedule(ACCOUNT, 0.0)
    await asyncio.wait_for(work.done.wait(), 5)
    await retries.stop()
    assert work.runs == 2
    assert ACCOUNT not in retries


async def test_what_the_work_itself_puts_off_waits_longer_each_time() -> None:
    """A channel that is down asks for another try inside the run; that must not become a busy loop."""
    delays: list[float] = []
    done = asyncio.Event()

    async def work(account: AccountId) -> None:
        delays.append(retries._delays[account])
        if len(delays) < 2:
            retries.schedule(account)
        else:
            done.set()

    retries = Retries(work)
    retries.schedule(ACCOUNT, 0.0)
    await asyncio.wait_for(done.wait(), 5)
    await retries.stop()
    assert delays == [0.2, 0.4]
    assert retries._delays == {}


async def test_once_stopped_nothing_waits_and_nothing_begins() -> None:
    work = Work(failures=0)
    retries = Retries(work)
    retries.schedule(ACCOUNT, 60.0)
    await retries.stop()
    retries.schedule(ACCOUNT, 0.0)
    assert ACCOUNT not in retries
    assert work.runs == 0


async def test_stopping_lets_finish_what_runs() -> None:
    gate, begun, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work(_: AccountId) -> None:
        begun.set()
        await gate.wait()
        ended.set()

    retries = Retries(work)
    retries.schedule(ACCOUNT, 0.0)
    await begun.wait()
    stopping = asyncio.create_task(retries.stop())
    await asyncio.sleep(0)
    assert not ended.is_set()
    gate.set()
    await stopping
    assert ended.is_set()
