"""Address pools: the lowest free IPv4 address and IPv6 /64 prefix, with a hold before anything is used again.

Theory. Every address is a slot number counted from the start of its network. A slot is in one of four states:

    free ──take──▶ owned ──hold──▶ held ──time──▶ free
                     └──────free──────▶ free          (a reservation that was not committed)

Slots that were never used lie at and above a watermark; slots that came back lie in a heap. The lowest free one is
therefore found without scanning: the top of the heap, else the watermark. A slot taken by number (a static
address, or one restored at start) may still lie in the heap or above the watermark; it is passed over there.
A slot that is assigned to an IMSI (its static address) is never anybody else's, whether it is in use or not.

A held slot belongs to its former owner: only the same IMSI may take it by number before the hold ends, so that a
reassigned address never shows somebody else's number (G12).
"""

import heapq
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from nfemu.epc.catalogue import Pool
from nfemu.model.errors import Conflict
from nfemu.model.identity import Imsi

_UE_PREFIX = 64
"""Each UE gets a /64 (TS 23.401 clause 5.3.1.2.2)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A slot between two owners: nobody else's before `until` (business time)."""

    imsi: Imsi
    until: datetime


class Slots:
    """Slot numbers 0 to size − 1, without the ones in `kept_out`. Times are business time."""

    def __init__(self, size: int, kept_out: frozenset[int]) -> None:
        self._size = size
        self._kept_out = kept_out
        self._assigned: dict[int, Imsi] = {}
        self._owner: dict[int, Imsi] = {}
        self._held: dict[int, Held] = {}
        self._ends: list[tuple[datetime, int]] = []
        self._returned: list[int] = []
        self._in_heap: set[int] = set()
        self._mark = 0

    def owner(self, slot: int) -> Imsi | None:
        return self._owner.get(slot)

    def assign(self, slot: int, imsi: Imsi) -> None:
        """From now on `slot` is for `imsi` alone."""
        self._assigned[slot] = imsi

    def take_lowest(self, imsi: Imsi, now: datetime) -> int | None:
        """The lowest free slot, now owned by `imsi`; None when there is none."""
        self._end_holds(now)
        slot = self._lowest_returned()
        if slot is None:
            slot = self._lowest_unused()
        if slot is not None:
            self._owner[slot] = imsi
        return slot

    def take(self, slot: int, imsi: Imsi, now: datetime) -> Held | None:
        """Give `slot` to `imsi` and return the hold that it had. Raises Conflict where it is somebody else's."""
        self._end_holds(now)
        held = self._held.get(slot)
        if slot in self._kept_out or not 0 <= slot < self._size:
            raise Conflict("it is not one of the pool's addresses for UEs; choose another static address")
        if self._assigned.get(slot, imsi) != imsi:
            raise Conflict("it is assigned to another line; choose another static address")
        if self._owner.get(slot, imsi) != imsi:
            raise Conflict("it is in use by another line; detach that line or choose another static address")
        if held is not None and held.imsi != imsi:
            raise Conflict("it is on hold after another line; wait for the hold time or choose another static address")
        self._owner[slot] = imsi
        return self._held.pop(slot, None)

    def occupy(self, slot: int, imsi: Imsi) -> None:
        """`slot` is in use by a session that was restored at start."""
        self._owner[slot] = imsi
        self._held.pop(slot, None)

    def hold(self, slot: int, held: Held) -> None:
        """Nobody else's until the hold ends. Of two holds the later counts; a slot in use stays in use."""
        known = self._held.get(slot)
        if slot not in self._owner and (known is None or known.until < held.until):
            self._held[slot] = held
            heapq.heappush(self._ends, (held.until, slot))

    def free(self, slot: int) -> None:
        """The owner is gone; without a hold the slot is free at once."""
        del self._owner[slot]
        self._give_back(slot)

    def _end_holds(self, now: datetime) -> None:
        while self._ends and self._ends[0][0] <= now:
            until, slot = heapq.heappop(self._ends)
            held = self._held.get(slot)
            if held is not None and held.until == until:
                del self._held[slot]
                self._give_back(slot)

    def _give_back(self, slot: int) -> None:
        if slot < self._mark and slot not in self._in_heap:
            self._in_heap.add(slot)
            heapq.heappush(self._returned, slot)

    def _lowest_returned(self) -> int | None:
        while self._returned:
            slot = heapq.heappop(self._returned)
            self._in_heap.remove(slot)
            if self._is_free(slot):
                return slot
        return None

    def _lowest_unused(self) -> int | None:
        while self._mark < self._size:
            slot = self._mark
            self._mark += 1
            if self._is_free(slot):
                return slot
        return None

    def _is_free(self, slot: int) -> bool:
        taken = (self._owner, self._held, self._assigned, self._kept_out)
        return not any(slot in slots for slots in taken)


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot taken for a session that is not committed yet, and what it was before."""

    slots: Slots
    slot: int
    was_owned: bool
    was_held: Held | None

    def undo(self) -> None:
        """As if it had never been taken."""
        if not self.was_owned:
            self.slots.free(self.slot)
            if self.was_held is not None:
                self.slots.hold(self.slot, self.was_held)


class Ipv4Slots:
    """The UE addresses of one IPv4 network: not its network and broadcast address, nor the first (the gateway)."""

    def __init__(self, network: IPv4Network) -> None:
        self.network = network
        size = network.num_addresses
        self.slots = Slots(size, frozenset({0, 1, size - 1}))

    @property
    def room(self) -> int:
        """How many UEs it has addresses for."""
        return max(0, self.network.num_addresses - 3)

    def address(self, slot: int) -> IPv4Address:
        return self.network[slot]

    def slot(self, address: IPv4Address) -> int:
        return int(address) - int(self.network.network_address)


class Ipv6Slots:
    """The /64 prefixes of one IPv6 network; the first is kept for the gateway's own addresses."""

    def __init__(self, network: IPv6Network) -> None:
        self.network = network
        self.slots = Slots(1 << (_UE_PREFIX - network.prefixlen), frozenset({0}))

    def address(self, slot: int) -> IPv6Network:
        return IPv6Network((int(self.network.network_address) + (slot << _UE_PREFIX), _UE_PREFIX))

    def slot(self, prefix: IPv6Network) -> int:
        return (int(prefix.network_address) - int(self.network.network_address)) >> _UE_PREFIX


def lowest(space: Ipv4Slots | Ipv6Slots, pool: Pool, imsi: Imsi, now: datetime) -> Lease:
    """The lowest free address of `space` for `imsi`. Raises Conflict when none is left."""
    slot = space.slots.take_lowest(imsi, now)
    if slot is None:
        raise Conflict(
            f"address pool `{pool.name}` is exhausted: no free address in `{space.network}`; "
            f"detach lines, shorten its hold time ({pool.hold}), or give it a larger network"
        )
    return Lease(space.slots, slot, was_owned=False, was_held=None)


def fixed_ipv4(space: Ipv4Slots, pool: Pool, address: IPv4Address, imsi: Imsi, now: datetime) -> Lease:
    """The static `address` for `imsi`. Raises Conflict where it is outside the pool or somebody else's."""
    slot = space.slot(address)
    return _fixed(space.slots, slot, f"static address `{address}` in pool `{pool.name}`", imsi, now)


def fixed_ipv6(space: Ipv6Slots, pool: Pool, prefix: IPv6Network, imsi: Imsi, now: datetime) -> Lease:
    """The static /64 `prefix` for `imsi`. Raises Conflict where it is no /64, outside the pool or somebody else's."""
    if prefix.prefixlen != _UE_PREFIX:
        raise Conflict(f"static prefix `{prefix}` in pool `{pool.name}`: it is not a /64; write it with /64")
    slot = space.slot(prefix)
    return _fixed(space.slots, slot, f"static prefix `{prefix}` in pool `{pool.name}`", imsi, now)


def _fixed(slots: Slots, slot: int, what: str, imsi: Imsi, now: datetime) -> Lease:
    was_owned = slots.owner(slot) == imsi
    try:
        was_held = slots.take(slot, imsi, now)
    except Conflict as refusal:
        raise Conflict(f"{what}: {refusal}") from None
    return Lease(slots, slot, was_owned, was_held)
