"""A redirect responder on real sockets, with lines of every kind."""

import time

from nfemu.gateway.bearer.responder import Responder
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.caps import Caps
from nfemu.gateway.engine.meter import Meters
from nfemu.runtime.crowd import Bounds
from tests.fakes.gateway import ARREARS, CAPPED, LANDING, OPEN, WALLED
from tests.gateway.bearer.world import Steering, outcome
from tests.gateway.engine.conftest import turns, until

GET = b"GET /a?b=c HTTP/1.1\r\nHost: news.example\r\nUser-Agent: x\r\n\r\n"
ANSWER = responses.redirect(LANDING, "news.example", b"http://news.example/a?b=c")
_BOUNDS = Bounds(per_line=4, in_all=6)


class World(Steering):
    def __init__(self, *, patience_s: float = 60, bounds: Bounds = _BOUNDS) -> None:
        super().__init__(80)
        self.arrears = self.line("13800138001", ARREARS, "127.0.0.2")
        self.walled = self.line("13800138002", WALLED, "127.0.0.3")
        self.open = self.line("13800138000", OPEN, "127.0.0.4")
        self.detached = self.line("13800138003", None, "127.0.0.5")
        self.capped = self.line("13800138004", CAPPED, "127.0.0.6")
        self.meters = Meters(time.monotonic)
        self.responder = Responder(
            [self.listener],
            self.view,
            self.judge,
            Caps(self.judge, self.meters),
            self.reports,
            original=self.original,
            bounds=bounds,
            patience_s=patience_s,
        )
        self.responder.start()

    async def ask(self, *parts: bytes, source: str = "127.0.0.2") -> bytes:
        """Each part in a packet of its own."""
        reader, writer = await self.connect(source)
        for part in parts:
            writer.write(part)
            await turns(3)
        answer = await outcome(reader)
        writer.close()
        return answer

    async def waiting(self, count: int) -> None:
        await until(lambda: len(self.responder) == count)
