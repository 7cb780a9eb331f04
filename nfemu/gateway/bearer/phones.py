"""The phones that are plugged in: an interface each, made when somebody first uses the line."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.kernel_policy import KernelPolicy, addresses_of
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Phone
from nfemu.gateway.bearer.network.topology import GATEWAY, REDIRECTED6
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Conflict
from nfemu.model.identity import Imsi
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.updates import plug, unplug


def resolvers_for(given: Sequence[str], *addresses: IpAddress | None) -> tuple[str, ...]:
    """Those of the resolvers that an APN profile gives which a phone with these addresses can reach; else its gateway,
    where all questions come anyway.
    """
    versions = {address.version for address in addresses if address is not None}
    gateways = [str(each) for each in (GATEWAY, REDIRECTED6) if each.version in versions]
    return tuple(each for each in given if ip_address(each).version in versions) or tuple(gateways[:1])


class Phones:
    """`plan` names the interfaces."""

    def __init__(self, core: CoreNetwork, policy: KernelPolicy, plan: SteeringPlan) -> None:
        self._core = core
        self._policy = policy
        self._plan = plan
        self._plugged: dict[Imsi, tuple[int, LineState]] = {}
        self._next = 0
        self._turn = asyncio.Lock()

    async def plug(self, state: LineState) -> Entrance:
        """The way onto the line. Raises Conflict where it has no address, Unavailable."""
        if state.policy is None or (state.ue_ipv4 is None and state.ue_ipv6 is None):
            raise Conflict("the line has no IP address, so there is nothing to plug a phone into")
        async with self._turn:
            index, held = self._plugged.get(state.imsi, (self._next, None))
            if held is None:
                self._next += 1
            return await self._give(index, held, state)

    async def line_changed(self, state: LineState) -> None:
        """A phone has its line's addresses, and none when the line is detached; it stays plugged in."""
        async with self._turn:
            index, held = self._plugged.get(state.imsi, (0, None))
            if held is not None and addresses_of(held) != addresses_of(state):
                await self._give(index, held, state)

    async def _give(self, index: int, held: LineState | None, state: LineState) -> Entrance:
        interface = f"{self._plan.phones}{index}"
        entrance = await self._core.plug(Phone(index, state.ue_ipv4, state.ue_ipv6))
        if held is None or addresses_of(held) != addresses_of(state):
            gone = unplug(interface, addresses_of(held)) if held is not None else ()
            await self._policy.put((*gone, *plug(interface, addresses_of(state))))
        self._plugged[state.imsi] = index, state
        return entrance
