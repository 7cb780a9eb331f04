"""The carrier's API under load: kept-alive connections without a client's costs, for the machine is shared with it."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nfemu.client.state import StateFolder, reachable


@dataclass(frozen=True, slots=True)
class Call:
    """`path` below `/api/v1`; `body` as JSON."""

    method: str
    path: str
    body: object = None


@dataclass(frozen=True, slots=True)
class Called:
    """What came back, and when: seconds of the monotonic clock."""

    status: int
    answer: Any
    began: float
    ended: float

    @property
    def milliseconds(self) -> float:
        return (self.ended - self.began) * 1000


class Api:
    """Of the carrier that runs on this state folder."""

    def __init__(self, state: StateFolder) -> None:
        host, port = reachable(state.status().api).rsplit(":", 1)
        self._place = host, int(port)
        self._fixed = f"Host: {host}:{port}\r\nAuthorization: Bearer {state.api_token.read_text().strip()}\r\n"

    async def all(self, calls: Sequence[Call], at_once: int) -> list[Called]:
        """Every call's outcome, in their order, on `at_once` connections that are open before the first call."""
        connections = [await asyncio.open_connection(*self._place) for _ in range(min(at_once, len(calls)))]
        waiting = iter(enumerate(calls))
        done: dict[int, Called] = {}

        async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for index, call in waiting:
                done[index] = await self._exchange(reader, writer, call)
            writer.close()

        await asyncio.gather(*(work(*connection) for connection in connections))
        return [done[index] for index in range(len(calls))]

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, call: Call) -> Called:
        body = b"" if call.body is None else json.dumps(call.body).encode()
        head = f"{call.method} /api/v1/{call.path} HTTP/1.1\r\n{self._fixed}Content-Length: {len(body)}\r\n"
        began = time.monotonic()
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in answer.split(b"\r\n")[1:] if line)
        text = await reader.readexactly(int(fields[b"content-length"]))
        return Called(int(answer.split()[1]), json.loads(text), began, time.monotonic())
