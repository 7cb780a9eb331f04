"""What reached the origins: a bounded memory of requests, for tests and for the API."""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nfemu.web.origins.connection import OriginRequest


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as an origin received it. `headers` in the order and spelling received.

    `body_length` and `body_sha256` (hex) cover what has arrived so far; `body_complete` says whether that is all.
    `ue_address` and `address` (what the UE dialled) are texts; `at` is wall time.
    """

    name: str
    method: str
    target: str
    scheme: str
    http_version: str
    ue_address: str
    address: str
    port: int
    headers: tuple[tuple[str, str], ...]
    body_length: int
    body_sha256: str
    body_complete: bool
    at: datetime

    def header(self, name: str) -> list[str]:
        """The values of every header of that name, any case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(slots=True)
class Recording:
    """A request that may still be arriving. The dispatcher feeds its body; sites show it."""

    name: str
    request: OriginRequest
    method: str
    scheme: str
    http_version: str
    at: datetime
    body_length: int = 0
    body_complete: bool = False
    digest: Any = field(default_factory=hashlib.sha256)

    def feed(self, message: Mapping[str, Any]) -> None:
        """Take an ASGI `http.request` message into account."""
        if message["type"] != "http.request":
            return
        body = message.get("body", b"")
        self.body_length += len(body)
        self.digest.update(body)
        self.body_complete = not message.get("more_body", False)

    def snapshot(self) -> ReceivedRequest:
        connection = self.request.connection
        return ReceivedRequest(
            name=self.name,
            method=self.method,
            target=self.request.target.decode("latin-1"),
            scheme=self.scheme,
            http_version=self.http_version,
            ue_address=str(connection.ue_address),
            address=str(connection.address),
            port=connection.port,
            headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.request.headers),
            body_length=self.body_length,
            body_sha256=self.digest.hexdigest(),
            body_complete=self.body_complete,
            at=self.at,
        )


class Recorder:
    """The latest requests of each name; the name that was quiet longest is forgotten first."""

    def __init__(self, now: Callable[[], datetime], *, per_name: int = 50, names: int = 200) -> None:
        """`now` is aware wall time."""
        self._now = now
        self._per_name = per_name
        self._names = names
        self._requests: OrderedDict[str, deque[Recording]] = OrderedDict()

    def begin(self, name: str, request: OriginRequest, scope: Mapping[str, Any]) -> Recording:
        """Note a request as soon as its head is there; WebSocket handshakes count as GET."""
        recording = Recording(
            name=name,
            request=request,
            method=scope.get("method", "GET"),
            scheme=scope["scheme"],
            http_version=scope["http_version"],
            at=self._now(),
        )
        ring = self._requests.setdefault(name, deque(maxlen=self._per_name))
        ring.append(recording)
        self._requests.move_to_end(name)
        if len(self._requests) > self._names:
            self._requests.popitem(last=False)
        return recording

    def received(self, name: str) -> list[ReceivedRequest]:
        """What reached `name` (a host name or IP literal, lower case), oldest first."""
        return [recording.snapshot() for recording in self._requests.get(name, ())]

    def names(self) -> list[str]:
        """Every name that received anything, the most recently used last."""
        return list(self._requests)

    def clear(self) -> None:
        """Forget everything (a reset of the carrier)."""
        self._requests.clear()
