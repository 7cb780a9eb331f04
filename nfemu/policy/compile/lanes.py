"""The lanes: a second table, in which packets of judged TCP flows go from one link to the other before anything else.

What the first table permits an open line for good (a stamp, see `profile_chains`) leaves for the Internet with its
stamp as mark. There `learn` puts the flow into the lane of that stamp, for ten seconds. Its next packets, both ways,
are found in the lane when they come in, counted, and sent on: no connection tracking, no routing, no other rule. What
they are asked for each time is what a change can take away: the mark that the line has now, in a map that changes in
one transaction with the first table's, and from a phone its source. A restricted line's mark has no lane, and a lane
has the number of its stamp, so no other rules know it.

Nothing but a plain acknowledgement, with or without data, is looked for there. Whatever begins or ends a connection
goes the long way, and once in ten seconds any packet of it: connection tracking stays right about who is there, if it
takes gaps in the numbers for what they are (`nf_conntrack_tcp_be_liberal`). What begins one takes the lane away that
another had by the same addresses and ports, since it may be steered elsewhere. Fragments go the long way too, and what
has no hop left, whose sender is to be told. `fwd` is of the netdev family, whose tables share no elements with others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network

from nfemu.model.destination import IpAddress
from nfemu.policy.compile.families import FAMILIES, Family, family_of
from nfemu.policy.compile.render import LANES, counting, render_batch, render_removal
from nfemu.policy.compile.steering import PHONE_ON_LINK, SteeringPlan
from nfemu.policy.compile.table import Batch, Field, Lane, Table
from nfemu.policy.compile.updates import LineAddresses

_LASTS = "10s"
_MOST_FLOWS = 1 << 16
"""Of one lane and family; what would be more goes the long way."""
_GOES_ON = "tcp flags & (fin | syn | rst | ack) == ack"
"""A packet that is too short to have flags does not match: it goes the long way."""
_BEGINS = "tcp flags & syn != 0"
_POLICIES = frozenset(family.policies for family in FAMILIES)
_TRIAL = "inet trial"


@dataclass(frozen=True, slots=True)
class _Words:
    """What the families call things. `odd`: rules for what goes the long way."""

    nft: str
    tcp: str
    source: str
    target: str
    odd: tuple[str, ...]


_WORDS = {
    4: _Words(
        "ip", "ip protocol tcp", "ip saddr", "ip daddr", ("ip ttl < 2 accept", "ip frag-off & 0x3fff != 0 accept")
    ),
    6: _Words("ip6", "ip6 nexthdr tcp", "ip6 saddr", "ip6 daddr", ("ip6 hoplimit < 2 accept",)),
}


def render_lanes(table: Table, plan: SteeringPlan, instead_of: Table | None = None) -> str:
    """For the same transaction as `render_table`. Phones that have been let in stay so."""
    chains = [f"{name}{family.version}" for family in FAMILIES for name in ("up", "go_up", "down", "go_down")]
    gone = instead_of.lanes if instead_of is not None else ()
    return "\n".join(
        [
            f"add table {LANES}",
            *(f"add chain {LANES} {name}" for name in chains),
            *(f"add chain {LANES} {name} {hook}" for name, hook in _hooks(plan)),
            *(f"flush chain {LANES} {name}" for name in (*chains, *(name for name, _ in _hooks(plan)))),
            *(f"delete set {LANES} {_lane(family, lane)}" for lane in gone for family in FAMILIES),
            f"table {LANES} {{",
            *(line for family in FAMILIES for line in _sets(family, table.lanes)),
            *(line for family in FAMILIES for line in _chains(family, table.lanes, plan)),
            *_block("come", [f"{_WORDS[each.version].tcp} goto down{each.version}" for each in FAMILIES]),
            *_block("learn", [rule for lane in table.lanes for rule in _learn(lane)]),
            "}",
            "",
        ]
    )


def render_lines(batch: Batch) -> str:
    """What of it the lanes have to know in the same transaction."""
    return render_batch(tuple(one for one in batch if one.name in _POLICIES), LANES)


def render_let_in(interface: str, addresses: LineAddresses) -> str:
    """From now on these sources, and no others, may use lanes from that interface."""
    hook = _hook("ingress", interface)
    rules = [_from(source) for source in addresses.sources()]
    return "".join(
        [
            f"add chain {LANES} {interface} {hook}\nflush chain {LANES} {interface}\n",
            *(f"add rule {LANES} {interface} {rule}\n" for rule in rules),
        ]
    )


def render_let_out(interface: str) -> str:
    """The interface is gone. Older kernels take its chain away with it, newer ones do not."""
    chain = f"chain {LANES} {interface}\n"
    return f"add {chain}flush {chain}delete {chain}"


def render_trial(plan: SteeringPlan) -> str:
    """All that lanes are made of, for nobody. Where the kernel takes it, it has what they need, and connection tracking
    has come, whose settings are not there before.
    """
    nobody = LineAddresses(IPv4Address("0.0.0.0"), IPv6Network("::/64"))
    return "".join(
        [
            f"add table {_TRIAL}\nadd chain {_TRIAL} any\nadd rule {_TRIAL} any ct state new accept\n",
            render_lanes(Table((), (), 0, (Lane(1, 1, 1),)), plan),
            render_let_in(plan.outside, nobody),
            render_ways((), dict.fromkeys(nobody.sources(), plan.outside)),
        ]
    )


def render_trial_end() -> str:
    """Nothing is left of it."""
    return f"delete table {_TRIAL}\n{render_removal(LANES)}"


def render_ways(gone: Iterable[IpAddress], ways: Mapping[IpAddress, str]) -> str:
    """No lane leads to those that are `gone` any more; to the others one leads by that interface. An address that
    has a way and gets another is in both.
    """
    return "".join(
        [
            *(f"delete element {LANES} {_ways(family_of(one))} {{ {one} }}\n" for one in gone),
            *(f'add element {LANES} {_ways(family_of(one))} {{ {one} : "{way}" }}\n' for one, way in ways.items()),
        ]
    )


def _hooks(plan: SteeringPlan) -> tuple[tuple[str, str], ...]:
    return ("come", _hook("ingress", plan.outside)), ("learn", _hook("egress", plan.outside))


def _hook(place: str, device: str) -> str:
    return f'{{ type filter hook {place} device "{device}" priority 0; policy accept; }}'


def _sets(family: Family, lanes: tuple[Lane, ...]) -> Iterator[str]:
    address = family.address
    yield from _block(f"{family.policies}", [f"type {address} : mark"], "map")
    yield from _block(_ways(family), [f"type {address} : iface_index"], "map")
    for direction in ("up", "down"):
        yield from _block(family.used_lanes(direction), [f"type {address} . mark", *counting()], "set")
    flow = f"type {address} . {address} . inet_service . inet_service"
    for lane in lanes:
        brief = ("flags dynamic,timeout", f"timeout {_LASTS}", f"size {_MOST_FLOWS}")
        yield from _block(_lane(family, lane), [flow, *brief], "set")


def _chains(family: Family, lanes: tuple[Lane, ...], plan: SteeringPlan) -> Iterator[str]:
    words, version = _WORDS[family.version], family.version
    beyond = next(each for each in plan.beyond if each.version == version)
    phone = words.target if version == 4 else str(PHONE_ON_LINK)
    up = f'fwd {words.nft} to {beyond} device "{plan.outside}"'
    down = f"fwd {words.nft} to {phone} device {family.to_line.value} map @{_ways(family)}"
    anew = [f"{_BEGINS} delete @{_lane(family, lane)} {{ {_flow(words)} }}" for lane in lanes]
    yield from _block(f"go_up{version}", list(_express(family, lanes, "up", family.line, up)))
    yield from _block(f"go_down{version}", list(_express(family, lanes, "down", family.to_line, down)))
    yield from _block(f"up{version}", [*words.odd, f"{_GOES_ON} goto go_up{version}", *anew])
    yield from _block(f"down{version}", [*words.odd, f"{_GOES_ON} goto go_down{version}"])


def _express(family: Family, lanes: tuple[Lane, ...], direction: str, line: Field, then: str) -> Iterator[str]:
    """The mark is this table's own business: a packet's own counts for nothing, and what goes the long way has none."""
    yield f"meta mark set 0 meta mark set {line.value} map @{family.policies}"
    words = _WORDS[family.version]
    flow = _flow(words) if direction == "up" else _flow_back(words)
    for lane in lanes:
        known = f"meta mark {lane.mark:#x} {flow} @{_lane(family, lane)}"
        count = f"meta mark set {lane.use:#x} update @{family.used_lanes(direction)} {{ {line.value} . meta mark }}"
        yield f"{known} {count} {then}"
    yield "meta mark set 0"


def _learn(lane: Lane) -> Iterator[str]:
    for family in FAMILIES:
        yield f"meta mark {lane.stamp:#x} update @{_lane(family, lane)} {{ {_flow(_WORDS[family.version])} }}"


def _flow(words: _Words) -> str:
    return f"{words.source} . {words.target} . tcp sport . tcp dport"


def _flow_back(words: _Words) -> str:
    """The same key, of a packet that goes the other way."""
    return f"{words.target} . {words.source} . tcp dport . tcp sport"


def _from(source: IpAddress) -> str:
    words, length = _WORDS[source.version], "" if source.version == 4 else "/64"
    return f"{words.tcp} {words.source} {source}{length} goto up{source.version}"


def _ways(family: Family) -> str:
    """line → the phone's interface."""
    return f"ways{family.version}"


def _lane(family: Family, lane: Lane) -> str:
    return f"lane{family.version}_{lane.stamp:x}"


def _block(name: str, lines: list[str], kind: str = "chain") -> Iterator[str]:
    yield from (f"\t{kind} {name} {{", *(f"\t\t{line}" for line in lines), "\t}")
