"""A point's end of the link: keeps the replica, holds the lease, confirms what its engine has applied."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.frames import frame, read_frame
from nfemu.gateway.link.lease import Lease
from nfemu.gateway.link.messages import (
    VERSION,
    Ack,
    Allowances,
    Day,
    FromControl,
    FromPoint,
    Granted,
    Hello,
    Hold,
    Hours,
    Line,
    Lines,
    LinkError,
    Ready,
    Refused,
    Renew,
    Resolved,
    Role,
    Rules,
    Serve,
    Staged,
    Unresolved,
    Used,
    Welcome,
    dump_point,
    load_control,
)
from nfemu.gateway.link.names import RemoteNames
from nfemu.gateway.link.sightings import Sightings
from nfemu.gateway.ports import FlowControl, GatewayRules, Route
from nfemu.gateway.replica import Replica
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.usage import Usage

_RENEWALS = 4
"""Per lease: so many answers in a row may be late."""

_CHUNK = 500
"""Counters per message."""

Whole = Rules | Hours | Staged | Lines | Hold | Serve | Allowances | Day
Update = Whole | Line


@dataclass(frozen=True, slots=True)
class Connection:
    """A link that has been welcomed."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    welcome: Welcome


class LinkClient:
    """LineView, Resolver and Reports of one point. `connect` and `follow` may be repeated when `follow` has ended."""

    def __init__(self, path: Path, role: Role, software: str) -> None:
        self._path = path
        self._role = role
        self._software = software
        self._writer: asyncio.StreamWriter | None = None
        self._names = RemoteNames(self._send)
        self._sightings = Sightings(self._send)
        self._replica = Replica()
        self._staged: list[LineState] = []
        self._picture = asyncio.Event()
        self._lease = Lease()

    # LineView, Resolver

    def line(self, msisdn: Msisdn) -> LineState | None:
        return self._replica.lines.get(msisdn)

    def line_at(self, address: IpAddress) -> LineState | None:
        return self._replica.lines.at(address)

    def rules(self) -> GatewayRules:
        return self._replica.rules()

    def fresh(self) -> bool:
        """True while the picture is complete and the lease runs."""
        return self._picture.is_set() and self._lease.runs()

    async def resolve(self, host: str) -> Route:
        if self._writer is None:
            raise Unavailable("the control process is gone; nothing is served until it is back")
        return await self._names.resolve(host)

    # Reports

    def blocked(self, state: LineState) -> None:
        self._sightings.blocked(state)

    def used(self, usage: Sequence[Usage]) -> None:
        for start in range(0, len(usage), _CHUNK):
            self._send(Used(tuple(usage[start : start + _CHUNK])))

    # Following

    async def picture(self) -> None:
        """Return when the snapshot is complete, the control process has said to serve, and the lease has begun."""
        await self._picture.wait()
        await self._lease.begun()

    def ready(self) -> None:
        """Tell the control process that connections are accepted."""
        self._send(Ready())

    async def connect(self, token: str) -> Connection:
        """Connect and prove the token; `follow` comes next. Raises LinkError when refused, OSError without a peer."""
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        writer.write(frame(dump_point(Hello(token, self._role, self._software))))
        try:
            return Connection(reader, writer, await _welcomed(reader))
        except BaseException:
            writer.transport.abort()
            raise

    async def follow(self, connection: Connection, control: FlowControl) -> None:
        """Follow until the link ends. Raises LinkError when the control process breaks the protocol.

        However it ends: from then on nothing is fresh, and every flow has been closed.
        """
        self._writer = connection.writer
        self._replica, self._staged = Replica(), []
        self._lease = Lease(connection.welcome.lease_s, control.control_lost)
        updates: asyncio.Queue[Update] = asyncio.Queue()
        try:
            await _first_to_end(
                self._read(connection.reader, updates),
                self._apply(updates, control),
                self._renew(connection.welcome.lease_s / _RENEWALS),
            )
        finally:
            self._picture.clear()
            self._lease.drop()
            self._writer = None
            connection.writer.transport.abort()
            self._names.give_up()
            self._sightings.drop()
            await control.control_lost()

    def _send(self, message: FromPoint) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame(dump_point(message)))

    async def _read(self, reader: asyncio.StreamReader, updates: asyncio.Queue[Update]) -> None:
        """Leases and names are dealt with at once; updates queue behind one another."""
        while (data := await read_frame(reader)) is not None:
            message: FromControl = load_control(data)
            match message:
                case Granted(number):
                    self._lease.granted(number)
                case Resolved() | Unresolved():
                    self._names.answered(message)
                case Refused(reason):
                    raise LinkError(reason)
                case Rules() | Hours() | Staged() | Lines() | Line() | Hold() | Serve() | Allowances() | Day():
                    updates.put_nowait(message)
                case Welcome():
                    raise LinkError("a second welcome")

    async def _apply(self, updates: asyncio.Queue[Update], control: FlowControl) -> None:
        """In order; lines that have queued up are applied together and confirmed once."""
        while True:
            batch = [await updates.get()]
            while not updates.empty():
                batch.append(updates.get_nowait())
            for lines, other in _runs(batch):
                await self._apply_lines(lines, control)
                if other is not None:
                    await self._apply_other(other, control)

    async def _apply_lines(self, lines: list[Line], control: FlowControl) -> None:
        if not lines:
            return
        changed = {update.state.imsi: update.state for update in lines if self._replica.lines.put(update.state)}
        if self._picture.is_set():
            await asyncio.gather(*(control.line_changed(state) for state in changed.values()))
        self._send(Ack(lines[-1].seq))

    async def _apply_other(self, update: Whole, control: FlowControl) -> None:
        match update:
            case Rules() | Hours():
                await self._apply_rules(update, control)
            case Staged(states):
                self._staged += states
            case Lines(states):
                for state in states:
                    self._replica.lines.put(state)
            case Hold(seq):
                await self._hold(control)
                self._send(Ack(seq))
            case Serve(seq):
                self._picture.set()
                self._send(Ack(seq))
            case Allowances() | Day():
                await self._meter(update, control)

    async def _apply_rules(self, update: Rules | Hours, control: FlowControl) -> None:
        if isinstance(update, Rules):
            # In a thread: compiling 100,000 patterns must not cost the lease.
            rules = await asyncio.to_thread(update.source.compile)
            self._replica.replace_rules(rules, self._staged)
            self._staged = []
            self._names.forget()
        else:
            self._replica.set_hours(update.at)
        if self._picture.is_set():
            await control.rules_changed()
        self._send(Ack(update.seq))

    async def _hold(self, control: FlowControl) -> None:
        """Nothing is fresh until the next picture is complete. What was reported and what was asked until all is closed
        is of the people before, and nothing of it is left."""
        self._picture.clear()
        self._replica.forget_lines()
        self._staged = []
        await control.hold()
        self._names.give_up()
        self._sightings.drop()

    @staticmethod
    async def _meter(update: Allowances | Day, control: FlowControl) -> None:
        """Nobody waits for these: until they are heard, what was known holds."""
        if isinstance(update, Day):
            control.day_began(update.ends_at)
        else:
            await control.allowed(update.lines)

    async def _renew(self, every_s: float) -> None:
        number = 0
        while True:
            number += 1
            self._lease.asked(number)
            self._send(Renew(number))
            await asyncio.sleep(every_s)


async def _welcomed(reader: asyncio.StreamReader) -> Welcome:
    data = await read_frame(reader)
    match load_control(data) if data is not None else None:
        case Welcome(version=version) as welcome if version == VERSION:
            return welcome
        case Refused(reason):
            raise LinkError(reason)
        case _:
            raise LinkError("the control process hung up or speaks another version of the link")


def _runs(batch: list[Update]) -> list[tuple[list[Line], Whole | None]]:
    """Split into runs of lines, each with the other update that follows it."""
    runs: list[tuple[list[Line], Whole | None]] = []
    lines: list[Line] = []
    for update in batch:
        if isinstance(update, Line):
            lines.append(update)
        else:
            runs.append((lines, update))
            lines = []
    return [*runs, (lines, None)]


async def _first_to_end(*works: Coroutine[None, None, None]) -> None:
    """Run all until one ends; then stop the others. Raises what that one raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
