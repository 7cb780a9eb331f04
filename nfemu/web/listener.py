"""An ASGI application on a TCP address: uvicorn, without its own signal handling."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from nfemu.model.errors import Unavailable
from nfemu.runtime.listening import listen


class _QuietServer(uvicorn.Server):
    """Signals belong to the control process, which stops everything in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listener:
    """Serves `app` on `host` and `port` (0: a free one) between `start` and `stop`.

    `setting` names the place in the configuration that says the port, for errors.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, setting: str) -> None:
        self._app = app
        self._wanted = (host, port, setting)
        self._socket: socket.socket | None = None
        self._server: _QuietServer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port as bound. Raises Unavailable before the start."""
        if self._socket is None:
            raise Unavailable("the listener has not been started")
        host, port = self._socket.getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Raises Conflict for a port in use, InvalidInput for an address that is not ours."""
        self._socket = listen(*self._wanted)
        config = uvicorn.Config(
            self._app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="api")

    async def stop(self) -> None:
        """Requests under way get two seconds."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        if self._socket is not None:
            self._socket.close()
