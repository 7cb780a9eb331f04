"""Sinkhole addresses: what a restricted line is told instead of where a name leads.

Theory. An address means a name for one subscriber only, so every subscriber has a numbering of his own: slot `n` is
`100.100.0.0 + n` and `fd53:696e:6b00:: + n`. Nothing routes there; the gateway alone steers it. Slot 1 is shared by all
names past the cap, and stands for none: what arrives there is judged by Host or SNI alone.

    free ──answer──▶ held ──(11 minutes without answer or use)──▶ free

A held slot is held whatever happens to the line's policy: what a browser kept still leads by name after the payment.
Slots that come free wait until all others were used, so an address changes its meaning as late as it can.

Times are wall time. All names stand in one queue, the one longest unused first: only its front is looked at.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from nfemu.model.destination import IpAddress
from nfemu.model.identity import Imsi
from nfemu.model.sinkhole import IPV4_SINKHOLES, IPV6_SINKHOLES, is_sinkhole

HELD_FOR = timedelta(minutes=11)
"""Ten after a client heard of it at the latest: an answer that was made once is given again for some seconds."""
_SHARED = 1
_FIRST = 16
_LAST = IPV4_SINKHOLES.num_addresses - 2


@dataclass(frozen=True, slots=True)
class Sinkhole:
    """What is answered for one name, by family."""

    ipv4: IPv4Address
    ipv6: IPv6Address

    @classmethod
    def of_slot(cls, slot: int) -> "Sinkhole":
        return cls(IPV4_SINKHOLES.network_address + slot, IPV6_SINKHOLES.network_address + slot)


@dataclass(slots=True)
class _Held:
    slot: int
    until: datetime


@dataclass(slots=True)
class _Numbering:
    """Of one subscriber. Slots at and above `mark` were never used."""

    names: dict[int, str] = field(default_factory=dict)
    returned: deque[int] = field(default_factory=deque)
    mark: int = _FIRST

    def take(self, name: str) -> int:
        if self.mark <= _LAST:
            slot, self.mark = self.mark, self.mark + 1
        else:
            slot = self.returned.popleft()
        self.names[slot] = name
        return slot


class Sinkholes:
    """`per_line`: names of one subscriber with an address of their own; `total`: of all of them together."""

    def __init__(self, per_line: int = 1_000, total: int = 200_000) -> None:
        self._per_line = min(per_line, _LAST - _FIRST + 1)
        self._total = total
        self._held: OrderedDict[tuple[Imsi, str], _Held] = OrderedDict()
        self._numberings: dict[Imsi, _Numbering] = {}

    def answer(self, imsi: Imsi, name: str, now: datetime) -> Sinkhole:
        """The name's address for this subscriber, held from now on; the shared one past the caps."""
        self._release(now)
        held = self._held.get((imsi, name))
        if held is not None:
            self._use(imsi, name, held, now)
            return Sinkhole.of_slot(held.slot)
        numbering = self._numberings.get(imsi)
        if len(self._held) >= self._total or (numbering is not None and len(numbering.names) >= self._per_line):
            return Sinkhole.of_slot(_SHARED)
        if numbering is None:
            numbering = self._numberings[imsi] = _Numbering()
        slot = numbering.take(name)
        self._held[imsi, name] = _Held(slot, now + HELD_FOR)
        return Sinkhole.of_slot(slot)

    def name_of(self, imsi: Imsi, address: IpAddress, now: datetime) -> str | None:
        """The name that this subscriber was given `address` for, which counts as use.

        None for the shared address, for one that is not held any more, and for what is no sinkhole.
        """
        self._release(now)
        slot, numbering = _slot(address), self._numberings.get(imsi)
        name = numbering.names.get(slot) if numbering is not None else None
        if name is not None:
            self._use(imsi, name, self._held[imsi, name], now)
        return name

    def __len__(self) -> int:
        return len(self._held)

    def _use(self, imsi: Imsi, name: str, held: _Held, now: datetime) -> None:
        held.until = max(held.until, now + HELD_FOR)
        self._held.move_to_end((imsi, name))

    def _release(self, now: datetime) -> None:
        """A wall clock that was set back only makes it hold longer."""
        while self._held:
            (imsi, name), held = next(iter(self._held.items()))
            if now < held.until:
                return
            del self._held[imsi, name]
            numbering = self._numberings[imsi]
            del numbering.names[held.slot]
            numbering.returned.append(held.slot)
            if not numbering.names:
                del self._numberings[imsi]


def _slot(address: IpAddress) -> int:
    """0, which is nobody's, for what is no sinkhole."""
    if not is_sinkhole(address):
        return 0
    return int(address) - int((IPV4_SINKHOLES if address.version == 4 else IPV6_SINKHOLES).network_address)
