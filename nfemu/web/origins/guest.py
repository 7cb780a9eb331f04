"""One connection to the origin front, from its acceptance to its end: where it has a place, and how it ends."""

import asyncio
import socket
from collections.abc import Awaitable

from nfemu.runtime.crowd import Crowd
from nfemu.web.origins.protocol import OriginHttp


class Crowded(Exception):
    """The line has all places that it may have, and each of them is in use."""


class Guest:
    """A member of a crowd of guests."""

    def __init__(self, accepted: socket.socket) -> None:
        """`accepted` is its own from now on."""
        accepted.setblocking(False)
        self.socket = accepted
        self._place: tuple[Crowd[bytes, Guest], bytes] | None = None
        self._protocol: OriginHttp | None = None
        self._arriving: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """See runtime.crowd.Guest."""
        return self._protocol is None or self._protocol.idle

    def arrive(self, arriving: Awaitable[None]) -> asyncio.Task[None]:
        """Until it is `served`."""
        self._arriving = task = asyncio.ensure_future(arriving)
        return task

    def enter(self, crowd: "Crowd[bytes, Guest]", line: bytes) -> None:
        """It leaves where it was. Raises Crowded where there is no place for it."""
        self.leave()
        if not crowd.enter(line, self):
            raise Crowded
        self._place = crowd, line

    def leave(self) -> None:
        """No error where it has no place."""
        if self._place is not None:
            crowd, line = self._place
            crowd.leave(line, self)
            self._place = None

    def served(self, protocol: OriginHttp) -> None:
        """By that from now on, which tells when it has ended."""
        self._protocol = protocol

    def cut(self) -> None:
        """See runtime.crowd.Guest."""
        if self._protocol is not None:
            self._protocol.transport.abort()
        elif self._arriving is not None:
            self._arriving.cancel()
