"""The course of a soak: a real carrier, everybody's journeys, a rest after the first minute and one at the end."""

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.soak.browsing import Browser, Doors
from bench.soak.disturbing import Disturbances
from bench.soak.journeys import Journey, Surroundings
from bench.soak.measuring import Holding, database_size
from bench.soak.office import Account, Desks
from bench.soak.opinion import Watched
from bench.soak.report import Report
from nfemu.client import Client, StateFolder
from nfemu.client.values import Subscriber, SubscriberPage
from nfemu.policy.rules import PolicySet
from nfemu.settings import load
from tests.journeys.carrier import CarrierProcess
from tests.journeys.configuring import own_config

FIRST_NUMBER = 13_900_000_000
_OWN_LISTENERS = 10
_DESKS = 4
_MINUTE_S = 60.0
_SETTLED_S = 180
"""Shorter runs say nothing of memory."""
_REST_S = 8.0
"""Longer than any server keeps an idle connection."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The same `seed` makes the same choices; what they meet depends on the machine too."""

    seconds: int
    subscribers: int
    seed: int

    def __str__(self) -> str:
        return f"soak: {self.subscribers} subscribers for {self.seconds} s, seed {self.seed}"


async def soak(plan: Plan) -> Report:
    with tempfile.TemporaryDirectory(prefix="nfemu-soak-") as folder:
        config = _configure(Path(folder) / "config", plan.subscribers)
        texts, variants = _variants(config)
        carrier = CarrierProcess(StateFolder(Path(folder) / "state"), config)
        await asyncio.to_thread(carrier.up)
        try:
            return await _Course(plan, carrier, texts, variants).run()
        finally:
            await asyncio.to_thread(carrier.down)


def _configure(folder: Path, subscribers: int) -> Path:
    listeners = "".join(f'\n    "{FIRST_NUMBER + index}": 0' for index in range(min(_OWN_LISTENERS, subscribers)))
    return own_config(
        folder,
        ("subscribers.yaml", "count: 20", f"count: {subscribers}"),
        ("subscribers.yaml", "attach: listed", "attach: all"),
        ("carrier.yaml", '"13800138001": 8621', f'"13800138001": 8621{listeners}'),
    )


def _variants(config: Path) -> tuple[list[str], list[PolicySet]]:
    """As shipped, and with one more site on the list of the restricted; the first is in force."""
    file = config / "policies.yaml"
    shipped = file.read_text(encoding="utf-8")
    texts = [shipped, shipped.replace("[pay.provider.example]", "[pay.provider.example, extra.example]")]
    variants: list[PolicySet] = []
    for text in reversed(texts):
        file.write_text(text, encoding="utf-8")
        variants.insert(0, load(config).policies.compiled)
    return texts, variants


class _Course:
    def __init__(self, plan: Plan, carrier: CarrierProcess, texts: list[str], variants: list[PolicySet]) -> None:
        self._plan = plan
        self._carrier = carrier
        self._here = Surroundings(Watched(0), variants, Watched(False), self._restarts)
        self._report = Report(str(plan))
        self._desks = Desks(lambda: Client.find(carrier.state), _DESKS)
        self._disturbances = Disturbances(self._desks, carrier.config / "policies.yaml", texts, self._here)
        self._actions: Counter[str] = Counter()
        self._ended = asyncio.Event()

    async def run(self) -> Report:
        journeys = await self._journeys()
        await self._disturbances.follow()
        async with asyncio.TaskGroup() as group:
            self._here.going.set()
            for journey in journeys:
                group.create_task(journey.travel(self._ended))
            disturbing = group.create_task(self._disturbances.disturb(self._plan.seconds / 20, self._ended))
            try:
                await self._measure()
            finally:
                self._ended.set()
                self._here.going.set()
                disturbing.cancel()
        self._desks.close()
        return self._told()

    async def _measure(self) -> None:
        """A sample each minute; the first and the last at rest. A worker that takes the place of one that was followed
        is at rest after its own first minute, too.

        A run that is too short to settle has the last one only, and nothing that its memory could be compared with.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        if self._plan.seconds >= _SETTLED_S:
            await asyncio.sleep(_MINUTE_S)
            await self._rest("after the first minute")
        while (left := began + self._plan.seconds - loop.time()) > 0:
            await asyncio.sleep(min(_MINUTE_S, left))
            when = f"at {loop.time() - began:.0f} s"
            if not await self._disturbances.follow():
                self._report.rests.pop("worker", None)
                self._sample(f"{when}, another worker is followed")
            elif "worker" not in self._report.rests and self._plan.seconds >= _SETTLED_S:
                await self._rest(f"{when}, for the worker")
            else:
                self._sample(when)
        await self._rest("at the end")

    async def _rest(self, when: str) -> None:
        """Nobody is connected for a while."""
        self._here.going.clear()
        await asyncio.sleep(_REST_S + 4.0)
        followed = await self._disturbances.follow()  # the carrier itself may have replaced it meanwhile
        self._sample(f"at rest {when}")
        self._here.restarts = await self._restarts()
        processes = self._processes()
        if not followed:
            self._report.rests.pop("worker", None)
            del processes["worker"]
        for name, pid in processes.items():
            self._report.rests.setdefault(name, []).append(Holding.of(pid))
        self._here.going.set()

    async def _restarts(self) -> int:
        return await self._disturbances.restarts()

    def _processes(self) -> dict[str, int]:
        return {"control process": self._carrier.running.pid, "worker": self._disturbances.spared}

    def _sample(self, when: str) -> None:
        held = "; ".join(f"{name} {Holding.of(pid)}" for name, pid in self._processes().items())
        sizes = ", ".join(
            f"{name} {size // 1024} KiB" for name, size in database_size(self._carrier.state.path).items()
        )
        line = f"{when}: {held}; {sizes}; {self._here.seen.total()} requests, {len(self._here.wrong)} wrong"
        print(line, flush=True)
        self._report.samples.append(line)

    async def _journeys(self) -> list[Journey]:
        running = self._carrier.running
        own = {number: _port(address) for number, address in running.subscriber_proxies.items()}
        made = []
        for subscriber in await self._people():
            doors = Doors(_port(running.http_proxy), _port(running.socks_proxy), own.get(subscriber.e164))
            account = Account(subscriber, self._desks, self._actions, self._here.wrong)
            random = Random(f"{self._plan.seed} {subscriber.number}")
            made.append(Journey(account, Browser(subscriber.number, doors), self._here, random))
        return made

    async def _people(self) -> list[Subscriber]:
        found: list[Subscriber] = []
        after: str | None = None
        while True:
            page = await self._desks.call(lambda client, after=after: client.subscribers(after, 500))  # type: ignore[misc]  # mypy loses the default
            assert isinstance(page, SubscriberPage)
            found += [each for each in page.subscribers if int(each.number) >= FIRST_NUMBER]
            after = page.next
            if after is None:
                return found

    def _told(self) -> Report:
        here, report = self._here, self._report
        report.seen, report.errors, report.unexplained, report.wrong = (
            here.seen,
            here.errors,
            here.unexplained,
            here.wrong,
        )
        report.actions = self._actions
        killed, reloaded = self._disturbances.killed, self._disturbances.reloaded
        report.disturbances = f"workers killed {killed}, replaced {here.restarts}; reloads {reloaded}"
        return report


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
