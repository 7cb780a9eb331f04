"""Where every name and address leads in a measurement: a site on loopback."""

import asyncio
import socket
from collections.abc import Sequence

from nfemu.gateway.engine.dial import DialRequest
from nfemu.model.destination import IpAddress


class ToSite:
    """Implements DialNames."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:  # noqa: ARG002 - the port's signature
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
        return sock

    async def addresses(self, host: str) -> Sequence[IpAddress]:  # noqa: ARG002 - the port's signature
        """Nobody's name is where it was sent."""
        return ()
