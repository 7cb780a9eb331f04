"""Performs what the layers of one client connection ask for: mitmproxy's handler with our dialling, and a cut."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal

from mitmproxy.connection import ConnectionState
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server import ConnectionIO, LiveConnectionHandler

from nfemu.gateway.engine.commands import Dial, DialCompleted, LookUp
from nfemu.gateway.engine.dial import DialError, Dialler, OverRate
from nfemu.gateway.engine.limiter import Counter, Limiter
from nfemu.gateway.engine.pacing import Pacing
from nfemu.model.identity import Imsi
from nfemu.runtime.crowd import Guests

_MODE = ProxyMode.parse("regular")
_TURNS = 4
"""Patiences that a connection may wait for its turn: what is before it may have to wait too, and 64 KiB at 32 kbit/s
take longer than one."""
_ExcInfo = Literal[True] | tuple[type[BaseException], BaseException, TracebackType | None] | None


class GatewayConnection(LiveConnectionHandler):
    """One client connection and the origin connections that it has open.

    `patience_s`: how long opening one may wait for the line's rate. Nobody sees meanwhile whether the phone is there.

    Where the line has limits, what a flow brings is withheld from its account until its first connection is opened:
    what is refused for the rate is not counted.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        options: Options,
        dialler: Dialler,
        patience_s: float,
        guests: Guests[Imsi | None, "GatewayConnection"],
    ) -> None:
        super().__init__(reader, writer, options, _MODE)
        self._dialler = dialler
        self._patience_s = patience_s
        self._guests = guests
        self._line: Imsi | None = None
        self._awaited = 0
        self._arrived = asyncio.Event()
        self._finished = asyncio.Event()
        peer = writer.get_extra_info("peername")
        self._counter = self._account = Counter()
        """`_account`: of the flow under way, or of none; `_counter`: another one while its octets are withheld."""
        self._between = True
        """Between two flows: `_counter` holds what has come for the next one."""
        self._unpaced = 0
        """Octets of both directions since a limiter last let it go on."""
        self._pacing = Pacing()
        self._write = writer.write
        writer.write = self._send  # type: ignore[method-assign,assignment]  # every octet to the phone passes here, whoever writes
        self._source_port: int = peer[1] if isinstance(peer, tuple) else 0

    async def serve(self) -> None:
        """Until the client's connection and all that it opened have ended."""
        try:
            await self.handle_client()
        finally:
            self._forget_look_ups()
            self._finished.set()

    @property
    def idle(self) -> bool:
        """See Guest."""
        return self._between

    def belong_to(self, line: Imsi | None) -> bool:
        """It has a place among those of that line from now on, None: of those that nobody knows. False: there is none
        left, and all that the line has are in use."""
        self.leave()
        self._line = line
        return self._guests.enter(line, self)

    def leave(self) -> None:
        """It takes no place any more."""
        self._guests.leave(self._line, self)

    def cut(self) -> None:
        """Stop both directions now: transports drop what they still hold; readers, dials, look-ups are cancelled."""
        self._forget_look_ups()
        for io in list(self.transports.values()):
            if isinstance(io.writer, asyncio.StreamWriter):
                io.writer.transport.abort()
            if io.handler is not None:
                io.handler.cancel("the line changed")

    def metered(self, counter: Counter, limiter: Limiter | None, *, essential: bool) -> None:
        """From now on octets are counted there, with what has come since the last flow ended or is withheld yet."""
        if self._between:
            self._between = False
            self._counter = Counter(self._counter.up)
        elif self._counter is self._account is not counter:
            self._counter, self._unpaced = counter, 0
        self._count_in(counter)
        self._pacing.change(limiter, essential=essential)
        if limiter is None:
            self._settle()

    def unmetered(self) -> None:
        """The flow has ended: what comes next counts with the next one."""
        self._settle()
        self._between = True
        self._counter = Counter()
        self._count_in(self._counter)
        self._pacing = Pacing()

    def _count_in(self, account: Counter) -> None:
        self._account.flows -= 1
        account.flows += 1
        self._account = account

    def _reached(self) -> bool:
        """Is a connection beyond the client's open?"""
        return any(io.writer is not None for each, io in self.transports.items() if each is not self.client)

    def _settle(self) -> None:
        """Nothing is withheld any more."""
        if self._counter is not self._account:
            self._account.up += self._counter.up
            self._account.down += self._counter.down
            self._counter = self._account

    def _send(self, data: bytes) -> None:
        self._counter.down += len(data)
        self._unpaced += len(data)
        self._write(data)

    async def server_event(self, event: events.Event) -> None:
        if isinstance(event, events.DataReceived) and event.connection is self.client:
            self._counter.up += len(event.data)
            self._unpaced += len(event.data)
        await super().server_event(event)

    async def wait_finished(self) -> None:
        await self._finished.wait()

    async def open_connection(self, command: commands.OpenConnection) -> None:
        """Only our own layers open connections, and only with a route that was judged."""
        if not isinstance(command, Dial):
            raise TypeError(f"{command!r} has no route")
        connection = command.connection
        connection.timestamp_start = time.time()
        try:
            with self._reading_held():
                await self._wait_for_rate()
                dialled = await self._dialler.dial(command.request, self._source_port)
        except DialError as error:
            connection.error = str(error)
            self.transports.pop(connection, None)
            await self.server_event(DialCompleted(command, error))
            return
        command.addresses = dialled.addresses
        connection.state = ConnectionState.OPEN
        connection.timestamp_tcp_setup = time.time()
        connection.peername = dialled.writer.get_extra_info("peername") or None
        self.transports[connection] = ConnectionIO(asyncio.current_task(), dialled.reader, dialled.writer)
        await self.server_event(DialCompleted(command, dialled.target))
        await self.handle_connection(connection)

    async def _wait_for_rate(self) -> None:
        """A line that has run ahead of its rate gets no further connection. Raises OverRate."""
        pacing = self._pacing
        try:
            async with asyncio.timeout(self._patience_s * _TURNS):
                entered = await pacing.enter(self._counter.up)
        except TimeoutError:
            entered = False
        if not entered:
            self._counter = Counter()
            raise OverRate(pacing.rate)
        self._unpaced = 0
        self._settle()

    async def drain_writers(self) -> None:
        """Called after every read; what a client sends while something is awaited for it must not pile up here."""
        await super().drain_writers()  # type: ignore[no-untyped-call]  # it is not annotated
        if self._pacing.limiter is not None:
            await asyncio.sleep(0)  # what was asked for has begun
        while self._awaited:
            self._arrived.clear()
            await self._arrived.wait()
        if self._counter is not self._account and self._reached():
            self._settle()
        if self._pacing.limiter is not None and self._counter is self._account:
            octets, self._unpaced = self._unpaced, 0
            await self._pacing.pace(octets)
            if self._pacing.is_over():
                # This is a reader's own task: it cannot be ended from within while mitmproxy 12 goes on reading.
                asyncio.get_running_loop().call_soon(self.cut)

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """There are no addons: look-ups are all that is done here."""
        if isinstance(hook, LookUp):
            with self._reading_held():
                try:
                    hook.addresses = await self._dialler.addresses(hook.host)
                except DialError as error:
                    hook.error = error

    @contextmanager
    def _reading_held(self) -> Iterator[None]:
        """Dialling or looking up."""
        self._awaited += 1
        try:
            yield
        finally:
            self._awaited -= 1
            self._arrived.set()

    def _forget_look_ups(self) -> None:
        """Nobody is there any more to go on with what they find."""
        for task in self.hook_tasks:
            task.cancel()

    def log(self, message: str, level: int = logging.INFO, exc_info: _ExcInfo = None) -> None:
        """Errors only: mitmproxy tells of every connection. An error of its own or of ours ends the connection."""
        if level >= logging.ERROR:
            super().log(message, level, exc_info)
            self.cut()
