"""The control process's side of the core network."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nfemu.gateway.bearer.network.messages import (
    HEAD,
    REPLIES,
    REQUESTS,
    Count,
    Counted,
    CountedElement,
    Failed,
    Listen,
    Mode,
    Nft,
    Phone,
    Plug,
    Plugged,
    Reply,
    Request,
    Started,
    Transport,
    Unplug,
    Where,
)
from nfemu.gateway.processes import ended
from nfemu.model.errors import Unavailable

_ARGV = (sys.executable, "-P", "-m", "nfemu.gateway.bearer.network.core")
_PATIENCE_S = 20.0
"""For the core to come up."""
_ANSWER_S = 10.0
"""For one request, whatever else the machine has to do: after that the core hangs, and is ended."""
_ENDING_S = 2.0
"""For the core to end by itself: then the kernel has ended everything inside before it."""


class CoreEnded(Unavailable):
    """There is no core network, or none any more."""

    def __init__(self) -> None:
        super().__init__("the core network has ended; `nfemu status` says when another one is there")


@dataclass(frozen=True, slots=True)
class Entrance:
    """By which a program gets onto a phone's line: `pid` is the core's, `network` the descriptor that it holds."""

    pid: int
    network: int


class CoreNetwork:
    """Not started by its constructor. Requests are carried out one after the other, in the order of the calls."""

    def __init__(self, log: Path) -> None:
        """`log` takes what the core process says."""
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._talk: _Talk | None = None
        self._turn = asyncio.Lock()
        self._pid = 0
        self._first: int | None = None
        """Descriptor of that process."""
        self.lanes = False
        """Whether this kernel has what lanes need; known once it is started."""

    async def start(self) -> Mode:
        """Raises Unavailable with the reason where no such network can be made; then nothing is left behind."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = _started(theirs.fileno(), self._log)
        self._talk = _Talk(ours)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reply, _ = await self._talk.answer()
        except (Unavailable, TimeoutError) as error:
            await self.stop()
            raise Unavailable(str(error) or f"the core network does not come up; see `{self._log}`") from None
        assert isinstance(reply, Started)  # noqa: S101 - the core's first word, if it does not fail
        try:
            self._pid = _first_process(self._process.pid)
            self._first = os.pidfd_open(self._pid)
        except (OSError, IndexError):
            await self.stop()
            raise CoreEnded from None
        self.lanes = reply.lanes
        return reply.mode

    async def stop(self) -> None:
        """The networks have ended on return, and all programs in them. May be called twice."""
        if self._talk is not None:
            self._talk.close()
            self._talk = None
        process = self._process
        if process is not None:
            try:
                await asyncio.wait_for(ended(process.pid), _ENDING_S)
            except TimeoutError:
                self._kill()
                await ended(process.pid)
            process.wait()
            self._process = None
        if self._first is not None:
            os.close(self._first)
            self._first = None

    async def ended(self) -> None:
        """Wait until the core process is gone, whatever the reason."""
        if self._process is not None:
            await ended(self._process.pid)

    async def listen(self, where: Where, transport: Transport, version: Literal[4, 6], port: int) -> socket.socket:
        """A socket made there, not blocking. Raises Unavailable."""
        _, sock = await self._ask(Listen(where, transport, version, port))
        if sock is None:
            raise Unavailable("the core network gave no socket")
        sock.setblocking(False)
        return sock

    async def nft(self, text: str, where: Where = Where.CORE) -> None:
        """All of `text` is in force on return, or none of it. Raises Unavailable with nft's message."""
        await self._ask(Nft(where, text))

    async def count(self, sets: Iterable[str]) -> Sequence[CountedElement]:
        """What the elements of these sets of the core's table have counted. Raises Unavailable."""
        reply, _ = await self._ask(Count(tuple(sets)))
        if not isinstance(reply, Counted):
            raise Unavailable("the core network did not count")
        return reply.elements

    async def plug(self, phone: Phone) -> Entrance:
        """The phone's network, made or with these addresses from now on. Raises Unavailable."""
        reply, _ = await self._ask(Plug(phone))
        if not isinstance(reply, Plugged):
            raise Unavailable("the core network did not plug the phone in")
        return Entrance(self._pid, reply.network)

    async def unplug(self, index: int) -> None:
        """Raises Unavailable."""
        await self._ask(Unplug(index))

    async def _ask(self, request: Request) -> tuple[Reply, socket.socket | None]:
        # A caller that goes away must not leave half a request, or an answer for somebody else, behind.
        return await asyncio.shield(asyncio.create_task(self._answered(request)))

    async def _answered(self, request: Request) -> tuple[Reply, socket.socket | None]:
        """A core that does not answer is no core: nobody waits for it twice, and everything in it ends."""
        async with self._turn:
            if self._talk is None:
                raise CoreEnded
            try:
                async with asyncio.timeout(_ANSWER_S):
                    return await self._talk.ask(request)
            except TimeoutError:
                self._kill()
                raise CoreEnded from None

    def _kill(self) -> None:
        """Of its two processes the inner one, for whose end the other waits; no error where it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self._first is not None:
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            elif self._process is not None:
                self._process.kill()


class _Talk:
    """The socket to the core: a request, then its answer."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def close(self) -> None:
        self._socket.close()

    async def ask(self, request: Request) -> tuple[Reply, socket.socket | None]:
        """Raises Unavailable."""
        body = REQUESTS.dump_json(request)
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, HEAD.pack(len(body)) + body)
        except OSError:
            raise CoreEnded from None
        return await self.answer()

    async def answer(self) -> tuple[Reply, socket.socket | None]:
        """Raises Unavailable: the core is gone, or it failed and says why."""
        head, sock = await self._exactly(HEAD.size)
        body, _ = await self._exactly(HEAD.unpack(head)[0])
        reply = REPLIES.validate_json(body)
        if isinstance(reply, Failed):
            raise Unavailable(reply.text)
        return reply, sock

    async def _exactly(self, size: int) -> tuple[bytes, socket.socket | None]:
        data, sock = bytearray(), None
        while len(data) < size:
            part, received = await _readable(self._socket, size - len(data))
            sock = received or sock
            data += part
        return bytes(data), sock


async def _readable(sock: socket.socket, size: int) -> tuple[bytes, socket.socket | None]:
    """Raises Unavailable at the end of the stream. What is there already costs no turn of the event loop."""
    try:
        data, descriptors, _, _ = await _received(sock, size)
    except OSError:
        raise CoreEnded from None
    if not data:
        raise CoreEnded
    return data, socket.socket(fileno=descriptors[0]) if descriptors else None


async def _received(sock: socket.socket, size: int) -> tuple[bytes, list[int], int, Any]:
    """As `socket.recv_fds`. Raises OSError."""
    try:
        return socket.recv_fds(sock, size, 1)
    except BlockingIOError:
        pass
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sock, readable.set)
    try:
        await readable.wait()
        return socket.recv_fds(sock, size, 1)
    finally:
        loop.remove_reader(sock)


def _started(theirs: int, log: Path) -> subprocess.Popen[bytes]:
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
        return subprocess.Popen(  # noqa: S603 (our own interpreter)
            [*_ARGV, str(theirs), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[theirs],
            start_new_session=True,
        )


def _first_process(outer: int) -> int:
    """The core's number out here; the process that we started waits for it in the host's PID namespace.

    Raises OSError, IndexError where it has ended.
    """
    return int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])
