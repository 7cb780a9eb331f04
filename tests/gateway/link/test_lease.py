import asyncio

import pytest

from nfemu.gateway.link.lease import Lease
from nfemu.gateway.link.messages import LinkError


async def test_it_runs_from_the_question_not_from_the_answer() -> None:
    lapsed = asyncio.Event()

    async def told() -> None:
        lapsed.set()

    lease = Lease(0.05, told)
    lease.asked(1)
    assert not lease.runs()
    await asyncio.sleep(0.06)
    lease.granted(1)
    assert not lease.runs()
    await asyncio.wait_for(lapsed.wait(), 10)


async def test_each_answer_makes_it_last_longer_and_nobody_is_told_meanwhile() -> None:
    lease = Lease(60.0, None)
    lease.asked(1)
    lease.asked(2)
    lease.granted(1)
    lease.granted(2)
    assert lease.runs()
    lease.drop()
    assert not lease.runs()


async def test_an_answer_to_nothing_is_an_error() -> None:
    lease = Lease(60.0)
    lease.asked(2)
    lease.granted(2)
    for number in (1, 2, 3):
        with pytest.raises(LinkError):
            lease.granted(number)


async def test_a_lease_of_no_length_lapses() -> None:
    lease = Lease()
    lease.asked(1)
    lease.granted(1)
    await asyncio.sleep(0)
    assert not lease.runs()
