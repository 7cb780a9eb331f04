"""The control process's side of one connection: an enforcement point and what it has confirmed."""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nfemu.gateway.link.frames import frame
from nfemu.gateway.link.messages import FromControl, Granted, Role, dump_control

_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class PointStatus:
    """`acknowledged` is the highest sequence number in force there, `rules` the number of its rules."""

    role: Role
    pid: int
    software: str
    acknowledged: int
    rules: int
    serving: bool


def peer_pid(writer: asyncio.StreamWriter) -> int:
    """Process at the other end, as the kernel saw it connect (SO_PEERCRED, unix(7))."""
    sock: socket.socket = writer.get_extra_info("socket")
    pid, _uid, _gid = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(pid)


class _Awaited(NamedTuple):
    seq: int
    deadline: float
    """On the loop's clock."""
    confirmed: asyncio.Future[bool]


class Point:
    """One worker or stock addon. `closed` ends when its connection has ended."""

    def __init__(self, writer: asyncio.StreamWriter, role: Role, software: str, now: Callable[[], float]) -> None:
        self.role = role
        self.pid = peer_pid(writer)
        self.software = software
        self.may_serve = False
        """True from the moment at which Serve is under way to it: updates after that must be waited for."""
        self.ready = False
        """It has said that it accepts connections."""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writer = writer
        self._now = now
        self._granted_at = now()
        self._acknowledged = 0
        self._rules = 0
        self._awaited: deque[_Awaited] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    def send(self, message: FromControl) -> None:
        """Queue it; order is kept. Nothing happens on a connection that has ended."""
        self.send_raw(frame(dump_control(message)))

    def send_raw(self, data: bytes) -> None:
        """The same for a message that goes to many and was put into its frame once."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was queued; returns at once when the connection has ended."""
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def grant(self, number: int) -> None:
        """Answer a renewal; the lease counts from now."""
        self._granted_at = self._now()
        self.send(Granted(number))

    def lapsed_in(self, lease_s: float) -> float:
        """Seconds until the point has certainly stopped serving by itself, 0 when it has."""
        return max(0.0, self._granted_at + lease_s - self._now())

    def rules_sent(self, seq: int) -> None:
        self._rules = seq

    def acknowledge(self, seq: int) -> None:
        """Everything up to `seq` is in force there."""
        self._acknowledged = max(self._acknowledged, seq)
        while self._awaited and self._awaited[0].seq <= seq:
            _settle(self._awaited.popleft().confirmed, True)

    def confirmed(self, seq: int, deadline_s: float) -> asyncio.Future[bool]:
        """Whether `seq`, the latest that was sent, is acknowledged in time; False at once when the connection ends.

        What is queued behind a message with a later deadline (new rules) has that deadline too.
        """
        loop = asyncio.get_running_loop()
        confirmed: asyncio.Future[bool] = loop.create_future()
        if self._acknowledged >= seq or self.closed.done():
            confirmed.set_result(self._acknowledged >= seq)
            return confirmed
        deadline = loop.time() + deadline_s
        if self._awaited:
            deadline = max(deadline, self._awaited[-1].deadline)
        self._awaited.append(_Awaited(seq, deadline, confirmed))
        if self._alarm is None:
            self._alarm = loop.call_at(deadline, self._check_deadline)
        return confirmed

    def _check_deadline(self) -> None:
        """Deadlines never fall along the queue: one alarm, for the oldest, is enough."""
        self._alarm = None
        loop = asyncio.get_running_loop()
        while self._awaited and self._awaited[0].deadline <= loop.time():
            _settle(self._awaited.popleft().confirmed, False)
        if self._awaited:
            self._alarm = loop.call_at(self._awaited[0].deadline, self._check_deadline)

    def hang_up(self) -> None:
        """End the connection without waiting for the peer to read what is queued."""
        self._writer.transport.abort()

    def ended(self) -> None:
        """The connection is over: nobody waits for it any longer."""
        while self._awaited:
            _settle(self._awaited.popleft().confirmed, False)
        if self._alarm is not None:
            self._alarm.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

    def status(self) -> PointStatus:
        rules = self._rules if self._acknowledged >= self._rules else 0
        serving = self.ready and not self.closed.done()
        return PointStatus(self.role, self.pid, self.software, self._acknowledged, rules, serving)


def _settle(future: asyncio.Future[bool], outcome: bool) -> None:
    """Whoever waited may have been cancelled."""
    if not future.done():
        future.set_result(outcome)
