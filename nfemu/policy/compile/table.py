"""What the kernel executes, as data: sets and maps, chains, rules; and the operations that change elements.

As in nft, a match or lookup of a field that the packet does not have (`ip saddr` of an IPv6 packet) does not match,
`NotIn` included, and the rule ends there.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address

from nfemu.model.destination import IpAddress
from nfemu.policy.networks import IpNetwork


class Field(Enum):
    """What a packet is asked for; the value is nft's expression."""

    IN_FROM = "iifname"
    OUT_TO = "oifname"
    SOURCE4 = "ip saddr"
    SOURCE6 = "ip6 saddr"
    SOURCE_PREFIX6 = "ip6 saddr & ffff:ffff:ffff:ffff::"
    TARGET4 = "ip daddr"
    TARGET6 = "ip6 daddr"
    TARGET_PREFIX6 = "ip6 daddr & ffff:ffff:ffff:ffff::"
    PROTOCOL = "meta l4proto"
    TCP_FROM = "tcp sport"
    TCP_TO = "tcp dport"
    UDP_FROM = "udp sport"
    UDP_TO = "udp dport"
    ICMP6_TYPE = "icmpv6 type"
    HOPS6 = "ip6 hoplimit"
    STATE = "ct state"
    MARK = "meta mark"
    """Of the packet: the number of the profile that it is judged by; 0 without one."""
    FLOW_MARK = "ct mark"
    """Of the flow: `STEERED` where it was redirected to a port of ours, a stamp where it may be forwarded."""


STEERED = 1
FIRST_STAMP = 2
"""Of the numbers for `Stamp`."""


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses of one family, both ends included."""

    first: IpAddress
    last: IpAddress


class State(Enum):
    """What connection tracking knows of the flow of a packet."""

    NEW = "new"
    ESTABLISHED = "established"
    RELATED = "related"
    INVALID = "invalid"


Value = IpAddress | IpNetwork | Range | State | int | str
"""A string is an interface, or with `*` at the end a family of them."""

Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class In:
    """The fields, taken together, are one of the keys, or an element of the set with that name."""

    fields: tuple[Field, ...]
    among: tuple[Key, ...] | str


@dataclass(frozen=True, slots=True)
class NotIn:
    """They are no element of the set with that name."""

    fields: tuple[Field, ...]
    among: str


@dataclass(frozen=True, slots=True)
class Within:
    """The packet is among those that the element of the set for these fields lets pass a second, and counts as one."""

    fields: tuple[Field, ...]
    pace: str


Match = In | NotIn | Within


class Verdict(Enum):
    """What ends a packet's way through a hook; the value is nft's statement."""

    ACCEPT = "accept"
    DROP = "drop"
    RESET = "reject with tcp reset"
    PROHIBIT = "reject with icmpx admin-prohibited"


@dataclass(frozen=True, slots=True)
class Jump:
    """On with that chain, then, where it decides nothing, with the next rule."""

    chain: str


@dataclass(frozen=True, slots=True)
class Goto:
    """On with that chain alone; where it decides nothing, the hook's policy holds."""

    chain: str


@dataclass(frozen=True, slots=True)
class ByMark:
    """`Goto` the chain that the packet's mark has; on with the next rule where it has none."""

    chains: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """By which profile (its mark) a flow was found to be forwarded, and with which stamp; `chain` counts it."""

    mark: int
    stamp: int
    chain: str


@dataclass(frozen=True, slots=True)
class ByStamp:
    """`Goto` the chain of an established flow by the packet's mark and the flow's stamp; on with the next rule where
    the two are not together here. An error about the flow is not the flow's.
    """

    flows: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Stamp:
    """The flow has that number from now on."""

    stamp: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """The flow goes to a port of the core itself, and is marked `STEERED`."""

    port: int


@dataclass(frozen=True, slots=True)
class SetMark:
    """The packet's mark becomes `mark` (`by` is empty) or what the map has for the field; without an entry it stays."""

    by: str = ""
    field: Field = Field.SOURCE4
    mark: int = 0


@dataclass(frozen=True, slots=True)
class SetSource6:
    """The packet comes from there; the check sum is made to fit."""

    address: IPv6Address


@dataclass(frozen=True, slots=True)
class Count:
    """The packet counts as `mark`, which it carries from now on, into the element of the set for its line."""

    into: str
    line: Field
    mark: int


Action = Verdict | Jump | Goto | ByMark | ByStamp | Redirect | SetMark | SetSource6 | Count | Stamp


@dataclass(frozen=True, slots=True)
class Rule:
    matches: tuple[Match, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the kernel enters a chain; `policy` is for what no rule decides."""

    kind: str
    """`filter` or `nat`; the latter sees the first packet of a flow only."""
    place: str
    """`prerouting`, `forward` or `input`."""
    priority: str
    policy: Verdict


@dataclass(frozen=True, slots=True)
class Chain:
    name: str
    rules: tuple[Rule, ...]
    hook: Hook | None = None


AT_ONCE = 5
"""Packets, of whoever has been silent before."""


@dataclass(frozen=True, slots=True)
class ElementSet:
    """A named set, or with `marks` a map to marks. `types` in nft's words. With `expires`, elements may have a time.

    With `counts` the rules themselves put the elements there, each with its octets, and the kernel forgets those into
    which nothing has come for an hour. With a `pace`, packets a second, they put those there that `Within` asks for;
    `AT_ONCE` pass at once.
    """

    name: str
    types: tuple[str, ...]
    marks: bool = False
    expires: bool = False
    counts: bool = False
    pace: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """What a profile (`mark`) permits for good, and counts as `use`. Its packets leave with the mark `stamp`."""

    mark: int
    stamp: int
    use: int


@dataclass(frozen=True, slots=True)
class Table:
    sets: tuple[ElementSet, ...]
    chains: tuple[Chain, ...]
    next_stamp: int
    """The first that is free for other rules."""
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """Add the element. One that is there already makes the batch fail where it has another mark, and else stays."""

    name: str
    key: Key
    mark: int | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """The batch fails where there is no such element."""

    name: str
    key: Key


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove all elements of the map."""

    name: str


Batch = tuple[Put | Remove | Clear, ...]
"""Operations that take effect together or not at all."""
