"""An engine without mitmproxy, to test what starts, feeds and ends engines.

Whoever connects to the HTTP listener, or to one of the core network, sends a number and a line feed, and gets one line
back: what the replica says of that line, or `not fresh`. A connection stays open and is asked again for every line.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import EngineConfig, LineView, Reports, Resolver
from nfemu.gateway.worker import BuildEngine, start
from nfemu.model.identity import Msisdn
from nfemu.model.usage import Allowance


class EchoEngine:
    def __init__(self, config: EngineConfig, view: LineView, resolver: Resolver, reports: Reports) -> None:
        self._config = config
        self._view = view
        self._resolver = resolver
        self._servers: list[asyncio.Server] = []
        self._talks: set[asyncio.Future[None]] = set()
        self.changed: list[LineState] = []
        self.reloads = 0
        self.lost = 0

    async def start(self) -> None:
        config = self._config
        sockets: list[socket.socket] = [*config.http_sockets, *config.socks_sockets, *config.bearer_sockets]
        for sock in sockets:
            self._servers.append(await asyncio.start_server(self._talk, sock=sock))
        for msisdn, sock in self._config.subscriber_sockets.items():
            self._servers.append(await asyncio.start_server(self._talk_of(msisdn), sock=sock))

    async def hold(self) -> None:
        """Nothing is kept of anybody."""

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """Nothing is metered."""

    def day_began(self, ends_at: datetime) -> None:
        """Nor counted by days."""

    async def drain(self, within_s: float) -> None:
        await self.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await asyncio.sleep(0.02)
                await asyncio.gather(*self._talks)

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def line_changed(self, state: LineState) -> None:
        self.changed.append(state)

    async def rules_changed(self) -> None:
        self.reloads += 1

    async def control_lost(self) -> None:
        self.lost += 1

    def _talk_of(self, msisdn: Msisdn):  # type: ignore[no-untyped-def]  # an asyncio callback
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(self._answer(msisdn).encode() + b"\n")
            writer.close()

        return talk

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(talk := asyncio.ensure_future(self._conversation(reader, writer)))
        talk.add_done_callback(self._talks.discard)
        await talk

    async def _conversation(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while number := (await reader.readline()).decode().strip():
            writer.write(self._answer(Msisdn(number)).encode() + b"\n")
            await writer.drain()
        writer.close()

    def _answer(self, msisdn: Msisdn) -> str:
        if not self._view.fresh():
            return f"{os.getpid()} not fresh"
        state = self._view.line(msisdn)
        names = ",".join(self._view.rules().policies.names)
        held = "unknown 0" if state is None else f"{state.policy} {state.version}"
        return f"{os.getpid()} {held} {names}"


def load() -> BuildEngine:
    return EchoEngine


if __name__ == "__main__":
    sys.exit(start(load))
