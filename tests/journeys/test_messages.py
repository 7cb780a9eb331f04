"""A wave of messages on a real carrier that is killed while it sends: nothing is lost, nothing is doubled (S7); and an
independent SMPP client receives what was sent, the stop notice in two parts among it (G1)."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from nfemu.carrier.ports import PutNotice
from nfemu.client import StateFolder
from nfemu.model.notices import NoticeKind
from nfemu.store import SqlStore
from tests.fakes.messages import message
from tests.journeys.carrier import NUMBER, CarrierProcess, until
from tests.journeys.configuring import ONE_WORKER, own_config
from tests.messaging.receiving import Phone

pytestmark = pytest.mark.once


def carrier_of(tmp_path: Path, people: int, per_second: int) -> CarrierProcess:
    """Not running; with so many people of a number range, and receivers."""
    config = own_config(
        tmp_path / "config",
        ONE_WORKER,
        ("subscribers.yaml", "count: 20", f"count: {people}"),
        ("dunning.yaml", "sms: {per_second: 500, fail: 0}", f"sms: {{per_second: {per_second}, fail: 0}}"),
        ("dunning.yaml", "# smpp: {port: 2775} ", "smpp: {port: 0}"),
    )
    return CarrierProcess(StateFolder(tmp_path / "state"), config)


async def plan_wave(carrier: CarrierProcess, size: int) -> None:
    """So many messages are decided on, in one commit, as if the carrier had been killed behind it."""
    store = SqlStore(f"sqlite:///{carrier.state.database}")
    await store.open()
    cards = await store.subscribers(limit=size)
    assert len(cards) == size
    wave = [
        replace(message(NoticeKind.MONTH_END, f"ntc-{number:024x}"), imsi=card.imsi)
        for number, card in enumerate(cards)
    ]
    await store.commit([PutNotice(notice) for notice in wave])
    await store.close()


def asked(carrier: CarrierProcess, question: str) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(f"file:{carrier.state.database}?mode=ro", uri=True)) as database:
        return [(str(name), int(count)) for name, count in database.execute(question)]


def states(carrier: CarrierProcess) -> dict[str, int]:
    """How many messages of the wave are in which state."""
    return dict(asked(carrier, "SELECT state, COUNT(*) FROM notice WHERE kind = 'month end' GROUP BY state"))


def told(carrier: CarrierProcess) -> Counter[int]:
    """How many timelines of those who were sent something say so how often."""
    found = asked(carrier, "SELECT imsi, COUNT(*) FROM event WHERE name = 'notice.sent' GROUP BY imsi")
    return Counter(count for _, count in found)


def address(carrier: CarrierProcess) -> tuple[str, int]:
    host, _, port = str(carrier.running.smpp).rpartition(":")
    return host, int(port)


async def received(carrier: CarrierProcess, size: int) -> Phone:
    """A receiver that has got so many short messages of one part."""
    phone = await Phone.bound(address(carrier), carrier.state.smpp_password.read_text())
    await phone.read(size)
    return phone


def killed_in_a_wave(carrier: CarrierProcess, size: int, kills: int) -> None:
    carrier.up()
    carrier.down()
    asyncio.run(plan_wave(carrier, size))
    sent = 0
    for _ in range(kills):
        carrier.up()
        until(lambda before=sent: states(carrier).get("sent", 0) > before)  # type: ignore[misc]  # a default binds it
        carrier.kill()
        sent = states(carrier)["sent"]
        assert 0 < states(carrier)["pending"] < size
    carrier.up()
    until(lambda: states(carrier) == {"sent": size}, within_s=120)
    assert told(carrier) == {1: size}


def test_killed_in_a_wave_and_received_by_smpp(tmp_path: Path) -> None:
    carrier = carrier_of(tmp_path, 300, 100)
    try:
        killed_in_a_wave(carrier, 300, 1)
        assert carrier.state.smpp_password.stat().st_mode & 0o777 == 0o600
        assert "password in" in carrier.nfemu("status").text
        phone = asyncio.run(received(carrier, 150))
        carrier.kill()
        phone.client.disconnect()
        ((_, waiting),) = asked(carrier, "SELECT 'relay', COUNT(*) FROM relay")
        assert 150 <= waiting <= 160
        carrier.up()
        rest = asyncio.run(received(carrier, waiting))
        assert {*phone.texts(), *rest.texts()} == {f"ntc-{number:024x}" for number in range(300)}
        with carrier.client() as client:
            client.charge(NUMBER, "59.00")
            (stopped,) = [each for each in client.inbox(NUMBER) if each.kind == "stopped"]
        asyncio.run(rest.read(2))
        assert rest.texts()[stopped.id] == stopped.text
        rest.client.disconnect()
    finally:
        carrier.down()


@pytest.mark.long
def test_killed_in_a_wave_of_five_thousand(tmp_path: Path) -> None:
    carrier = carrier_of(tmp_path, 5_000, 500)
    try:
        killed_in_a_wave(carrier, 5_000, 3)
    finally:
        carrier.down()
