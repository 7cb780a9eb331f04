"""Where every name and address leads in a measurement: a site on loopback."""

import asyncio
import socket

from nfemu.gateway.engine.dial import DialRequest


class ToSite:
    """Implements Dial."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect(self, request: DialRequest, source_port: int) -> socket.socket:  # noqa: ARG002 - the port's signature
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
        return sock
