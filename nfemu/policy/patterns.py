"""Host patterns, and the table that finds the longest one for a name.

| pattern | covers | does not cover |
|---|---|---|
| `pay.example` | that name | anything else |
| `.pay.example` | `pay.example` and everything below | `evilpay.example` |
| `*.pay.example` | exactly one label below | `pay.example`, `a.b.pay.example` |

Order of length, longest first, for `a.b.c`: `a.b.c`, `.a.b.c`, `*.b.c`, `.b.c`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from nfemu.model.errors import InvalidInput
from nfemu.policy.names import normalise_host, shown
from nfemu.policy.public_suffix import has_suffix_below, has_suffix_right_below, is_public_suffix
from nfemu.policy.rule import Rule, first_for_port


class PatternKind(Enum):
    """The value is what is written before the name."""

    EXACT = ""
    SUFFIX = "."
    SINGLE = "*."


@dataclass(frozen=True, slots=True)
class HostPattern:
    """`name` is normalised; `str()` gives the pattern's one spelling, as rule ids carry it."""

    kind: PatternKind
    name: str

    @classmethod
    def parse(cls, text: str) -> "HostPattern":
        """Raises InvalidInput: not a pattern, an address, or one that covers a public suffix."""
        kind = next(k for k in (PatternKind.SINGLE, PatternKind.SUFFIX, PatternKind.EXACT) if text.startswith(k.value))
        bare = text.removeprefix(kind.value)
        if "*" in bare:
            raise InvalidInput(
                f"host pattern {shown(text)} has `*` in a place without meaning; "
                "write `name`, `.name` with everything below, or `*.name` for one label below"
            )
        try:
            name = normalise_host(bare)
        except InvalidInput as error:
            raise InvalidInput(
                f"host pattern {shown(text)}: {error}; a pattern is a bare name, ports stand apart"
            ) from None
        if not isinstance(name, str):
            raise InvalidInput(f"host pattern {shown(text)} is an address; write it under `networks`")
        pattern = cls(kind, name)
        pattern._refuse_public_suffix()
        return pattern

    def _refuse_public_suffix(self) -> None:
        """Under a public suffix anybody registers a name. An exact name covers itself alone, so it is never refused."""
        if self.kind is PatternKind.EXACT:
            return
        if is_public_suffix(self.name):
            raise InvalidInput(
                f"host pattern `{self}` covers the public suffix `{self.name}`, where anybody can have a name; "
                f"write the registered name, like `{self.kind.value}shop.{self.name}`, or the exact hosts"
            )
        below = has_suffix_right_below if self.kind is PatternKind.SINGLE else has_suffix_below
        if below(self.name):
            raise InvalidInput(
                f"host pattern `{self}` covers public suffixes below `{self.name}`, where anybody can have a name; "
                "write the exact hosts that are meant"
            )

    def __str__(self) -> str:
        return self.kind.value + self.name


@dataclass(slots=True)
class _Node:
    """One label, reached from the right. The three tuples hold the rules of the patterns that end here, by kind."""

    children: dict[str, "_Node"] = field(default_factory=dict)
    exact: tuple[Rule, ...] = ()
    suffix: tuple[Rule, ...] = ()
    single: tuple[Rule, ...] = ()


class HostTable:
    """Patterns of one profile in a tree of labels. Filled while a profile is compiled, then only read."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, pattern: HostPattern, rule: Rule) -> tuple[Rule, ...]:
        """Behind the rules that have the same pattern already; those are returned."""
        node = self._root
        for label in reversed(pattern.name.split(".")):
            if label not in node.children:
                node.children[label] = _Node()
            node = node.children[label]
        match pattern.kind:
            case PatternKind.EXACT:
                earlier, node.exact = node.exact, (*node.exact, rule)
            case PatternKind.SUFFIX:
                earlier, node.suffix = node.suffix, (*node.suffix, rule)
            case _:
                earlier, node.single = node.single, (*node.single, rule)
        return earlier

    def rules(self) -> Iterator[Rule]:
        """Every rule of every pattern."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            yield from (*node.exact, *node.suffix, *node.single)
            waiting.extend(node.children.values())

    def match(self, host: str, port: int) -> Rule | None:
        """The rule of the longest pattern that covers the normalised name and whose group has the port."""
        labels = host.split(".")
        node, best = self._root, None
        for label in labels[:0:-1]:
            child = node.children.get(label)
            if child is None:
                return best
            node = child
            if node.suffix:
                best = first_for_port(node.suffix, port) or best
        best = first_for_port(node.single, port) or best
        leaf = node.children.get(labels[0])
        if leaf is None:
            return best
        return first_for_port(leaf.exact, port) or first_for_port(leaf.suffix, port) or best

    def candidates(self, host: str) -> list[Rule]:
        """Every rule whose pattern covers the name, on whatever port, longest pattern first."""
        labels = host.split(".")
        node = self._root
        found: list[Rule] = []
        for left in range(len(labels) - 1, -1, -1):
            if left == 0:
                found[:0] = node.single
            child = node.children.get(labels[left])
            if child is None:
                return found
            node = child
            found[:0] = node.suffix
        return [*node.exact, *found]
