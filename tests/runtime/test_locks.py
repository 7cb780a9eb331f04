"""One lock per account, first come, first served, and no lock that nobody uses."""

import asyncio

import pytest

from nfemu.model.identity import AccountId
from nfemu.runtime.locks import KeyedLocks

ACCOUNT, OTHER = AccountId("zhang"), AccountId("li")


async def test_the_second_waits_and_others_do_not() -> None:
    locks: KeyedLocks[AccountId] = KeyedLocks()
    order: list[str] = []
    both = asyncio.Event()

    async def use(name: str, account: AccountId, gate: asyncio.Event) -> None:
        await locks.acquire(account)
        order.append(name)
        if len(order) == 2:
            both.set()
        await gate.wait()
        locks.release(account)

    gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(use("first", ACCOUNT, gate))
        group.create_task(use("second", ACCOUNT, gate))
        group.create_task(use("other", OTHER, gate))
        await both.wait()
        assert order == ["first", "other"]
        assert len(locks) == 2
        gate.set()
    assert order == ["first", "other", "second"]
    assert len(locks) == 0


async def test_one_who_gives_up_waiting_leaves_nothing_behind() -> None:
    locks: KeyedLocks[AccountId] = KeyedLocks()
    await locks.acquire(ACCOUNT)
    waiting = asyncio.create_task(locks.acquire(ACCOUNT))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    locks.release(ACCOUNT)
    assert len(locks) == 0
