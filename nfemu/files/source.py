"""Reading YAML so that every value knows its line.

PyYAML's node tree is walked here instead of its constructors. Scalars stay the text that was written, but for
`true`, `false` and nothing: YAML 1.1 would otherwise turn an amount into a float, a number such as
`01380013700` into an octal integer and `12:30` into 750. Types are the schema's business.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from nfemu.files.findings import Finding
from nfemu.model.errors import InvalidInput

ValuePath = tuple[str | int, ...]
"""Where a value stands inside a file: mapping keys and list indices from the top."""

T = TypeVar("T")

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_REPEATS = 10_000
"""Anchors can multiply a small file without end; past this many repeated lists or mappings it is refused."""
_MAX_DEPTH = 50
"""Lists and mappings inside each other. Each is a call within a call here, and in the C library, which does not survive
too many."""


@dataclass(slots=True)
class Source:
    """One configuration file: its values, the line of each, and what is wrong with it so far."""

    name: str
    """As shown to the user, for example `config/apns.yaml`."""
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[ValuePath, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    overridden: dict[ValuePath, str] = field(default_factory=dict)
    """Values that came from the command line instead, and under which name."""
    files: dict[ValuePath, str] = field(default_factory=dict)
    """Where values came from that another file laid over this one."""
    broken: bool = False
    """No values could be read at all; looking for missing ones would only add noise."""

    def place(self, path: ValuePath) -> tuple[str, int]:
        """File and line of the value at `path`, or of the nearest value around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.files.get(path[:length], self.name), self.lines[path[:length]]
        return self.name, 1 if self.data else 0

    def report(self, path: ValuePath, message: str) -> None:
        """Record a mistake at `path`."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.overridden:
                self.findings.append(Finding(self.overridden[path[:length]], 0, message))
                return
        self.findings.append(Finding(*self.place(path), message))

    def attempt(self, path: ValuePath, parse: Callable[..., T], *arguments: object) -> T | None:
        """What `parse` makes of the value at `path`, or None after having reported why it is refused."""
        try:
            return parse(*arguments)
        except InvalidInput as error:
            self.report(path, f"`{dotted(path)}`: {error}")
            return None

    def move(self, path: ValuePath, other: "Source") -> None:
        """The value at `path` is written in `other` too: mistakes of its own, not of what is in it, belong there."""
        self.lines[path] = other.lines[path]
        self.files[path] = other.name

    def take_over(self, path: ValuePath, other: "Source") -> None:
        """The value at `path`, with all that is in it, is the one of `other` now, or was taken away there."""
        for place in [place for place in self.lines if place[: len(path)] == path]:
            del self.lines[place]
        for place in other.lines:
            if place[: len(path)] == path:
                self.move(place, other)

    def override(self, path: ValuePath, value: object, origin: str) -> None:
        """Put `value` at `path`, as given outside the file; mistakes in it are reported under `origin`."""
        place = self.data
        for key in path[:-1]:
            inner = place.get(str(key))
            if not isinstance(inner, dict):
                inner = place[str(key)] = {}
            place = inner
        place[str(path[-1])] = _plain(value)
        self.overridden[path] = origin


def dotted(path: ValuePath) -> str:
    """`profiles.green.ambr`, `subscribers[3].imsi`; list items count from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _plain(value: object) -> object:
    """An override in the shape that a file would have given."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool) else str(value)


def read_yaml(path: Path, name: str) -> Source:
    """Read one file; unreadable or malformed ones come back empty, broken, and with a finding."""
    source = Source(name)
    try:
        root = _composed(path.read_text(encoding="utf-8"))
        if isinstance(root, yaml.MappingNode):
            source.data = _Reader(source).mapping(root, ())
            return source
        if root is None:
            return source
        source.findings.append(Finding(name, 1, "is not a mapping; write `key: value` lines at the top level"))
    except OSError as error:
        source.report((), f"cannot be read: {error.strerror}; make it a readable YAML file")
    except UnicodeDecodeError:
        source.report((), "is not UTF-8 text; save it as UTF-8")
    except yaml.YAMLError as error:
        source.findings.append(_syntax(name, error))
    except _TooMuch as error:
        source.findings.append(Finding(name, error.line, str(error)))
    source.broken = True
    return source


def read_value(text: str) -> Any:
    """One value, as it would stand in a file. Raises InvalidInput."""
    source = Source("")
    try:
        node = _composed(text)
        value = None if node is None else _Reader(source).value(node, ())
    except yaml.YAMLError:
        raise InvalidInput("is not valid YAML; quote it as in the file") from None
    except _TooMuch as error:
        raise InvalidInput(str(error)) from None
    if source.findings:
        raise InvalidInput(f"cannot be used: {source.findings[0].message}")
    return value


def _composed(text: str) -> yaml.Node | None:
    """Its tree. Raises yaml.YAMLError, _TooMuch."""
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise _TooMuch(event.start_mark.line + 1, _TOO_DEEP)
    return yaml.compose(text, Loader=_LOADER)


def _syntax(name: str, error: yaml.YAMLError) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line = mark.line + 1 if mark is not None else 0
    return Finding(name, line, f"is not valid YAML: {problem}; check indentation, colons and quotes on this line")


_ENDLESS = "refers to itself through an anchor, or grows without end; write the values out"
_TOO_DEEP = f"has more than {_MAX_DEPTH} lists and mappings inside each other, which nothing here needs; take some out"


class _TooMuch(Exception):
    """A file that no configuration needs: too deep, or endless through its anchors."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _Reader:
    """Turns nodes into plain values and notes each one's line."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._repeats = 0

    def value(self, node: yaml.Node, path: ValuePath) -> Any:
        line = node.start_mark.line + 1
        self._source.lines.setdefault(path, line)
        if not isinstance(node, yaml.CollectionNode):
            return self._scalar(node, path)
        self._repeats += id(node) in self._seen
        self._seen.add(id(node))
        if id(node) in self._open or self._repeats > _MAX_REPEATS:
            raise _TooMuch(line, _ENDLESS)
        if len(path) > _MAX_DEPTH:  # anchors nest as well
            raise _TooMuch(line, _TOO_DEEP)
        self._open.add(id(node))
        result: Any
        if isinstance(node, yaml.MappingNode):
            result = self.mapping(node, path)
        else:
            result = [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        self._open.discard(id(node))
        return result

    def mapping(self, node: yaml.MappingNode, path: ValuePath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._source.findings.append(Finding(self._source.name, line, "a key must be a plain word; quote it"))
                continue
            key = key_node.value
            inner = (*path, key)
            if key in result:
                first = self._source.lines[inner]
                message = f"`{key}` is written twice here (first on line {first}); keep one of the two"
                self._source.findings.append(Finding(self._source.name, line, message))
                continue
            self._source.lines[inner] = line
            result[key] = self.value(value_node, inner)
        return result

    def _scalar(self, node: yaml.Node, path: ValuePath) -> Any:
        tag = node.tag.rpartition(":")[2]
        if tag == "null":
            return None
        if tag == "bool":
            return self._boolean(node)
        if not node.tag.startswith("tag:yaml.org,2002:"):
            self._source.report(path, f"`{node.tag}` is a tag, which is not used here; write the plain value")
        return node.value

    def _boolean(self, node: yaml.Node) -> bool | str:
        """YAML 1.1 reads `no`, `on` and their like as booleans; only true and false are meant that way here."""
        if node.value.lower() in {"true", "false"}:
            return bool(node.value.lower() == "true")
        return str(node.value)
