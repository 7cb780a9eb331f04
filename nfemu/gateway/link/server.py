"""The control process's end of the link: what is sent to whom in which order, and what comes back."""

import asyncio
import logging
import socket
from collections.abc import Coroutine, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.followers import Followers
from nfemu.gateway.link.frames import frame, read_frame
from nfemu.gateway.link.greeting import believed
from nfemu.gateway.link.host import LinkHost
from nfemu.gateway.link.messages import (
    Ack,
    Allowances,
    Blocked,
    Day,
    Failure,
    FromPoint,
    Hello,
    Hold,
    Hours,
    Line,
    Lines,
    LinkError,
    Origin,
    Ready,
    Refused,
    Renew,
    Resolve,
    Resolved,
    Role,
    Rules,
    Serve,
    Staged,
    Unresolved,
    Used,
    Welcome,
    dump_control,
    load_point,
)
from nfemu.gateway.link.point import Point, PointStatus, peer_pid
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key
from nfemu.model.errors import InvalidInput, NotFound, Unavailable

T = TypeVar("T")
_log = logging.getLogger(__name__)
_CHUNK = 500
"""Lines per message of a snapshot: updates of other lines go in between."""
_NOT_FOUND_S = 5.0
"""Seconds that points may keep the answer that a name does not exist."""


class LinkServer:
    """`deadline_s`: how long a point may take to confirm a line; `rules_deadline_s`: new rules, which it compiles."""

    def __init__(
        self,
        path: Path,
        token: str,
        origin: Origin,
        host: LinkHost,
        *,
        lease_s: float,
        deadline_s: float,
        rules_deadline_s: float,
    ) -> None:
        self._path = path
        self._token = token
        self._origin = origin
        self._host = host
        self._lease_s = lease_s
        self._deadline_s = deadline_s
        self._rules_deadline_s = rules_deadline_s
        self._seq = 0
        self._people = 0
        """Rises whenever other people come: a picture of those before is not sent to its end."""
        self._held = False
        self._points = Followers(host.expel, lease_s)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the socket, mode 0600. Raises InvalidInput when its path is too long for the kernel."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.unlink(missing_ok=True)
            sock.bind(str(self._path))
            self._path.chmod(0o600)
        except OSError as error:
            sock.close()
            raise InvalidInput(
                f"socket `{self._path}` cannot be made ({error}); 107 octets at most: use a shorter state folder"
            ) from error
        self._server = await asyncio.start_unix_server(self._connected, sock=sock)
        self._points.start()

    async def stop(self) -> None:
        """End every connection and remove the socket; points fail closed."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        tasks = [*self._connections, *self._points.tasks()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    @property
    def sequence(self) -> int:
        """Number of the latest update."""
        return self._seq

    def status(self) -> list[PointStatus]:
        return [point.status() for point in self._points]

    async def publish_line(self, state: LineState) -> None:
        """Return when every serving point has confirmed `state` or has stopped serving."""
        self._seq += 1
        await self._publish(Line(self._seq, state), self._deadline_s)

    async def publish_rules(
        self, source: RuleSource, states: Sequence[LineState] = (), limited: Sequence[Key] = ()
    ) -> None:
        """The same for new rules, and for the lines that change in one step with them. `limited`: what was used in
        this day by lines that the new rules limit is told first."""
        self._seq += 1
        for keys in _chunks(limited):
            self.share(keys)
        for part in _chunks(states):
            self._points.send_raw(frame(dump_control(Staged(part))))
        await self._publish(Rules(self._seq, source), self._rules_deadline_s)

    def publish_day(self) -> None:
        """Tell every point that a new day has begun. Nobody waits for it: until then the old caps hold."""
        for point in self._points:
            point.send(Day(self._host.day_ends()))

    async def publish_hours(self, at: datetime) -> None:
        """The same for another time of day. What is open is judged anew, so it may take as long as new rules."""
        self._seq += 1
        await self._publish(Hours(self._seq, at), self._rules_deadline_s)

    async def hold(self) -> None:
        """Other people come. Return when nobody is served any more and every point has forgotten those before.

        What points report of those before is heard until then, and told to no other point: it would come behind the
        Hold, and count for the people after it. What arrives later is not heard until the point serves again.
        """
        self._held = True
        self._people += 1
        self._seq += 1
        await self._publish(Hold(self._seq), self._rules_deadline_s)
        for point in self._points:
            point.may_serve = False

    async def go_on(self, at: datetime) -> None:
        """Every point gets the picture of the people who have come, and of the time of day `at`. Return when all of
        them serve, or have been taken out."""
        self._held = False
        self._seq += 1
        points = list(self._points)
        for point in points:
            point.send(Hours(self._seq, at))
        self._seq += 1
        lines = self._host.lines()
        await asyncio.gather(*(self._snapshot(point, lines) for point in points))
        await self._points.all_confirm(self._seq, self._rules_deadline_s)

    async def _publish(self, message: Line | Rules | Hours | Hold, deadline_s: float) -> None:
        if isinstance(message, Rules):
            for point in self._points:
                point.rules_sent(message.seq)
        self._points.send_raw(frame(dump_control(message)))
        await self._points.all_confirm(message.seq, deadline_s)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._follow(reader, writer)
        except LinkError as error:
            _log.warning("link: connection refused or ended: %s", error)
            writer.write(frame(dump_control(Refused(str(error)))))
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = await believed(reader, self._token)
        pid = peer_pid(writer)
        if not self._host.admits(hello.role, pid):
            raise LinkError(f"process {pid} is no {hello.role.value} of this gateway")
        point = Point(writer, hello.role, hello.software, asyncio.get_running_loop().time)
        point.send(Welcome(self._lease_s, self._origin))
        tasks: set[asyncio.Task[None]] = set()
        self._points.enter(point)
        try:
            point.rules_sent(self._seq)
            point.send(Rules(self._seq, self._host.rules()))
            if not self._held:
                self._spawn(tasks, self._snapshot(point, self._host.lines()))
            while (data := await read_frame(reader)) is not None:
                self._received(point, load_point(data), tasks)
        finally:
            for task in tasks:
                task.cancel()
            point.ended()
            self._host.left(point)
            self._left(point)

    def _left(self, point: Point) -> None:
        """Whoever was served stays among the points until it has certainly stopped serving."""
        if point.may_serve and self._server is not None:
            self._points.gone(point)
        else:
            self._points.forget(point)

    async def _snapshot(self, point: Point, lines: Sequence[LineState]) -> None:
        """Send every line, then the word to serve, unless other people come before that. Newer updates may go in
        between: versions decide."""
        people = self._people
        point.send(Day(self._host.day_ends()))
        for keys in _chunks(self._host.known()):
            point.send(Allowances(self._host.allowances(point, keys)))
            await point.drain()
        for states in _chunks(lines):
            if people != self._people:
                return
            point.send(Lines(states))
            await point.drain()
        if people != self._people:
            return
        point.may_serve = True
        point.send(Serve(self._seq))

    def _received(self, point: Point, message: FromPoint, tasks: set[asyncio.Task[None]]) -> None:
        match message:
            case Ack(seq):
                point.acknowledge(seq)
            case Renew(number):
                point.grant(number)
            case Resolve(number, host):
                self._spawn(tasks, self._resolve(point, number, host))
            case Used() | Blocked():
                self._reported(point, message)
            case Ready():
                point.ready = True
                self._host.ready(point.pid)
            case Hello():
                raise LinkError("a second hello")

    def _reported(self, point: Point, report: Used | Blocked) -> None:
        """Of a point that does not serve, and may be gone, a report is of people who are."""
        if not point.may_serve:
            return
        if isinstance(report, Used):
            self.share(self._host.used(point, report.usage))
        else:
            self._host.blocked(report.lines)

    def share(self, keys: Sequence[Key]) -> None:
        """Each worker is told what the others have used, and with how many it shares; between two peoples nobody is."""
        if not keys or self._held:
            return
        for point in self._points:
            if point.role is Role.WORKER:
                point.send(Allowances(self._host.allowances(point, keys)))

    async def _resolve(self, point: Point, number: int, host: str) -> None:
        try:
            answer = await self._host.answer(host)
        except NotFound as error:
            point.send(Unresolved(number, _NOT_FOUND_S, Failure.NOT_FOUND, str(error)))
        except Unavailable as error:
            point.send(Unresolved(number, 0.0, Failure.UNAVAILABLE, str(error)))
        else:
            point.send(Resolved.of(number, answer.route, answer.ttl_s))

    @staticmethod
    def _spawn(tasks: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _chunks(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), _CHUNK):
        yield tuple(items[start : start + _CHUNK])
