"""The origin front: where every built-in origin is reached, by the gateway and by UEs themselves.

The gateway comes by one Unix socket. A connection there begins with a PROXY v2 header (`nfemu.wire.proxy_protocol`)
that carries the origin token, and nothing is believed, parsed or answered before the token has been checked. The header
is read byte-exact from the bare socket, so that the TLS handshake starts on an untouched stream. A UE on a bearer
comes by a listener of the emulated Internet's network, to which all its addresses lead; there the kernel says who and
where to. Then comes TLS, when the UE dialled port 443 or its first byte is that of a TLS record, or plain HTTP.

Each way in has places of its own, of which a line may have so many. Where none is left, a connection on which nothing
is under way gives way: another one of that line, or of the line that has most. So nobody's silence keeps others out.
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
from nfemu.runtime.crowd import Bounds, Guests, sender
from nfemu.runtime.descriptors import affordable, few_are_left
from nfemu.runtime.listening import DEFER_S
from nfemu.runtime.original import original_destination
from nfemu.web.origins.ca import CertificateAuthority, new_server_context
from nfemu.web.origins.connection import OriginConnection
from nfemu.web.origins.guest import Crowded, Guest
from nfemu.web.origins.protocol import OriginHttp
from nfemu.wire import proxy_protocol
from nfemu.wire.errors import WireError

_LOG = logging.getLogger(__name__)
_TLS_HANDSHAKE_RECORD = b"\x16"
_HTTPS = 443
_FIRST_PART = 16
"""Signature, command, family and length: what must be there before the rest's size is known."""
_BACKLOG = 1024
_NOT_KNOWN_YET = Bounds(per_line=1024, in_all=1024)
"""Of the gateway's connections that have not said yet whose they are."""
BOUNDS = Bounds(per_line=1024, in_all=8192)
"""Of the gateway's, and as many again that are UEs' own."""
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
        bounds: Bounds = BOUNDS,
    ) -> None:
        """Times in seconds. `preface_timeout` bounds the PROXY header and the TLS handshake, each; `keep_alive`
        the wait for the first byte and between requests. `bounds`: connections of each way in. Raises InvalidInput
        without a token.
        """
        if not token:
            raise InvalidInput("the origin front needs a token; an empty one would let anybody in")
        self._authority = authority
        self._path = socket_path
        self._token = token
        self._preface_timeout = preface_timeout
        self._keep_alive = keep_alive
        self._unknown: Guests[bytes, Guest] = Guests(_NOT_KNOWN_YET)
        self._by_gateway: Guests[bytes, Guest] = Guests(affordable(bounds))
        self._by_ues: Guests[bytes, Guest] = Guests(affordable(bounds))
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
        self._listening = [self._listen(listener, self._welcome_gateway)]

    async def serve_bearers(self, listeners: Sequence[socket.socket]) -> None:
        """Serve what is redirected to `listeners` too, until `stop`, which closes them; those of before are closed."""
        await _closed(self._on_bearers)
        for listener in listeners:
            listener.setblocking(False)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, DEFER_S)
        self._on_bearers = [self._listen(listener, self._welcome_ue) for listener in listeners]

    def _listen(self, listener: socket.socket, welcome: "_Welcome") -> "_Listening":
        return listener, asyncio.create_task(self._accept(listener, welcome), name="origin front")

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

    async def _accept(self, listener: socket.socket, welcome: "_Welcome") -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:  # out of descriptors, or the peer has gone: the front itself must live on
                _LOG.warning("origin front cannot accept a connection: %s", error)
                await asyncio.sleep(0.1)
                continue
            welcome(Guest(accepted))
            await asyncio.sleep(0)  # the others' turn: a connection may have waited already

    def _welcome_gateway(self, guest: Guest) -> None:
        guest.enter(self._unknown, b"")  # where all are idle
        self._begin(guest, self._read_preface, self._by_gateway)

    def _welcome_ue(self, guest: Guest) -> None:
        self._begin(guest, _from_ue, self._by_ues)

    def _begin(self, guest: Guest, describe: Describe, crowd: Guests[bytes, Guest]) -> None:
        task = guest.arrive(self._arrive(guest, describe, crowd))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _arrive(self, guest: Guest, describe: Describe, crowd: Guests[bytes, Guest]) -> None:
        """Check the preface, then hand the socket to a protocol; the connection ends here if anything is wrong."""
        try:
            async with asyncio.timeout(self._preface_timeout):
                connection = await describe(guest.socket)
            _take_place(guest, connection, crowd)
            async with asyncio.timeout(self._keep_alive if connection.by_gateway else self._preface_timeout):
                tls = connection.port == _HTTPS or await _peek(guest.socket) == _TLS_HANDSHAKE_RECORD
            guest.served(await self._serve(guest, replace(connection, tls=tls)))
        except (WireError, OSError, TimeoutError, Crowded) as error:
            _LOG.info("origin front ends a connection: %s: %s", type(error).__name__, error)
            _dismiss(guest)
        except asyncio.CancelledError:
            _dismiss(guest)
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

    async def _serve(self, guest: Guest, connection: OriginConnection) -> OriginHttp:
        loop = asyncio.get_running_loop()
        if not connection.tls:
            _, protocol = await loop.connect_accepted_socket(
                lambda: OriginHttp(self._config, self._state, lambda: connection, guest.leave), guest.socket
            )
            return protocol
        hello = _ClientHello(self._authority, connection)
        try:
            _, protocol = await loop.connect_accepted_socket(
                lambda: OriginHttp(self._config, self._state, lambda: hello.connection, guest.leave),
                guest.socket,
                ssl=hello.context,
                ssl_handshake_timeout=self._preface_timeout,
            )
        finally:
            hello.forget()
        return protocol


_Listening = tuple[socket.socket, asyncio.Task[None]]
_Welcome = Callable[[Guest], None]


def _take_place(guest: Guest, connection: OriginConnection, crowd: Guests[bytes, Guest]) -> None:
    """Among those of its line; the last descriptors are the gateway's. Raises Crowded."""
    line = sender(connection.ue_address.packed)
    if not connection.by_gateway and few_are_left(guest.socket.fileno()):
        raise Crowded
    guest.enter(crowd, line)


def _dismiss(guest: Guest) -> None:
    guest.leave()
    guest.socket.close()


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
