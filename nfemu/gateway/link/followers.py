"""Who follows the link: every point confirms what it was sent in time, or has certainly stopped serving."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator

from nfemu.gateway.link.point import Point

_log = logging.getLogger(__name__)


class Followers:
    """The points that are connected, and those that are being taken out. `expel` returns when a point has certainly
    stopped serving, `lease_s` is how long it serves without news."""

    def __init__(self, expel: Callable[[Point], Awaitable[None]], lease_s: float) -> None:
        self._expel_by = expel
        self._lease_s = lease_s
        self._points: set[Point] = set()
        self._leaving: dict[Point, asyncio.Task[None]] = {}
        self._watching: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    def start(self) -> None:
        """Begin to look out for those that hang."""
        self._watching = asyncio.create_task(self._watch())

    def tasks(self) -> list[asyncio.Task[None]]:
        """What is under way, to be ended with the link."""
        return [*self._leaving.values(), *([self._watching] if self._watching else [])]

    def enter(self, point: Point) -> None:
        self._points.add(point)

    def forget(self, point: Point) -> None:
        """Its connection has ended, and nobody was served by it or is any more."""
        if point not in self._leaving:
            self._points.discard(point)

    def send_raw(self, data: bytes) -> None:
        """To everybody; see Point."""
        for point in self._points:
            point.send_raw(data)

    async def all_confirm(self, seq: int, deadline_s: float) -> None:
        """Return when every point that serves has confirmed `seq`, the latest that was sent, or has been taken out."""
        waiting = [(point, point.confirmed(seq, deadline_s)) for point in self._points if point.may_serve]
        leaving = [self.gone(point) for point, confirmed in waiting if not await self._settled(point, confirmed)]
        if leaving:
            await asyncio.wait(leaving)

    async def _settled(self, point: Point, confirmed: asyncio.Future[bool]) -> bool:
        if not await confirmed and point not in self._leaving and not point.closed.done():
            _log.warning("%s %d did not confirm an update in time: taken out", point.role.value, point.pid)
        return confirmed.result()

    def gone(self, point: Point) -> asyncio.Task[None]:
        """Expel `point` once, however many wait for it. Until then it stays among the points."""
        if point not in self._leaving:
            self._leaving[point] = asyncio.create_task(self._expel(point))
        return self._leaving[point]

    async def _expel(self, point: Point) -> None:
        point.hang_up()
        try:
            if point in self._points:
                await self._expel_by(point)
        finally:
            point.may_serve = False
            self._points.discard(point)
            del self._leaving[point]

    async def _watch(self) -> None:
        """Expel whoever has stopped renewing its lease: it hangs, and serves nobody.

        Seen twice in a row, since after a pause of this process itself the renewals are still in the sockets.
        """
        suspects: set[Point] = set()
        while True:
            await asyncio.sleep(self._lease_s / 2)
            lapsed = {point for point in self._points if not point.lapsed_in(self._lease_s)}
            for point in lapsed & suspects:
                _log.warning("%s %d does not renew its lease: taken out", point.role.value, point.pid)
                self.gone(point)
            suspects = lapsed
