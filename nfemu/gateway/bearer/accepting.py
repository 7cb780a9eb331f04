"""Accepts on listening sockets that it is given, without transports: a short exchange on a bare socket costs a third.

The sockets may have been made in another network namespace. They are the gateway's own from now on.
"""

import asyncio
import errno
import logging
import socket
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address

from nfemu.model.destination import IpAddress
from nfemu.policy.names import canonical_address
from nfemu.runtime.descriptors import few_are_left
from nfemu.runtime.listening import DEFER_S

_log = logging.getLogger(__name__)
_AT_ONCE = 64
"""Connections accepted before everybody else has a turn."""
_PAUSE_S = 0.5
_LINGER_NOT = struct.pack("ii", 1, 0)
"""struct linger: close at once, which is a reset (socket(7))."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NOT_NOW = frozenset({errno.EAGAIN, errno.ECONNABORTED, errno.EINTR, errno.EPROTO})

Serve = Callable[[socket.socket, IpAddress], None]
"""Takes over a connection, which is in blocking mode, and its peer's address; returns at once."""

Original = Callable[[socket.socket], tuple[IpAddress, int]]
"""Where a connection was going before it was redirected to us. Raises OSError for one that was not."""


class Acceptor:
    """Created and started in a running event loop. `defer_s` is for phones that speak first, as most do: until then the
    connection costs nothing here. 0: accepted at once.
    """

    def __init__(self, sockets: Sequence[socket.socket], serve: Serve, defer_s: int = DEFER_S) -> None:
        self._sockets = sockets
        self._serve = serve
        self._defer_s = defer_s
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}

    def start(self) -> None:
        for sock in self._sockets:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, self._defer_s)
            self._listen(sock)

    def stop(self) -> None:
        """Accept no more; the sockets are closed. May be called twice."""
        for pause in self._pauses.values():
            pause.cancel()
        for sock in self._sockets:
            if sock.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(sock)
                sock.close()

    def _listen(self, sock: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(sock, self._accept, sock)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, peer = listener.accept()
            except OSError as error:
                if error.errno not in _NOT_NOW:
                    self._pause(listener, error)
                return
            if few_are_left(sock.fileno()):
                reset(sock)
            else:
                self._serve(sock, peer_address(peer[0]))

    def _pause(self, listener: socket.socket, error: OSError) -> None:
        """Out of descriptors or memory: those who wait, wait in the kernel, and this loop goes on with its work."""
        if error.errno not in _EXHAUSTED:
            raise error
        _log.warning("no connection can be accepted now: %s", error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        self._pauses[listener] = loop.call_later(_PAUSE_S, self._listen, listener)


@lru_cache(maxsize=8192)
def peer_address(text: str) -> IpAddress:
    """As accept(2) gives it; a link-local one comes with its zone."""
    return canonical_address(ip_address(text.partition("%")[0]))


def reset(sock: socket.socket) -> None:
    """Close with a TCP reset: the peer learns at once that nothing will come."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    finally:
        sock.close()
