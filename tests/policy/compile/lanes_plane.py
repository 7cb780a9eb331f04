"""A fake data plane of the lanes: executes the text that nft gets, as far as lanes use its language.

Written from nft(8), not from the renderer. No element is ever forgotten, so that a lane lasts longer here than it may.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from tests.policy.compile.plane import TCP, Seen

_TABLE = "netdev nfemu"
_HALF = " & ffff:ffff:ffff:ffff::"
_FIELD = rf"(?:ip6? [sd]addr(?:{_HALF})?|tcp [sd]port|meta mark)"
_FIELDS = rf"{_FIELD}(?: \. {_FIELD})*"


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet as an interface gets it. `flags` None: it is too short to have any."""

    packet: Seen
    flags: frozenset[str] | None = frozenset({"ack"})
    fragment: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """By a lane: to that neighbour on that interface."""

    to: str
    device: str


class _Broken(Exception):
    """The rule ends here, and the next one is tried."""


@dataclass(frozen=True, slots=True)
class _Goto:
    chain: str


_Ending = Sent | _Goto | None
_Key = tuple[str, ...]


@dataclass(slots=True)
class Lanes:
    """`run` what nft is told, `come` and `leave` with packets."""

    chains: dict[str, list[str]] = field(default_factory=dict)
    hooks: dict[tuple[str, str], str] = field(default_factory=dict)
    """(place, interface) → chain."""
    elements: dict[str, dict[_Key, str]] = field(default_factory=dict)
    counted: dict[tuple[str, _Key], int] = field(default_factory=dict)
    """Packets, by set and element."""

    def run(self, text: str) -> None:
        lines = iter(text.splitlines())
        for line in lines:
            if line == f"table {_TABLE} {{":
                self._block(lines)
            else:
                self._command(line)

    def come(self, frame: Frame) -> Sent | None:
        """None: it goes the long way."""
        chain = self.hooks.get(("ingress", frame.packet.in_from))
        return self._walk(chain, frame) if chain is not None else None

    def leave(self, packet: Seen) -> None:
        """The long way, over `out_to`, with the mark that it has by then."""
        chain = self.hooks.get(("egress", packet.out_to))
        if chain is not None:
            assert self._walk(chain, Frame(packet)) is None

    def _block(self, lines: Iterator[str]) -> None:
        for line in lines:
            if line == "}":
                return
            kind, name, _ = line.split()
            inside = [one.strip() for one in iter(lambda: next(lines), "\t}")]
            if kind == "chain":
                self.chains[name] += inside
            else:
                self.elements.setdefault(name, {})

    def _command(self, line: str) -> None:
        verb, kind, rest = line.split(" ", 2)
        rest = rest.removeprefix(_TABLE).strip()
        name, _, then = rest.partition(" ")
        match verb, kind:
            case "add", "table":
                assert not rest
            case _, "chain":
                self._chain(verb, name, then)
            case "add", "rule":
                self.chains[name].append(then)
            case "delete", "set":
                assert not any(f"@{name} " in rule for chain in self.chains.values() for rule in chain), "it is in use"
                del self.elements[name]
            case "flush", "map":
                self.elements[name].clear()
            case _, "element":
                for one in then.strip("{} ").split(", "):
                    self._element(verb, self.elements[name], *one.split(" : "))
            case _:
                raise AssertionError(line)

    def _chain(self, verb: str, name: str, then: str) -> None:
        if verb == "add":
            self.chains.setdefault(name, [])
            if found := re.match(r'{ type filter hook (\w+) device "(\w+)" priority 0; policy accept; }$', then):
                self.hooks[found[1], found[2]] = name
        else:
            self.chains[name].clear()
        if verb == "delete":
            del self.chains[name]
            self.hooks = {hook: chain for hook, chain in self.hooks.items() if chain != name}

    def _element(self, verb: str, among: dict[_Key, str], key: str, value: str = "") -> None:
        if verb == "add":
            assert among.setdefault((key,), value) == value, "there is another"
        else:
            del among[key,]

    def _walk(self, chain: str, frame: Frame) -> Sent | None:
        for rule in self.chains[chain]:
            execution = _Execution(self, frame)
            try:
                ended, ending = execution.run(rule)
            except _Broken:
                frame = execution.frame
                continue
            frame = execution.frame
            if isinstance(ending, _Goto):
                return self._walk(ending.chain, frame)
            if ended:
                return ending
        return None


@dataclass(slots=True)
class _Execution:
    """Of one rule. What it has done until it breaks stays done."""

    lanes: Lanes
    frame: Frame

    def run(self, rule: str) -> tuple[bool, _Ending]:
        """Whether that was the end, and of which kind."""
        while rule:
            pattern, do = next((pattern, do) for pattern, do in _STATEMENTS if pattern.match(rule))
            found = pattern.match(rule)
            assert found is not None
            ended, ending = do(self, found)
            if ended:
                return ended, ending
            rule = rule[found.end() :].lstrip()
        return False, None

    def tcp(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        """A fragment has a header of its own in IPv6, before that of TCP."""
        version = 4 if found[1] == "ip protocol" else 6
        first = 0 if version == 6 and self.frame.fragment else self.frame.packet.protocol
        return _on(self.frame.packet.source.version == version and first == TCP)

    def hops(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        return _on(self.frame.packet.hops < int(found[1]))

    def fragment(self, _: re.Match[str]) -> tuple[bool, _Ending]:
        return _on(self.frame.fragment)

    def flags(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        has = self.frame.flags
        mask, wanted = set(found[1].split(" | ")), found[2]
        return _on(has is not None and (bool(has & mask) if wanted == "0" else has & mask == {wanted}))

    def source(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        source, network = self.frame.packet.source, ip_network(found[1])
        return _on(source.version == network.version and source in network)

    def set_mark(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        if found[2] is not None:
            return self._marked(int(self._found(found[3], self._key(found[2])), 0))
        return self._marked(int(found[1], 0))

    def mark(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        return _on(self.frame.packet.mark == int(found[1], 0))

    def known(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        self._found(found[2], self._key(found[1]))
        return False, None

    def change(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        key = self._key(found[3])
        if found[1] == "delete":
            self.lanes.elements[found[2]].pop(key, None)
        else:
            self.lanes.elements[found[2]][key] = ""
            self.lanes.counted[found[2], key] = self.lanes.counted.get((found[2], key), 0) + 1
        return False, None

    def goto(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        return True, _Goto(found[1])

    def accept(self, _: re.Match[str]) -> tuple[bool, _Ending]:
        return True, None

    def forward(self, found: re.Match[str]) -> tuple[bool, _Ending]:
        to = found[2] if found[1] is None else self._key(found[1])[0]
        device = found[3] if found[4] is None else self._found(found[5], self._key(found[4])).strip('"')
        return True, Sent(to, device)

    def _marked(self, mark: int) -> tuple[bool, _Ending]:
        self.frame = replace(self.frame, packet=replace(self.frame.packet, mark=mark))
        return False, None

    def _found(self, among: str, key: _Key) -> str:
        try:
            return self.lanes.elements[among][key]
        except KeyError:
            raise _Broken from None

    def _key(self, fields: str) -> _Key:
        return tuple(self._read(one) for one in fields.split(" . "))

    def _read(self, name: str) -> str:
        packet = self.frame.packet
        if name == "meta mark":
            return f"{packet.mark:#x}"
        if name.startswith("tcp"):
            _on(packet.protocol == TCP and not self.frame.fragment)
            return str(packet.from_port if name.endswith("sport") else packet.to_port)
        _on((packet.source.version == 4) is name.startswith("ip "))
        address = packet.source if " saddr" in name else packet.target
        return str(ip_network(f"{address}/64", strict=False)[0] if name.endswith(_HALF) else address)


def _on(matches: bool) -> tuple[bool, _Ending]:
    if not matches:
        raise _Broken
    return False, None


_Do = Callable[[_Execution, re.Match[str]], tuple[bool, _Ending]]
_STATEMENTS: tuple[tuple[re.Pattern[str], _Do], ...] = tuple(
    (re.compile(rf"{pattern}(?= |$)"), do)
    for pattern, do in (
        (r"(ip protocol|ip6 nexthdr) tcp", _Execution.tcp),
        (r"(?:ip ttl|ip6 hoplimit) < (\d+)", _Execution.hops),
        (r"ip frag-off & 0x3fff != 0", _Execution.fragment),
        (r"tcp flags & \(([a-z |]+)\) == (\w+)", _Execution.flags),
        (r"tcp flags & (\w+) != (0)", _Execution.flags),
        (r"ip6? saddr ([0-9][0-9a-f.:/]+)", _Execution.source),
        (rf"meta mark set (?:(0x[0-9a-f]+|0)|({_FIELD}) map @(\w+))", _Execution.set_mark),
        (r"meta mark (0x[0-9a-f]+)", _Execution.mark),
        (rf"(update|delete) @(\w+) {{ ({_FIELDS}) }}", _Execution.change),
        (rf"({_FIELDS}) @(\w+)", _Execution.known),
        (r"goto (\w+)", _Execution.goto),
        (r"accept", _Execution.accept),
        (rf'fwd ip6? to (?:({_FIELD})|([0-9a-f.:]+)) device (?:"(\w+)"|({_FIELD}) map @(\w+))', _Execution.forward),
    )
)
