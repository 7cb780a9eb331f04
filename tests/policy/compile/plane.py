"""A fake data plane: executes a table as the kernel does, so that it can be compared with the specification.

Written from nft's rules (nft(8), netfilter hooks), not from the compiler: it knows fields, sets and verdicts only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from nfemu.model.destination import IpAddress
from nfemu.policy.compile.steering import NO_WAY
from nfemu.policy.compile.table import (
    AT_ONCE,
    STEERED,
    Batch,
    ByMark,
    ByStamp,
    Clear,
    Count,
    Field,
    Goto,
    Jump,
    Key,
    Match,
    NotIn,
    Put,
    Range,
    Redirect,
    Remove,
    SetMark,
    SetSource6,
    Stamp,
    State,
    Table,
    Value,
    Verdict,
    Within,
)

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
LOCAL = ""
"""Where a packet for the core itself goes out: nowhere."""


Ending = Verdict | Redirect


class Refused(Exception):
    """What nft would refuse; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet as the core sees it come in; `out_to` is where its address alone would route it."""

    in_from: str
    out_to: str
    source: IpAddress
    target: IpAddress
    protocol: int
    from_port: int = 0
    to_port: int = 0
    icmp6_type: int = 0
    hops: int = 255
    state: State = State.NEW
    mark: int = 0
    flow_mark: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """How a packet ended; `port` of the core is where it was redirected to, 0: nowhere."""

    verdict: Verdict
    port: int = 0


@dataclass(frozen=True, slots=True)
class _Element:
    mark: int | None
    until: datetime | None


class Plane:
    """The kernel's part. `now` is set by hand."""

    def __init__(self, table: Table, now: datetime) -> None:
        self.now = now
        self._elements: dict[str, dict[Key, _Element]] = {}
        self.counted: dict[tuple[str, Key], int] = {}
        """Packets, by set and element."""
        self._buckets: dict[tuple[str, Key], tuple[float, datetime]] = {}
        self.heard_from: IpAddress | None = None
        """Whom the last packet came from, as the core has seen it."""
        self.flow_mark = 0
        """Of the last packet's flow, behind it."""
        self.mark = 0
        """Of that packet itself."""
        self.load(table)

    def load(self, table: Table) -> None:
        """Other rules; the elements stay."""
        self._chains = {chain.name: chain for chain in table.chains}
        assert len(self._chains) == len(table.chains)
        self._paces = {one.name: one.pace for one in table.sets}
        for one in table.sets:
            self._elements.setdefault(one.name, {})

    def apply(self, batch: Batch) -> None:
        """All or nothing."""
        trial = {name: dict(elements) for name, elements in self._elements.items()}
        for one in batch:
            match one:
                case Put(name, key, mark, seconds):
                    self._put(trial[name], key, _Element(mark, self._until(seconds)))
                case Remove(name, key):
                    if not self._alive(trial[name].pop(key, None)):
                        raise Refused(one)
                case Clear(name):
                    trial[name].clear()
        self._elements = trial

    def enter(self, packet: Seen) -> End:
        """The way of one packet through prerouting and, by its route, forward or input."""
        packet, verdict = self._filter("prerouting", packet)
        if verdict is not Verdict.ACCEPT:
            return End(verdict)
        port = 0
        if packet.state is State.NEW:
            packet, found = self._hook("nat", "prerouting", packet)
            if isinstance(found, Redirect):
                if _has_no_address_of_its_scope(packet.target):
                    return End(Verdict.DROP)
                port = found.port
                packet = replace(packet, flow_mark=STEERED)
        if packet.flow_mark == STEERED:
            packet = replace(packet, out_to=LOCAL)
        self.heard_from = packet.source
        if packet.mark == NO_WAY and packet.out_to:
            return End(Verdict.PROHIBIT)
        packet, verdict = self._filter("forward" if packet.out_to else "input", packet)
        self.flow_mark, self.mark = packet.flow_mark, packet.mark
        return End(verdict, port)

    def _filter(self, place: str, packet: Seen) -> tuple[Seen, Verdict]:
        packet, ending = self._hook("filter", place, packet)
        assert isinstance(ending, Verdict), "filter hooks do not redirect"
        return packet, ending

    def _until(self, seconds: int | None) -> datetime | None:
        return None if seconds is None else self.now + timedelta(seconds=seconds)

    def _alive(self, element: _Element | None) -> bool:
        return element is not None and (element.until is None or self.now < element.until)

    def _put(self, elements: dict[Key, _Element], key: Key, element: _Element) -> None:
        there = elements.get(key)
        if there is None or not self._alive(there):
            elements[key] = element
        elif there.mark != element.mark:
            raise Refused(key)

    def _hook(self, kind: str, place: str, packet: Seen) -> tuple[Seen, Ending]:
        for chain in self._chains.values():
            if chain.hook is not None and (chain.hook.kind, chain.hook.place) == (kind, place):
                packet, ending = self._walk(chain.name, packet)
                return packet, ending or chain.hook.policy
        raise AssertionError(place)

    def _walk(self, chain: str, packet: Seen) -> tuple[Seen, Ending | None]:
        for rule in self._chains[chain].rules:
            if not all(self._matches(match, packet) for match in rule.matches):
                continue
            match rule.action:
                case Verdict() | Redirect() as ending:
                    return packet, ending
                case SetMark() | SetSource6() | Count() | Stamp() as change:
                    packet = self._change(change, packet)
                case Jump(name):
                    packet, found = self._walk(name, packet)
                    if found is not None:
                        return packet, found
                case Goto() | ByMark() | ByStamp() as action if (then := _next(action, packet)) is not None:
                    return self._walk(then, packet)
        return packet, None

    def _change(self, change: SetMark | SetSource6 | Count | Stamp, packet: Seen) -> Seen:
        if isinstance(change, SetSource6):
            return replace(packet, source=change.address)
        if isinstance(change, Stamp):
            return replace(packet, flow_mark=change.stamp)
        return self._mark(change, packet)

    def _count(self, count: Count, packet: Seen) -> Seen:
        packet = replace(packet, mark=count.mark)
        line = _read(count.line, packet)
        if line is not None:
            key = count.into, (line, packet.mark)
            self.counted[key] = self.counted.get(key, 0) + 1
        return packet

    def _mark(self, setting: SetMark | Count, packet: Seen) -> Seen:
        if isinstance(setting, Count):
            return self._count(setting, packet)
        if not setting.by:
            return replace(packet, mark=setting.mark)
        value = _read(setting.field, packet)
        element = self._elements[setting.by].get((value,)) if value is not None else None
        if element is None or element.mark is None or not self._alive(element):
            return packet
        return replace(packet, mark=element.mark)

    def _within(self, pace: str, key: Key) -> bool:
        """A bucket of `AT_ONCE`, filled again at the set's pace."""
        left, since = self._buckets.get((pace, key), (float(AT_ONCE), self.now))
        left = min(AT_ONCE, left + (self.now - since).total_seconds() * self._paces[pace])
        self._buckets[pace, key] = left - 1 if left >= 1 else left, self.now
        return left >= 1

    def _matches(self, match: Match, packet: Seen) -> bool:
        found = tuple(_read(field, packet) for field in match.fields)
        key = tuple(value for value in found if value is not None)
        if len(key) != len(found):
            return False
        if isinstance(match, Within):
            return self._within(match.pace, key)
        if isinstance(match, NotIn):
            return not self._alive(self._elements[match.among].get(key))
        if isinstance(match.among, str):
            return self._alive(self._elements[match.among].get(key))
        return any(all(_covers(*pair) for pair in zip(one, key, strict=True)) for one in match.among)


def _next(action: Goto | ByMark | ByStamp, packet: Seen) -> str | None:
    match action:
        case Goto(chain):
            return chain
        case ByMark(chains):
            return dict(chains).get(packet.mark)
        case ByStamp(flows):
            judged = {(State.ESTABLISHED, one.mark, one.stamp): one.chain for one in flows}
            return judged.get((packet.state, packet.mark, packet.flow_mark))


def _covers(wanted: Value, value: Value) -> bool:
    match wanted:
        case Range(first, last):
            return int(first) <= int(value) <= int(last)  # type: ignore[arg-type]  # same family, read by one field
        case IPv4Network() | IPv6Network():
            return value in wanted
        case str() if wanted.endswith("*"):
            return str(value).startswith(wanted[:-1])
        case _:
            return wanted == value


Reader = Callable[[Seen], Value | None]


def _has_no_address_of_its_scope(target: IpAddress) -> bool:
    """As the kernel sees it when it redirects; then the packet is gone."""
    return isinstance(target, IPv6Address) and (target.is_site_local or int(target) < 1 << 32)


def _read(field: Field, packet: Seen) -> Value | None:
    """None where the packet has no such field."""
    return _READ[field](packet)


def _prefix(address: IpAddress) -> IpAddress:
    return IPv6Address(int(address) >> 64 << 64)


def _if(version: int, get: Callable[[Seen], IpAddress]) -> Reader:
    return lambda packet: get(packet) if packet.source.version == version else None


def _of(protocol: int, get: Callable[[Seen], int]) -> Reader:
    return lambda packet: get(packet) if packet.protocol == protocol else None


_READ: dict[Field, Reader] = {
    Field.IN_FROM: lambda packet: packet.in_from,
    Field.OUT_TO: lambda packet: packet.out_to,
    Field.SOURCE4: _if(4, lambda packet: packet.source),
    Field.SOURCE6: _if(6, lambda packet: packet.source),
    Field.SOURCE_PREFIX6: _if(6, lambda packet: _prefix(packet.source)),
    Field.TARGET4: _if(4, lambda packet: packet.target),
    Field.TARGET6: _if(6, lambda packet: packet.target),
    Field.TARGET_PREFIX6: _if(6, lambda packet: _prefix(packet.target)),
    Field.PROTOCOL: lambda packet: packet.protocol,
    Field.TCP_FROM: _of(TCP, lambda packet: packet.from_port),
    Field.TCP_TO: _of(TCP, lambda packet: packet.to_port),
    Field.UDP_FROM: _of(UDP, lambda packet: packet.from_port),
    Field.UDP_TO: _of(UDP, lambda packet: packet.to_port),
    Field.HOPS6: lambda packet: packet.hops if packet.source.version == 6 else None,
    Field.ICMP6_TYPE: _of(ICMP6, lambda packet: packet.icmp6_type),
    Field.STATE: lambda packet: packet.state,
    Field.MARK: lambda packet: packet.mark,
    Field.FLOW_MARK: lambda packet: packet.flow_mark,
}
