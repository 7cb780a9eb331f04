"""The phones that are plugged in: an interface each, made when somebody first uses the line."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import ip_address

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.foretelling import networks_of
from nfemu.gateway.bearer.kernel_policy import KernelPolicy, addresses_of
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Phone
from nfemu.gateway.bearer.network.topology import CORE_OWN, GATEWAY, REDIRECTED6, phone_at
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import Imsi
from nfemu.model.subscriber import Ambr
from nfemu.policy.compile.steering import SteeringPlan, Way

_log = logging.getLogger(__name__)


def resolvers_for(given: Sequence[str], *addresses: IpAddress | None) -> tuple[str, ...]:
    """Those of the resolvers that an APN profile gives which a phone with these addresses can reach; else its gateway,
    where all questions come anyway.
    """
    versions = {address.version for address in addresses if address is not None}
    gateways = [str(each) for each in (GATEWAY, REDIRECTED6) if each.version in versions]
    return tuple(each for each in given if ip_address(each).version in versions) or tuple(gateways[:1])


class Phones:
    """`plan` names the interfaces. `bounds` gives a line's rates as they are now."""

    def __init__(
        self, core: CoreNetwork, policy: KernelPolicy, plan: SteeringPlan, bounds: Callable[[LineState], Ambr]
    ) -> None:
        self._core = core
        self._policy = policy
        self._plan = plan
        self._bounds = bounds
        self._plugged: dict[Imsi, tuple[Phone, LineState]] = {}
        self._next = 0
        self._turn = asyncio.Lock()

    async def plug(self, state: LineState) -> Entrance:
        """The way onto the line, with what root may have spoilt there mended. Raises Conflict where it has no address,
        Unavailable.
        """
        if state.policy is None or (state.ue_ipv4 is None and state.ue_ipv6 is None):
            raise Conflict("the line has no IP address, so there is nothing to plug a phone into")
        async with self._turn:
            held = self._plugged.get(state.imsi)
            if held is not None:
                try:
                    return await self._give(self._phone(held[0].index, state), state)
                except Unavailable as error:
                    await self._lose(state.imsi, error)
            self._next += 1
            return await self._give(self._phone(self._next - 1, state), state)

    async def line_changed(self, state: LineState) -> None:
        """A phone has its line's addresses and rates, and no address when the line is detached; it stays plugged in."""
        async with self._turn:
            if state.imsi in self._plugged:
                await self._follow(state)

    async def hold(self) -> None:
        """Nobody's line is known any more, and so no phone has an address; each stays plugged in. The kernel's elements
        are gone already."""
        async with self._turn:
            for imsi, (phone, state) in list(self._plugged.items()):
                nowhere = replace(state, policy=None, ue_ipv4=None, ue_ipv6=None)
                self._plugged[imsi] = phone, nowhere
                await self._follow(nowhere)

    async def bounds_changed(self) -> None:
        """Of any line. Raises Unavailable."""
        async with self._turn:
            for _, state in list(self._plugged.values()):
                await self._follow(state)

    def line_on(self, link: int) -> LineState | None:
        """The line that the core's interface with that number leads to; None: nobody's."""
        index = phone_at(link)
        return next((state for phone, state in self._plugged.values() if phone.index == index), None)

    def way(self, address: IpAddress) -> Way:
        """Where a packet to that address leads."""
        if address in CORE_OWN:
            return Way.CORE
        there = any(address in own for _, state in self._plugged.values() for own in networks_of(state))
        return Way.PHONE if there else Way.OUTSIDE

    async def _follow(self, state: LineState) -> None:
        held, _ = self._plugged[state.imsi]
        phone = self._phone(held.index, state)
        if phone != held:
            try:
                await self._give(phone, state)
            except Unavailable as error:
                await self._lose(state.imsi, error)
                return
        self._plugged[state.imsi] = phone, state

    async def _lose(self, imsi: Imsi, error: Unavailable) -> None:
        """Its programs have no network any more. Root on a line can spoil its link: that is that line's loss alone."""
        _log.warning("a phone cannot be given what its line has now, and is unplugged: %s", error)
        phone, state = self._plugged.pop(imsi)
        await self._core.unplug(phone.index)
        await self._policy.let_out(f"{self._plan.phones}{phone.index}", addresses_of(state))

    def _phone(self, index: int, state: LineState) -> Phone:
        bounds = self._bounds(state)
        return Phone(index, state.ue_ipv4, state.ue_ipv6, bounds.uplink, bounds.downlink)

    async def _give(self, phone: Phone, state: LineState) -> Entrance:
        interface, addresses = f"{self._plan.phones}{phone.index}", addresses_of(state)
        entrance = await self._core.plug(phone)
        held = self._plugged.get(state.imsi)
        before = addresses_of(held[1]) if held is not None else None
        if before != addresses:
            await self._policy.let_in(interface, before, addresses)
        self._plugged[state.imsi] = phone, state
        return entrance


def bounded(ambr: Ambr | None, rate: int) -> Ambr:
    """Neither direction faster than `rate` nor than the APN profile has it; 0 is no bound."""
    if ambr is None:
        return Ambr(rate, rate)
    return Ambr(_least(ambr.uplink, rate), _least(ambr.downlink, rate))


def _least(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other
