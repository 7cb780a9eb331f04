"""Whoever waits by limits that hold no longer goes on at once, and a further connection asks the new ones."""

import asyncio

import pytest

from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.gateway.engine.pacing import Pacing
from nfemu.model.policy import Limits


def slow() -> Limiter:
    """An octet a second, and behind it by ten million."""
    limiter, counter = Limiter(Limits(1, 8, 8), lambda: 0.0), Counter()
    limiter.add(counter)
    counter.down += 10_000_000
    return limiter


async def settled(task: asyncio.Task[object]) -> bool:
    """Whether it has ended, once what can happen has happened."""
    for _ in range(20):
        await asyncio.sleep(0)
    return task.done()


@pytest.mark.parametrize("octets", [1, 65_536])
async def test_readers_that_wait_go_on_with_other_limits_only(octets: int) -> None:
    before, pacing = slow(), Pacing()
    pacing.change(before, essential=True)
    readers = [asyncio.create_task(pacing.pace(octets)) for _ in range(2)]
    assert not await settled(readers[0])
    pacing.change(before, essential=True)
    assert not await settled(readers[0])
    pacing.change(slow(), essential=True)
    await asyncio.gather(*readers)
    assert not await settled(asyncio.create_task(before.pace(1))), "others of the line wait as before"


async def test_a_further_connection_has_to_wait_by_the_new_limits() -> None:
    pacing = Pacing()
    assert await pacing.enter(1)
    pacing.change(slow(), essential=True)
    entering = asyncio.create_task(pacing.enter(1))
    assert not await settled(entering)
    pacing.change(slow(), essential=True)
    assert not await settled(entering)
    pacing.change(None, essential=True)
    assert await entering


async def test_a_change_as_the_wait_ends_anyway() -> None:
    before, pacing = slow(), Pacing()
    pacing.change(before, essential=True)
    entering = asyncio.create_task(pacing.enter(1))
    assert not await settled(entering)
    before.limit(Limits())
    await asyncio.sleep(0)
    pacing.change(None, essential=True)
    assert await entering


async def test_past_the_cap_only_what_is_essential_goes_on() -> None:
    pacing = Pacing()
    assert (pacing.is_over(), pacing.rate) == (False, 0)
    pacing.change(slow(), essential=False)
    await pacing.pace(1)
    assert (pacing.is_over(), pacing.rate) == (True, 8)
    pacing.change(slow(), essential=True)
    assert not pacing.is_over()
