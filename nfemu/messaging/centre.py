"""The message centre's listener: receivers come and go, and share what is sent."""

import asyncio
import socket

from nfemu.messaging.queue import RelayQueue
from nfemu.messaging.receiver import Patience, Receiver, Terms
from nfemu.model.errors import Unavailable
from nfemu.runtime.listening import listen

_MOST = 16
"""Connections at one time; more are refused."""


class SmppListener:
    """Serves receivers on `host` and `port` (0: a free one) between `start` and `stop`."""

    def __init__(self, queue: RelayQueue, terms: Terms, host: str, port: int, patience: Patience | None = None) -> None:
        self._queue = queue
        self._terms = terms
        self._wanted = (host, port, "notices.smpp.port", "dunning.yaml")
        self._patience = patience or Patience()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._talks: dict[Receiver, asyncio.Task[None]] = {}

    @property
    def address(self) -> tuple[str, int]:
        """Host and port as bound. Raises Unavailable before the start."""
        if self._socket is None:
            raise Unavailable("the message centre has not been started")
        host, port = self._socket.getsockname()[:2]
        return host, port

    def receivers(self) -> int:
        """How many are bound."""
        return sum(receiver.bound for receiver in self._talks)

    async def start(self) -> None:
        """Raises Conflict for a port in use, InvalidInput for an address that is not ours."""
        self._socket = listen(*self._wanted)
        self._server = await asyncio.start_server(self._talk, sock=self._socket)

    async def stop(self) -> None:
        """Receivers are let go; what they have not acknowledged waits for the next one."""
        if self._server is not None:
            self._server.close()
        for receiver in self._talks:
            receiver.leave()
        if self._talks:
            await asyncio.wait(list(self._talks.values()))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if len(self._talks) >= _MOST or task is None:
            writer.close()
            return
        receiver = Receiver(reader, writer, self._queue, self._terms, self._patience)
        self._talks[receiver] = task
        try:
            await receiver.run()
        finally:
            del self._talks[receiver]
