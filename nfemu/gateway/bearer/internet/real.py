"""The way to the real Internet, kept as the machine's own way is."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from socket import socket

from nfemu.gateway.addresses import is_foreign
from nfemu.gateway.bearer.internet.relay import Forwards, Relay
from nfemu.gateway.bearer.internet.rules import internet_rules
from nfemu.gateway.bearer.internet.surroundings import Surroundings, look_around
from nfemu.gateway.engine.dial import Dialler
from nfemu.gateway.ports import LineView
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Unavailable
from nfemu.policy.networks import IpNetwork

_LOOK_EVERY_S = 5.0

Transaction = Callable[[str], Awaitable[None]]
"""nftables of the namespace behind the core. Raises Unavailable."""
Pools = Callable[[], Sequence[IpNetwork]]
"""What the carrier gives addresses from, as it is now."""


class RealInternet:
    """`prepare`, then `begin`; `stop` may be called at any time, and twice."""

    def __init__(self, nft: Transaction, pools: Pools) -> None:
        self._nft = nft
        self._pools = pools
        self._known: Surroundings | None = None
        self._looking: asyncio.Task[None] | None = None
        self.relay: Relay | None = None

    def may_dial(self, address: IpAddress) -> bool:
        """The guard on what is dialled for a line: somebody else's address, on the public Internet."""
        return is_foreign(address) and not any(address in network for network in self._pools())

    async def look(self) -> None:
        """Have the kernel refuse what nobody may dial, or nobody can. Raises Unavailable."""
        found = await asyncio.to_thread(look_around, self._pools())
        if found != self._known:
            await self._nft(internet_rules(found))
            self._known = found

    def begin(self, sockets: Sequence[socket], view: LineView, forwards: Forwards, dialler: Dialler) -> None:
        """Serve. `sockets` were made in the namespace behind the core."""
        self.relay = Relay(sockets, view, forwards, dialler)
        self.relay.start()
        self._looking = asyncio.create_task(self._look_regularly())

    async def stop(self) -> None:
        """What was relayed has ended on return."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait((looking,))
        if self.relay is not None:
            await self.relay.stop()

    async def _look_regularly(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            with contextlib.suppress(Unavailable):  # the core has ended, which others say
                await self.look()
