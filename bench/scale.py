"""A thousand lines over bearers, through the API: attach, plug in, and five hundred flips at once.

None of it has a peer. Every flip is looked at twice: what the API acknowledged, and what a packet of that line gets.
"""

import asyncio
import json
import statistics
import sys
from collections.abc import Sequence

from bench.api import Api, Call, Called
from bench.carrier import running
from bench.load import cpu_seconds
from nfemu.model.errors import Unavailable

_LINES = 1_000
_FLIPPED = 500
_AT_ONCE = 16
_PAYERS = 100
"""At once: on a busy machine more would not be settled within the five seconds that a provider waits for an answer."""
_ATTACHES = 200
"""A second; the budget."""
_NUMBERS = [f"1390000{index:04}" for index in range(_LINES)]
_RANGE = f'{{first_number: "{_NUMBERS[0]}", first_imsi: "460009000000000", count: {_LINES}, balance: 50}}'


class _Lines:
    """The lines of a running carrier, a phone in each."""

    def __init__(self, api: Api, control: int) -> None:
        """`control`: the control process."""
        self._api = api
        self._control = control
        self._core = 0
        self._networks: dict[str, int] = {}

    async def attach(self) -> str:
        """Raises RuntimeError for any refusal, as all methods here do."""
        _, rate = await self._measured("attach", _NUMBERS, _AT_ONCE)
        return f"attach, {_LINES} lines, {_AT_ONCE} at a time: {rate} (budget {_ATTACHES})"

    async def plug(self) -> str:
        done, rate = await self._measured("plug", _NUMBERS, _AT_ONCE)
        self._core = done[0].answer["pid"]
        self._networks = {number: one.answer["network"] for number, one in zip(_NUMBERS, done, strict=True)}
        return f"plug in, {_LINES} phones, {_AT_ONCE} at a time: {rate}"

    async def flip(self, what: str, at_once: int, numbers: Sequence[str], policy: str, body: object = None) -> str:
        _, rate = await self._measured(what, numbers, at_once, body)
        now = await self._all("GET", "", numbers, _AT_ONCE)
        held = sum(one.answer["session"]["policy"] == policy for one in now)
        served = sum(status == {"open": 200, "arrears": 302}[policy] for status in await self._seen(numbers))
        right = f"{held} acknowledged as {policy}, {served} of the phones see it"
        return f"{what}, {len(numbers)} lines, {at_once} at once: {rate}; {right} (budget {len(numbers)})"

    async def _seen(self, numbers: Sequence[str]) -> list[int]:
        networks = [str(self._networks[number]) for number in numbers]
        command = [sys.executable, "-m", "bench.crowd", str(self._core), *networks]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        statuses: list[int] = json.loads((await process.communicate())[0])
        return statuses

    async def _measured(
        self, what: str, numbers: Sequence[str], at_once: int, body: object = None
    ) -> tuple[list[Called], str]:
        before = cpu_seconds(self._control)
        done = await self._all("POST", what, numbers, at_once, body)
        each = (cpu_seconds(self._control) - before) / len(done) * 1000
        return done, f"{_rate(done)}, {each:.1f} ms of the control process's processor time each"

    async def _all(
        self, method: str, what: str, numbers: Sequence[str], at_once: int, body: object = None
    ) -> list[Called]:
        paths = [f"subscribers/{number}/{what}".rstrip("/") for number in numbers]
        done = await self._api.all([Call(method, path, body) for path in paths], at_once)
        for one in done:
            if one.status != 200:
                raise RuntimeError(f"{method} {what} was answered {one.status}: {one.answer}")
        return done


def _rate(done: Sequence[Called]) -> str:
    took = max(one.ended for one in done) - min(one.began for one in done)
    hundredths = statistics.quantiles((one.milliseconds for one in done), n=100, method="inclusive")
    spread = f"p50 {hundredths[49]:.0f} ms, p99 {hundredths[98]:.0f} ms"
    return f"{len(done) / took:.0f} a second, {spread}"


async def _measure(lines: _Lines) -> list[str]:
    some, others = _NUMBERS[:_FLIPPED], _NUMBERS[_FLIPPED : 2 * _FLIPPED]
    return [
        await lines.attach(),
        await lines.plug(),
        await lines.flip("restrict", _FLIPPED, some, "arrears"),
        await lines.flip("charges", _FLIPPED, others, "arrears", {"amount": "80.00"}),
        await lines.flip("restore", _FLIPPED, some, "open"),
        await lines.flip("payments", _PAYERS, others, "open", {"amount": "80.00"}),
    ]


def run() -> list[str]:
    """A line for each step; one that says why where there are no bearers."""
    try:
        with running("carrier.access=bearer", f"subscribers.ranges=[{_RANGE}]") as state:
            return asyncio.run(_measure(_Lines(Api(state), state.status().pid)))
    except Unavailable as error:
        return [f"a thousand lines over bearers: not measured, {error}"]
