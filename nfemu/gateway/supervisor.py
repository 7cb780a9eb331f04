"""Keeps N worker processes alive on the listening sockets that the control process owns."""

import asyncio
import logging
from dataclasses import dataclass

from nfemu.gateway.listeners import Listeners
from nfemu.gateway.setbacks import Setbacks
from nfemu.gateway.worker_process import Command, Worker, WorkerState
from nfemu.model.errors import Unavailable

_log = logging.getLogger(__name__)
_START_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class PlaceStatus:
    """One of the N places: the process in it, and how often it had to be restarted."""

    pid: int
    state: WorkerState
    restarts: int


class _Place:
    """A place that is always occupied: whoever dies in it is replaced. `workers` knows everyone alive by pid."""

    def __init__(self, command: Command, listeners: Listeners, workers: dict[int, Worker], restarts: int = 0) -> None:
        self._command = command
        self._listeners = listeners
        self._workers = workers
        self.restarts = restarts
        self._worker: Worker | None = None
        self._settled = asyncio.Event()
        self._keeper = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        setbacks = Setbacks()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            served = await self._occupy()
            pause_s = setbacks.ended(loop.time() - began if served else 0)
            if not served and setbacks.count >= _START_ATTEMPTS:
                self._settled.set()
            self.restarts += 1
            await asyncio.sleep(pause_s)

    async def _occupy(self) -> bool:
        """One worker from birth to death; whether it came to serve."""
        try:
            worker = self._spawn()
        except OSError as error:
            _log.error("a gateway worker cannot be started: %s", error)
            return False
        if served := await worker.until_serving():
            self._settled.set()
        else:
            await worker.kill()
        code = await worker.ended()
        del self._workers[worker.pid]
        _log.warning("gateway worker %d ended with status %d: replaced", worker.pid, code)
        return served

    def _spawn(self) -> Worker:
        self._worker = Worker(self._command, self._listeners)
        self._workers[self._worker.pid] = self._worker
        return self._worker

    async def occupied(self) -> bool:
        """Whether a worker serves here; False when several in a row could not."""
        await self._settled.wait()
        return self._worker is not None and self._worker.state is WorkerState.SERVING

    async def end(self) -> None:
        """Give the place up and end the process in it."""
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        if self._worker is not None:
            await self._worker.end()
            self._workers.pop(self._worker.pid, None)

    def status(self) -> PlaceStatus:
        if self._worker is None:
            return PlaceStatus(0, WorkerState.STARTING, self.restarts)
        return PlaceStatus(self._worker.pid, self._worker.state, self.restarts)


class Relief:
    """Workers that stand ready to take over from a supervisor's present ones."""

    def __init__(self, fresh: list[_Place], supervisor: "Supervisor") -> None:
        self._fresh = fresh
        self._supervisor = supervisor

    async def take_over(self) -> None:
        await self._supervisor.replace(self._fresh)

    async def withdraw(self) -> None:
        """It was not meant to be."""
        await asyncio.gather(*(place.end() for place in self._fresh))


class Supervisor:
    """`count` workers. Not started by its constructor."""

    def __init__(self, command: Command, count: int) -> None:
        self._command = command
        self._count = count
        self._places: list[_Place] = []
        self._workers: dict[int, Worker] = {}

    @property
    def count(self) -> int:
        return self._count

    async def start(self, listeners: Listeners) -> None:
        """Return when every worker accepts connections. Raises Unavailable when they do not come up."""
        self._places = [_Place(self._command, listeners, self._workers) for _ in range(self._count)]
        if not all(await asyncio.gather(*(place.occupied() for place in self._places))):
            await self.stop()
            raise Unavailable(f"gateway workers do not start; the reason is in `{self._command.log}`")

    async def stop(self) -> None:
        """End every worker, within two seconds."""
        places, self._places = self._places, []
        await asyncio.gather(*(place.end() for place in places))

    async def relieve(self, listeners: Listeners, count: int) -> "Relief":
        """`count` workers that hold `listeners`, serving beside those that are there, until one of the two goes.

        Raises Unavailable when a new one does not come up; then all are gone again.
        """
        restarts = [place.restarts for place in self._places] + [0] * count
        fresh = [_Place(self._command, listeners, self._workers, number) for number in restarts[:count]]
        relief = Relief(fresh, self)
        try:
            if all(await asyncio.gather(*(place.occupied() for place in fresh))):
                return relief
        except BaseException:
            await relief.withdraw()
            raise
        await relief.withdraw()
        raise Unavailable(
            f"a gateway worker with the new listeners does not start; the reason is in `{self._command.log}`"
        )

    async def replace(self, fresh: list[_Place]) -> None:
        """From now on `fresh` are the workers; the others let what is open end, and go."""
        old, self._places = self._places, fresh
        self._count = len(fresh)
        await asyncio.gather(*(place.end() for place in old))

    def owns(self, pid: int) -> bool:
        return pid in self._workers

    def ready(self, pid: int) -> None:
        """Worker `pid` accepts connections."""
        if pid in self._workers:
            self._workers[pid].serving()

    async def kill(self, pid: int) -> None:
        """Take worker `pid` out; its place is filled again. Returns when it has ended."""
        if pid in self._workers:
            await self._workers[pid].kill()

    def status(self) -> list[PlaceStatus]:
        return [place.status() for place in self._places]
