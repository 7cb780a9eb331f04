"""What the control process and the core say to each other: four octets of length, then one JSON document, and with its
first octet the descriptor that goes with it (SCM_RIGHTS)."""

import struct
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Network
from typing import Literal

from pydantic import TypeAdapter


class Where(Enum):
    """A network namespace of the core's own."""

    CORE = "core"
    """Between the phones and everything else: forwarding, policy, the gateway's listeners."""
    INTERNET = "internet"
    """The emulated Internet: all its addresses are local there."""


class Transport(Enum):
    TCP = "tcp"
    UDP = "udp"
    ROUTER_SOLICITATIONS = "router solicitations"
    """Raw ICMPv6 that hears these alone, on any interface; it has no port."""


class Mode(Enum):
    """By which right the networks are there."""

    ROOT = "root"
    """The caller's own: CAP_SYS_ADMIN."""
    ROOTLESS = "rootless"
    """The owner's of a user namespace."""


@dataclass(frozen=True, slots=True)
class Listen:
    """A socket on every address of a family, made there; it comes back beside the answer."""

    where: Where
    transport: Transport
    version: Literal[4, 6]
    port: int
    kind: Literal["listen"] = "listen"


@dataclass(frozen=True, slots=True)
class Nft:
    """One transaction of nftables."""

    where: Where
    text: str
    kind: Literal["nft"] = "nft"


@dataclass(frozen=True, slots=True)
class Count:
    """Read the counters in these sets. Answered by Counted."""

    sets: tuple[str, ...]
    kind: Literal["count"] = "count"


@dataclass(frozen=True, slots=True)
class Phone:
    """A UE's interface. `index` names it on the core's side (`ue<index>`); None: no address of that family.

    `uplink` and `downlink`: bits per second; 0: as fast as the machine can.
    """

    index: int
    ipv4: IPv4Address | None
    ipv6: IPv6Network | None
    uplink: int = 0
    downlink: int = 0


@dataclass(frozen=True, slots=True)
class Plug:
    """Make the phone's network, or give the one that is there these addresses and rates. Answered by Plugged."""

    phone: Phone
    kind: Literal["plug"] = "plug"


@dataclass(frozen=True, slots=True)
class Unplug:
    """The phone's network ends; no error where there is none."""

    index: int
    kind: Literal["unplug"] = "unplug"


@dataclass(frozen=True, slots=True)
class Started:
    """Unasked, before anything else: the networks stand. `lanes`: the kernel has what those need."""

    mode: Mode
    lanes: bool
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Done:
    """`text`: what nft printed."""

    text: str = ""
    kind: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Plugged:
    """`network`: the descriptor by which the core holds the phone's network namespace."""

    network: int
    kind: Literal["plugged"] = "plugged"


CountedElement = tuple[str, str, int, int]
"""Set, line (its address, or the first of its /64), mark, and octets of IP since the kernel has had the element."""


@dataclass(frozen=True, slots=True)
class Counted:
    elements: tuple[CountedElement, ...]
    kind: Literal["counted"] = "counted"


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing was done; why."""

    text: str
    kind: Literal["failed"] = "failed"


Request = Listen | Nft | Count | Plug | Unplug
Reply = Started | Done | Counted | Plugged | Failed

REQUESTS: TypeAdapter[Request] = TypeAdapter(Request)
REPLIES: TypeAdapter[Reply] = TypeAdapter(Reply)
HEAD = struct.Struct("!I")
