"""One connection to the redirect responder: a head, an answer, an end.

A head may come in pieces, and what follows it is thrown away until the phone has heard the answer.
"""

import asyncio
import re
import socket
from collections.abc import Callable
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.accepting import reset
from nfemu.gateway.engine import responses
from nfemu.model.destination import IpAddress
from nfemu.wire.http_head import HeadError, RequestHead, head_length, parse_request_head
from nfemu.wire.tls_hello import is_handshake

READ = 65_536
"""Octets at a time."""
_EMPTY_LINES = re.compile(rb"\A(?:\r\n)+")
"""Before a request (RFC 9112 section 2.2)."""


class Desk(Protocol):
    """What the responder does for its exchanges."""

    linger_s: float

    def answer(self, exchange: "Exchange", head: RequestHead) -> bytes | None:
        """The answer to a request, None where there is none. Raises OSError for a connection that was not steered
        here."""

    def refuse_tls(self, exchange: "Exchange") -> None:
        """End what begins with a handshake."""

    def wait_for(self, exchange: "Exchange") -> bool:
        """Keep an exchange that is not finished; False where its line has too many of them."""

    def forget(self, exchange: "Exchange") -> None:
        """It is not kept any more."""


class Exchange:
    """One connection: a head, an answer, an end. `line` is whose it was when it was accepted."""

    __slots__ = ("_checked", "_desk", "_inbox", "_lingering", "_watched", "line", "peer", "sock")

    def __init__(self, desk: Desk, sock: socket.socket, peer: IpAddress, line: LineState) -> None:
        self._desk = desk
        self.sock = sock
        self.peer = peer
        self.line = line
        self._inbox = b""
        self._checked = 0
        self._watched = False
        self._lingering: asyncio.TimerHandle | None = None

    def begin(self, data: bytes) -> None:
        """With what has come already."""
        if data:
            self._received(data)
        else:
            self.read()

    def read(self) -> None:
        """Something has come, or may have."""
        try:
            data = self.sock.recv(READ)
        except BlockingIOError:
            self._watch(self.read)
        except OSError:
            self._end()
        else:
            if data:
                self._received(data)
            else:
                self._end()

    def expire(self) -> None:
        """It has taken too long; said to whom has begun."""
        if self._inbox and self._lingering is None:
            self._say(responses.refusal(408, "the request head took too long"), linger=True)
        else:
            self._end()

    def reset(self) -> None:
        self._leave()
        reset(self.sock)

    def _received(self, data: bytes) -> None:
        self._inbox += data
        if is_handshake(self._inbox):
            self._desk.refuse_tls(self)
            return
        try:
            head = self._take_head()
            if head is None:
                self._watch(self.read)
                return
            answer = self._desk.answer(self, head)
        except HeadError as error:
            self._say(responses.refusal(error.status, str(error)), linger=True)
        except OSError:
            self.reset()
        else:
            if answer is None:
                self.reset()
            else:
                self._say(answer, linger=head.length != 0 or bool(self._inbox))

    def _take_head(self) -> RequestHead | None:
        """Leaves what follows it in the inbox. Raises HeadError."""
        if self._inbox.startswith(b"\r\n"):
            self._inbox = _EMPTY_LINES.sub(b"", self._inbox)
            self._checked = 0
        length = head_length(self._inbox, self._checked)
        if length is None:
            self._checked = len(self._inbox)
            return None
        raw, self._inbox = self._inbox[:length], self._inbox[length:]
        return parse_request_head(raw)

    def _say(self, answer: bytes, *, linger: bool) -> None:
        """An answer is small, and the first that goes into this socket: it has room, or nobody is there."""
        try:
            self.sock.send(answer)
            if not linger:
                self._end()
                return
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end()
            return
        self._inbox = b""
        if self._watch(self._discard):
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(self._desk.linger_s, self._end)

    def _discard(self) -> None:
        try:
            if self.sock.recv(READ):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end()

    def _watch(self, read: Callable[[], None]) -> bool:
        """Have `read` called when something comes. False, and closed, where there is no place to wait."""
        if not self._watched and not self._desk.wait_for(self):
            reset(self.sock)
            return False
        self._watched = True
        asyncio.get_running_loop().add_reader(self.sock, read)
        return True

    def _end(self) -> None:
        self._leave()
        self.sock.close()

    def _leave(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        if self._watched:
            asyncio.get_running_loop().remove_reader(self.sock)
            self._desk.forget(self)
