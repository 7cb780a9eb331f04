"""uvicorn's HTTP and WebSocket protocols with the addresses that the PROXY header gave.

httptools parses, not h11: h11 0.14, which mitmproxy pins on Python 3.11, has CVE-2025-43859.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import ServerState
from wsproto import events

from nfemu.web.origins.connection import OriginConnection, OriginRequest, attach_origin


class OriginHttp(HttpToolsProtocol):
    """One HTTP/1 connection: scope `client` is the UE, `server` the virtual address that it dialled.

    `describe` is asked once, when the connection is up: only the finished TLS handshake knows the server name.
    `ended` is called when it is no more, as a WebSocket connection too.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        describe: Callable[[], OriginConnection],
        ended: Callable[[], None],
    ) -> None:
        super().__init__(config=config, server_state=state, app_state={})
        self._describe = describe
        self._ended = ended
        self._upgraded = False
        self._received: list[tuple[bytes, bytes]] = []
        self.ws_protocol_class = self._websocket  # type: ignore[assignment]  # uvicorn calls it like a class

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self._connection = self._describe()
        self.client = (str(self._connection.ue_address), self._connection.ue_port)
        self.server = (str(self._connection.address), self._connection.port)
        self.scheme = "https" if self._connection.tls else "http"

    @property
    def idle(self) -> bool:
        """No request is under way, and it is no WebSocket connection."""
        under_way = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first
        return not (self._upgraded or under_way)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._received.append((name, value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        attach_origin(self.scope, self._request())
        super().on_headers_complete()

    def _request(self) -> OriginRequest:
        return OriginRequest(self._connection, self.url, tuple(self._received))

    def _websocket(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> "OriginWebSocket":
        self._upgraded = True
        return OriginWebSocket(config, server_state, app_state, self._request(), self._ended)


class OriginWebSocket(WSProtocol):
    """A WebSocket connection with the same addresses."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        request: OriginRequest,
        ended: Callable[[], None],
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state)
        self._request = request
        self._ended = ended

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()
        super().connection_lost(exc)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        connection = self._request.connection
        self.client = (str(connection.ue_address), connection.ue_port)
        self.server = (str(connection.address), connection.port)
        self.scheme = "wss" if connection.tls else "ws"

    def handle_connect(self, event: events.Request) -> None:
        super().handle_connect(event)
        attach_origin(self.scope, self._request)
