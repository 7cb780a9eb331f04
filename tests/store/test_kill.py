"""`kill -9` at any moment: whatever was acknowledged is there, and the sums still are the ledger's."""

import random
import signal
import subprocess
import sys

import pytest

from nfemu.model.identity import SessionId
from nfemu.store import SqlStore
from tests.store.direct import connected
from tests.store.people import PHONE, ZHANG
from tests.store.test_ledger import kept_and_summed

BOOKING = """
import asyncio, sys

from nfemu.carrier.ports import AddEvent, AppendEntry, PutSession
from nfemu.store import SqlStore
from tests.store.people import entry, event, people, released, session

async def main():
    url, round_ = sys.argv[1:]
    store = SqlStore(url)
    await store.open()
    await store.commit(people())
    (last,) = await store.sessions() or (session("ses-0"),)
    version = last.policy_version
    for number in range(1_000_000):
        name, version = f"{round_}-{number}", version + 1
        one = session(f"ses-{name}", version=version)
        gone = [PutSession(released(last, number))]
        await store.commit([*gone, PutSession(one), AppendEntry(entry(1, name)), AddEvent(event(name))])
        last = one
        print(name, flush=True)

asyncio.run(main())
"""


def book_until_killed(url: str, round_: int, acknowledgements: int) -> list[str]:
    """Run a booking process, kill it after so many acknowledgements; everything that it acknowledged."""
    command = [sys.executable, "-c", BOOKING, url, str(round_)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(acknowledgements)]
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return [line.strip() for line in acknowledged if line.endswith("\n")]


@pytest.mark.parametrize("seed", [20261101])
async def test_what_was_acknowledged_survives(url: str, seed: int) -> None:
    draw = random.Random(seed)
    acknowledged: list[str] = []
    for round_ in range(6):
        acknowledged += book_until_killed(url, round_, draw.randint(1, 120))
    store = SqlStore(url)
    await store.open()
    entries = await store.ledger(ZHANG, limit=1_000_000)
    booked = [entry.trade_no for entry in reversed(entries)]
    events = [event.name for event in await store.events(PHONE.imsi, limit=1_000_000)]
    (session,) = await store.sessions()
    view = await store.account(ZHANG)
    await store.close()
    assert set(acknowledged) <= set(booked)
    # a process may have died between the commit and its acknowledgement, once
    assert len(booked) <= len(acknowledged) + 6
    assert events == booked
    assert session.id == SessionId(f"ses-{booked[-1]}")
    assert view is not None
    assert view.balance.minor == len(booked)
    with connected(url) as connection:
        assert all(kept == summed for _, kept, summed in kept_and_summed(connection))
