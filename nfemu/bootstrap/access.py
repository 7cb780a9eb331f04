"""Which access lines have: by proxy always, and by IP bearers where they are wanted and this machine allows them.

The core network is a process like any other, so it can end at any time, and every program on a line with it. Then there
is no way onto any line until another one stands, with the rules and the lines as they are by then: fail closed. Nothing
else waits for it; a payment meanwhile is settled without.
"""

import asyncio
import logging
from collections.abc import Callable

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.bearers import Bearers
from nfemu.gateway.bearer.network.client import CoreEnded, Entrance
from nfemu.gateway.gateway import Gateway
from nfemu.gateway.setbacks import Setbacks
from nfemu.model.destination import Destination
from nfemu.model.errors import Conflict, NfemuError, Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.policy import Decision
from nfemu.policy.reach import Reach
from nfemu.settings import Carrier
from nfemu.settings.configuration import Access, InternetMode
from nfemu.web.api.backend import Component
from nfemu.web.origins.front import OriginFront

_log = logging.getLogger(__name__)
_PATIENCE_S = 20.0
"""Seconds for which somebody who wants onto a line waits for a core network that is being made."""
_BEARER = "bearer: each line is a network of its own; by HTTP and SOCKS5 proxy too"
_REAL = "; of the real Internet TCP and DNS, all else is refused"


class LineAccess:
    """`make` gives bearers that have not begun; `changed` is called when `text` says something else, and may
    raise Unavailable.
    """

    def __init__(
        self, gateway: Gateway, front: OriginFront, make: Callable[[], Bearers], changed: Callable[[], None]
    ) -> None:
        self._gateway = gateway
        self._front = front
        self._make = make
        self._changed = changed
        self._bearers: Bearers | None = None
        self._there = asyncio.Event()
        """The bearers serve."""
        self._keeping: asyncio.Task[None] | None = None
        self._restarts = 0
        self._whole = _BEARER
        """What is said while they serve."""
        self._text = "proxy: `access: proxy` in carrier.yaml"

    @property
    def text(self) -> str:
        """Which access is in use and why, in one line."""
        return self._text

    def component(self) -> Component:
        """For `nfemu status`."""
        return Component("access", self._bearers is None or self._there.is_set(), self._text)

    async def start(self, carrier: Carrier) -> None:
        """The gateway serves when this returns. Raises what it raises, and Unavailable where there must be bearers."""
        bearers = await self._prepared(carrier)
        try:
            await self._gateway.start(bearers)
        except BaseException:
            if bearers is not None:
                await bearers.stop()
            raise
        if bearers is not None:
            self._serve(bearers)
            self._keeping = asyncio.create_task(self._keep(bearers), name="bearers")

    async def stop(self) -> None:
        """The gateway has ended on return, and every program on a line. May be called twice."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._gateway.stop()
        if self._bearers is not None:
            await self._bearers.stop()

    async def plug(self, msisdn: Msisdn) -> tuple[LineState, Entrance]:
        """A phone into the line, as it is now; the way onto it. Raises Conflict, Unavailable."""
        if self._bearers is None:
            raise Conflict("this carrier has no IP bearers; `nfemu status` says why, and access by proxy works")
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    await self._there.wait()
                    bearers = self._bearers
                    try:
                        return await bearers.plug(msisdn)
                    except CoreEnded:
                        await bearers.ended()
                        if bearers is self._bearers:
                            self._there.clear()
        except TimeoutError:
            raise Unavailable(f"there is no way onto any line now; {self._text}") from None

    async def reach(self, msisdn: Msisdn, destination: Destination, decision: Decision) -> Reach | None:
        """What the line's traffic to there would meet now; None where it has no bearer. `decision` is the policy's."""
        return None if self._bearers is None else await self._bearers.reach(msisdn, destination, decision)

    async def _prepared(self, carrier: Carrier) -> Bearers | None:
        if carrier.access is Access.PROXY:
            return None
        bearers = self._make()
        try:
            await bearers.prepare()
        except Unavailable as error:
            if carrier.access is Access.BEARER:
                raise
            self._text = f"proxy: HTTP and SOCKS5; no IP bearers, {error}"
            return None
        await self._front.serve_bearers(bearers.origins)
        self._whole = _BEARER + (_REAL if carrier.internet is InternetMode.REAL else "")
        return bearers

    def _serve(self, bearers: Bearers) -> None:
        self._bearers = bearers
        self._text = self._whole + (f"; {self._restarts} restarts" if self._restarts else "")
        self._there.set()

    async def _keep(self, bearers: Bearers) -> None:
        """Whatever ends them, there will be others."""
        setbacks = Setbacks()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await bearers.ended()
            pause_s = setbacks.ended(loop.time() - began)
            await self._lost(bearers, "the core network has ended", pause_s)
            bearers = await self._others(setbacks)

    async def _others(self, setbacks: Setbacks) -> Bearers:
        while True:
            bearers = self._make()
            try:
                await bearers.prepare()
                await self._front.serve_bearers(bearers.origins)
                await self._gateway.exchange_bearers(bearers)
            except (NfemuError, OSError) as error:
                await self._lost(bearers, str(error), setbacks.ended(0))
                continue
            except asyncio.CancelledError:
                await bearers.stop()
                raise
            self._restarts += 1
            self._serve(bearers)
            self._tell()
            return bearers

    async def _lost(self, bearers: Bearers, reason: str, pause_s: float) -> None:
        """There is no way onto any line from now on; return when it is time for others."""
        self._there.clear()
        await bearers.stop()
        _log.warning("no IP bearers, another core network in %.1f s: %s", pause_s, reason)
        self._text = f"bearer: no way onto any line until another core network stands, {reason}; by proxy meanwhile"
        self._tell()
        await asyncio.sleep(pause_s)

    def _tell(self) -> None:
        try:
            self._changed()
        except Unavailable as error:
            _log.warning("the status of bearers cannot be told: %s", error)
