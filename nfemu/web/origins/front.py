"""The origin front: where every built-in origin is reached, by the gateway and by UEs themselves.

The gateway comes by one Unix socket. A connection there begins with a PROXY v2 header (`nfemu.wire.proxy_protocol`)
that carries the origin token, and nothing is believed, parsed or answered before the token has been checked. The header
is read byte-exact from the bare socket, so that the TLS handshake starts on an untouched stream. A UE on a bearer
comes by a listener of the emulated Internet's network, to which all its addresses lead; there the kernel says who and
where to. Then comes TLS, when the UE dialled port 443 or its first byte is that of a TLS record, or plain HTTP.
"""

import asyncio
import hmac
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from nfemu.model.errors import InvalidInput
from nfemu.runtime.original import original_destination
from nfemu.web.origins.ca import CertificateAuthority, new_server_context
from nfemu.web.origins.connection import OriginConnection
from nfemu.web.origins.protocol import OriginHttp
from nfemu.wire import proxy_protocol
from nfemu.wire.errors import WireError

_LOG = logging.getLogger(__name__)
_TLS_HANDSHAKE_RECORD = b"\x16"
_HTTPS = 443
_FIRST_PART = 16
"""Signature, command, family and length: what must be there before the rest's size is known."""
_BACKLOG = 1024
Describe = Callable[[socket.socket], Awaitable[OriginConnection]]
"""Who is on a connection that has just been accepted, and where it leads; `tls` is found out afterwards."""


class OriginFront:
    """Serves one ASGI application on `socket_path`. Scope: `client` is the UE, `server` the address it dialled."""

    def __init__(
        self,
        app: ASGIApp,
        authority: CertificateAuthority,
        socket_path: Path,
        token: bytes,
        *,
        preface_timeout: float = 10.0,
        keep_alive: int = 75,
        max_arriving: int = 1024,
        max_connections: int = 16384,
    ) -> None:
        """Times in seconds. `preface_timeout` bounds the PROXY header and the TLS handshake, each; `keep_alive`
        the wait for the first byte and between requests. `max_arriving` connections may be in these stages;
        above `max_connections` requests are answered 503. Raises InvalidInput without a token.
        """
        if not token:
            raise InvalidInput("the origin front needs a token; an empty one would let anybody in")
        self._authority = authority
        self._path = socket_path
        self._token = token
        self._preface_timeout = preface_timeout
        self._keep_alive = keep_alive
        self._slots = asyncio.Semaphore(max_arriving)
        self._state = ServerState()
        self._config = Config(
            app,
            http=OriginHttp,
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=keep_alive,
            limit_concurrency=max_connections,
        )
        self._config.load()
        self._listening: list[_Listening] = []
        self._on_bearers: list[_Listening] = []
        self._arriving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the socket (mode 0600) and serve until `stop`. A socket file left by a dead process is replaced."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        self._listening = [self._listen(listener, self._read_preface)]

    async def serve_bearers(self, listeners: Sequence[socket.socket]) -> None:
        """Serve what is redirected to `listeners` too, until `stop`, which closes them; those of before are closed."""
        await _closed(self._on_bearers)
        for listener in listeners:
            listener.setblocking(False)
        self._on_bearers = [self._listen(listener, _from_ue) for listener in listeners]

    def _listen(self, listener: socket.socket, describe: Describe) -> "_Listening":
        return listener, asyncio.create_task(self._accept(listener, describe), name="origin front")

    async def stop(self, grace: float = 2.0) -> None:
        """Close the socket and every connection; requests under way get `grace` seconds."""
        if self._listening:
            self._path.unlink(missing_ok=True)
        await _closed(self._listening)
        await _closed(self._on_bearers)
        for task in self._arriving:
            task.cancel()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=grace)
        for running in list(self._state.tasks):
            running.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)

    async def _accept(self, listener: socket.socket, describe: Describe) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._slots.acquire()
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:  # out of descriptors, or the peer has gone: the front itself must live on
                self._slots.release()
                _LOG.warning("origin front cannot accept a connection: %s", error)
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._arrive(accepted, describe))
            self._arriving.add(task)
            task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._arriving.discard(task)
        self._slots.release()

    async def _arrive(self, accepted: socket.socket, describe: Describe) -> None:
        """Check the preface, then hand the socket to a protocol; the connection ends here if anything is wrong."""
        accepted.setblocking(False)
        try:
            async with asyncio.timeout(self._preface_timeout):
                connection = await describe(accepted)
            async with asyncio.timeout(self._keep_alive):
                tls = connection.port == _HTTPS or await _peek(accepted) == _TLS_HANDSHAKE_RECORD
            await self._serve(accepted, replace(connection, tls=tls))
        except (WireError, OSError, TimeoutError) as error:
            _LOG.info("origin front ends a connection: %s: %s", type(error).__name__, error)
            accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise

    async def _read_preface(self, accepted: socket.socket) -> OriginConnection:
        data = b""
        # The codec refuses a wrong signature and an over-long header before a byte behind the first part is read.
        while (decoded := proxy_protocol.decode(data)) is None:
            data += await _read_exactly(accepted, int.from_bytes(data[14:16]) if data else _FIRST_PART)
        header = decoded[0]
        if not hmac.compare_digest(header.token, self._token):
            raise WireError("PROXY header: wrong token; only the gateway of this emulator may connect")
        return OriginConnection(
            header.source,
            header.source_port,
            header.destination,
            header.destination_port,
            tls=False,
            by_gateway=True,
        )

    async def _serve(self, accepted: socket.socket, connection: OriginConnection) -> None:
        loop = asyncio.get_running_loop()
        if not connection.tls:
            await loop.connect_accepted_socket(
                lambda: OriginHttp(self._config, self._state, lambda: connection), accepted
            )
            return
        hello = _ClientHello(self._authority, connection)
        try:
            await loop.connect_accepted_socket(
                lambda: OriginHttp(self._config, self._state, lambda: hello.connection),
                accepted,
                ssl=hello.context,
                ssl_handshake_timeout=self._preface_timeout,
            )
        finally:
            hello.forget()


_Listening = tuple[socket.socket, asyncio.Task[None]]


async def _closed(listening: list[_Listening]) -> None:
    """Nobody is accepted there any more on return."""
    for listener, accepting in listening:
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        listener.close()
    listening.clear()


async def _from_ue(accepted: socket.socket) -> OriginConnection:
    """Raises OSError for a connection that was not redirected to us."""
    address, port = original_destination(accepted)
    ue_address, ue_port = accepted.getpeername()[:2]
    return OriginConnection(ip_address(ue_address), ue_port, address, port, tls=False, by_gateway=False)


class _ClientHello:
    """Picks the certificate by SNI and keeps the name for the check against `Host` (RFC 9110 section 7.4)."""

    def __init__(self, authority: CertificateAuthority, connection: OriginConnection) -> None:
        self._authority = authority
        self.connection = connection
        self.context = new_server_context()
        self.context.sni_callback = self._choose

    def _choose(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if name is not None:
            name = name.lower().removesuffix(".")
        try:
            tls.context = self._authority.server_context(name or str(self.connection.address))
        except InvalidInput:
            return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
        self.connection = replace(self.connection, server_name=name)
        return None

    def forget(self) -> None:
        """The handshake is over. Context and callback hold each other, and with them what OpenSSL keeps, which the
        garbage collector does not see and so lets pile up.
        """
        self.context.sni_callback = None


async def _read_exactly(accepted: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < size:
        part = await loop.sock_recv(accepted, size - len(data))
        if not part:
            raise WireError("PROXY header: connection closed before its end")
        data += part
    return data


async def _peek(accepted: socket.socket) -> bytes:
    """The first byte, left in the socket; empty when the peer has closed."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    handle = accepted.fileno()
    loop.add_reader(handle, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(handle)
    return accepted.recv(1, socket.MSG_PEEK)
