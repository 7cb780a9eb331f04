"""Octets from one socket to another without coming here: through a pipe, by splice(2).

A pipe is lent for as long as there is something to move, and given back empty, so that connections that wait, which
most do, hold no descriptors but their sockets'. It never holds more than one fill: a side that does not read stops the
other one.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nfemu.gateway.bearer.gate.side import Side

_FILL = 65_536
"""Octets: what a pipe holds (pipe(7))."""
_TURNS = 16
"""Fills that one direction moves before everybody else has a turn."""
_KEPT = 32
_FLAGS = os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK

Passed = Callable[[int], Awaitable[None]]
"""That many octets have left the source; the next ones wait until it returns."""


@dataclass(frozen=True, slots=True)
class Pipe:
    read_end: int
    write_end: int

    def close(self) -> None:
        os.close(self.read_end)
        os.close(self.write_end)


class Pipes:
    """Empty pipes, kept for the next one who needs one."""

    def __init__(self) -> None:
        self._free: list[Pipe] = []

    @contextmanager
    def lent(self) -> Iterator[Pipe]:
        """To be left empty; with an exception it may hold something, and is closed. Raises OSError."""
        pipe = self._free.pop() if self._free else Pipe(*os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            yield pipe
        except BaseException:
            pipe.close()
            raise
        if len(self._free) < _KEPT:
            self._free.append(pipe)
        else:
            pipe.close()

    def close(self) -> None:
        while self._free:
            self._free.pop().close()


async def pump(source: Side, sink: Side, pipes: Pipes, passed: Passed) -> None:
    """Move what comes until the source has ended its direction, and end the sink's. Raises OSError."""
    ended = False
    while not ended:
        await source.readable()
        with pipes.lent() as pipe:
            ended = await _move(source, sink, pipe, passed)
    sink.finish()


async def _move(source: Side, sink: Side, pipe: Pipe, passed: Passed) -> bool:
    """What is there now, or a good part of it. Whether it was the last."""
    for _ in range(_TURNS):
        try:
            count = os.splice(source.sock.fileno(), pipe.write_end, _FILL, flags=_FLAGS)
        except BlockingIOError:
            return False
        if not count:
            return True
        await passed(count)
        await _empty(pipe, count, sink)
    return False


async def _empty(pipe: Pipe, count: int, sink: Side) -> None:
    while count:
        try:
            count -= os.splice(pipe.read_end, sink.sock.fileno(), count, flags=_FLAGS)
        except BlockingIOError:
            await sink.writable()
