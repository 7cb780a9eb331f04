"""The flip as a phone sees it: payment notified → first open page, and what got through after a restriction.

The carrier runs in this process, so that the moment of the notification is known; the phone in one of its own.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nfemu.bootstrap import BoundPorts, Emulator
from nfemu.carrier.payments import PaymentNotification
from nfemu.client.state import StateFolder
from nfemu.measuring.browser import BINARY, Onto, bearer, proxy, warm
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.runtime.keys import private_folder
from nfemu.settings import Configuration

_PHONE = (sys.executable, "-P", "-m", "nfemu.measuring.phone")
_LATE_S = 30.0


@dataclass(frozen=True, slots=True)
class FlipFigures:
    """Milliseconds from notification to page, one for each round."""

    access: str
    """Which, and what that means."""
    anew: list[float]
    """The phone asks for the address and connects anew."""
    kept: list[float]
    """It goes on with what it has: the connection that a proxy kept, or the address that it was told in arrears."""
    leaked: int
    """Octets of pages that were asked for after the restriction was acknowledged, in all rounds. None is right."""
    restricted: list[float]
    """Milliseconds from charge to acknowledgement, under the phone's load."""
    browser: list[float]
    """Of a warm Chromium that asks as soon as the flip is acknowledged; empty where there is none on PATH."""
    browser_refused: int
    """How many of these first requests were refused. None is right."""


async def measure(read: Callable[[], Configuration], number: Msisdn, rounds: int) -> FlipFigures:
    """A carrier with this configuration, on free ports and a state folder of its own; its line `number` is stopped and
    paid for `rounds` times, half of them each way, and then once more for every four of them with a browser.

    Raises what the carrier's start raises; Conflict where a charge does not restrict the line; Unavailable where the
    phone or the browser gets no answer.
    """
    with tempfile.TemporaryDirectory(prefix="nfemu-bench-") as folder:
        state = StateFolder(Path(folder) / "state")
        private_folder(state.path)
        async with Emulator(state, read, BoundPorts.of(read()).free()) as emulator, _phone(emulator, number) as phone:
            figures = FlipFigures(emulator.status().access, [], [], 0, [], [], 0)
            leaked = 0
            for index in range(rounds):
                leaked += await _restrict(emulator, number, phone, figures.restricted)
                command, times = ("opening", figures.anew) if index % 2 == 0 else ("reopening", figures.kept)
                times.append(await _pay(emulator, number, phone, command))
            refused = await _browse(emulator, number, Path(folder) / "home", rounds // 4, figures.browser)
            return replace(figures, leaked=leaked, browser_refused=refused)


class _Phone:
    """See phone.py."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - asked for
        assert process.stdout is not None  # noqa: S101 - asked for
        self._commands = process.stdin
        self._answers = process.stdout

    def tell(self, command: str) -> None:
        self._commands.write(command.encode() + b"\n")

    async def answer(self) -> Any:
        """Raises Unavailable."""
        try:
            async with asyncio.timeout(_LATE_S):
                line = await self._answers.readline()
        except TimeoutError:
            raise Unavailable(f"the line did not change within {_LATE_S:g} seconds") from None
        if not line:
            raise Unavailable("the phone has ended; what it said is above")
        return json.loads(line)


@asynccontextmanager
async def _phone(emulator: Emulator, number: Msisdn) -> AsyncIterator[_Phone]:
    """On the line of a carrier that runs, by the richest access that it has."""
    status = emulator.status()
    if status.has_bearers:
        plugged = await emulator.plug(number)
        way = ("bearer", str(plugged.pid), str(plugged.network))
    else:
        way = ("proxy", status.http_proxy, number.e164)
    process = await asyncio.create_subprocess_exec(*_PHONE, *way, stdin=-1, stdout=-1)
    try:
        yield _Phone(process)
    finally:
        process.terminate()
        await process.wait()


async def _restrict(emulator: Emulator, number: Msisdn, phone: _Phone, times: list[float]) -> int:
    """Octets that the phone got for what it asked after the acknowledgement."""
    phone.tell("closing")
    await phone.answer()
    took, acknowledged = await _stop(emulator, number)
    times.append(took)
    return sum(octets for sent, octets in await phone.answer() if sent > acknowledged)


async def _stop(emulator: Emulator, number: Msisdn) -> tuple[float, float]:
    """Milliseconds from charge to acknowledgement, and when that came."""
    service = emulator.service
    status = await service.status(number)
    began = time.monotonic()
    status = await service.charge(number, status.balance + status.account.credit_limit + _one(status.balance))
    acknowledged = time.monotonic()
    if status.effective == status.profile:
        raise Conflict("a charge beyond the credit limit does not restrict the line here; see `dunning.yaml`")
    return (acknowledged - began) * 1000, acknowledged


async def _browse(emulator: Emulator, number: Msisdn, home: Path, rounds: int, times: list[float]) -> int:
    """How often the browser was refused on the open line; `times` gets milliseconds from notification to page."""
    if BINARY is None:
        return 0
    refused = 0
    async with warm(await _way_of(emulator, number), home) as tab:
        for _ in range(rounds):
            await _stop(emulator, number)
            if await tab.page():
                raise Conflict("Chromium gets the page on a restricted line")
            notification = await _ordered(emulator, number)
            notified = time.monotonic()
            await emulator.service.settle(notification)
            while not await tab.page():
                refused += 1
            times.append((time.monotonic() - notified) * 1000)
    return refused


async def _way_of(emulator: Emulator, number: Msisdn) -> Onto:
    status = emulator.status()
    if status.has_bearers:
        plugged = await emulator.plug(number)
        return bearer(plugged.pid, plugged.network, plugged.resolvers)
    own = status.subscriber_proxies.get(number.e164)
    if own is None:
        raise Conflict(f"`{number}` has no proxy listener of its own, which Chromium needs; add it in `carrier.yaml`")
    return proxy(own)


async def _pay(emulator: Emulator, number: Msisdn, phone: _Phone, command: str) -> float:
    """Milliseconds from the notification to the first page."""
    notification = await _ordered(emulator, number)
    notified = time.monotonic()
    phone.tell(command)
    _, opened = await asyncio.gather(emulator.service.settle(notification), phone.answer())
    return float((opened - notified) * 1000)


async def _ordered(emulator: Emulator, number: Msisdn) -> PaymentNotification:
    """What the provider will say of a payment of all that is due."""
    service = emulator.service
    due = (await service.status(number)).amount_due
    payment, _ = await service.order_payment(number, due, "")
    return PaymentNotification(payment.provider, payment.no, f"bench-{payment.no}", payment.amount, datetime.now(UTC))


def _one(like: Money) -> Money:
    return Money.parse("1", like.currency)
