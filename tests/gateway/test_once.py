import asyncio

import pytest

from nfemu.gateway.once import Once
from nfemu.model.errors import Unavailable


class Work:
    """Counts how often it was begun; ends when told."""

    def __init__(self) -> None:
        self.begun = 0
        self.end = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        mine = self.begun
        await self.end.wait()
        if self.failure is not None:
            raise self.failure
        return mine


async def test_the_result_and_the_error_are_shared_and_then_forgotten() -> None:
    once, work = Once[str, int](), Work()
    waiting = [asyncio.create_task(once.run("a", work)) for _ in range(3)]
    await asyncio.sleep(0)
    work.failure = Unavailable("no")
    work.end.set()
    assert [str(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == ["no"] * 3
    work.failure = None
    assert await once.run("a", work) == 2


async def test_one_that_stops_waiting_ends_nothing() -> None:
    once, work = Once[str, int](), Work()
    patient, hasty = (asyncio.create_task(once.run("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    hasty.cancel()
    work.end.set()
    assert await patient == 1
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_what_was_begun_before_is_not_joined_after() -> None:
    once, work = Once[str, int](), Work()
    early = asyncio.create_task(once.run("a", work))
    await asyncio.sleep(0)
    once.forget()
    late = [asyncio.create_task(once.run("a", work)) for _ in range(2)]
    await asyncio.sleep(0)
    work.end.set()
    assert (await early, [await each for each in late]) == (1, [2, 2])


async def test_an_error_that_nobody_waits_for_is_nobodys() -> None:
    once, work = Once[str, int](), Work()
    only = asyncio.create_task(once.run("a", work))
    await asyncio.sleep(0)
    only.cancel()
    work.failure = Unavailable("no")
    work.end.set()
    with pytest.raises(asyncio.CancelledError):
        await only
    await once.stop()
