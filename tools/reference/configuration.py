"""`docs/reference/configuration.md`: every file and key, from the same schemas that editors use."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from nfemu.bootstrap.reload.fixed import FIXED
from nfemu.files.json_schema import AsWritten
from nfemu.files.sections import NAME_PATTERN
from nfemu.settings.loader import NEEDED
from nfemu.settings.schema.values import SPELLED
from tools.reference.markdown import MADE, code, listed, table
from tools.reference.schemas import Schema

_HEAD = f"""{MADE}

# Configuration

One folder of YAML files, `config/` unless `--config` names another one. Unknown keys, doubles and contradictions are
errors with file and line: `nfemu config check`. `nfemu reload` takes over every key while the carrier runs, unless
*fixed* stands here, and cards that are known stay as they are. [Overlays](../operators.md) lie over these files, key by
key. An editor with the YAML language server completes and checks as you type: the first line of each file names its
schema, in `schema/` of the same folder.

In keys, `NAME` stands for a name of your choice and `[]` for each entry of a list.

"""
_KINDS = """## Values

How they are written; quotes are needed where YAML reads something else.

"""


def page(files: Mapping[str, Schema]) -> str:
    lines = [_HEAD + _KINDS + "\n".join(table(("value", "is written"), _kinds()))]
    for name, schema in files.items():
        needed = "" if name in NEEDED else " May be left out."
        fixed = FIXED if name == "carrier" else {}
        lines += [f"## {name}.yaml", "", f"{schema['description']}{needed}", ""]
        lines += table(("key", "value", "default", "what it is"), _Rows(schema.get("$defs", {}), fixed).below(schema))
    return "\n".join(lines)


def _kinds() -> Iterator[tuple[str, str]]:
    kinds: Sequence[Any] = SPELLED
    for kind in kinds:
        schema = TypeAdapter(kind).json_schema(schema_generator=AsWritten)
        yield schema["title"], schema["description"]
    yield "name", "at most 64 letters, digits, `.`, `_` and `-`"


class _Rows:
    """The rows of one file. `fixed`: key at the top → why a running carrier keeps what it has."""

    def __init__(self, definitions: Mapping[str, Schema], fixed: Mapping[str, str]) -> None:
        self._definitions = definitions
        self._fixed = fixed

    def below(self, schema: Schema, prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
        """Of every key of a mapping, and of what is below it."""
        for name, raw in schema["properties"].items():
            value = self._plain(raw)
            default = "needed" if name in schema.get("required", ()) else _default(value)
            fixed = f"Fixed: {self._fixed[name]}." if not prefix and name in self._fixed else ""
            yield from self._rows(f"{prefix}{name}", value, default, fixed)

    def _rows(self, key: str, value: Schema, default: str, fixed: str) -> Iterator[tuple[str, str, str, str]]:
        inner, place = self._inner(value)
        # A section says itself what it is; where a key says more about it, both count.
        is_mapping = "properties" in inner
        told = dict.fromkeys(each.get("description", "") for each in ((inner, value) if is_mapping else (value,)))
        about = " ".join(text for text in (*told, fixed) if text)
        if is_mapping:
            yield code(key + place), "mapping", default, about
            yield from self.below(inner, f"{key}{place}.")
        else:
            yield code(key), self._kind(value), default, about

    def _inner(self, value: Schema) -> tuple[Schema, str]:
        """What a value holds by name or in a list, else the value itself; and how a key says so."""
        named = [*value.get("patternProperties", {}).values(), value.get("additionalProperties")]
        if isinstance(named[0], dict):
            return self._plain(named[0]), ".NAME"
        if value.get("type") == "array":
            return self._plain(value["items"]), "[]"
        return value, ""

    def _plain(self, schema: Schema) -> Schema:
        """Behind references, and without the choice of nothing at all."""
        outer = dict(schema)
        for choice in outer.pop("anyOf", ()):
            if choice.get("type") != "null":
                outer = {**choice, **outer}
        reference = outer.pop("$ref", None)
        if reference is None:
            return outer
        return {**self._definitions[reference.rpartition("/")[2]], **outer}

    def _kind(self, value: Schema) -> str:
        """In words, with what is allowed."""
        inner, _ = self._inner(value)
        if inner is not value:
            return ("by name: " if value["type"] == "object" else "list of ") + self._kind(inner)
        return _scalar(value)


def _scalar(value: Schema) -> str:
    if "enum" in value or "const" in value:
        return listed([code(each) for each in value.get("enum", [value.get("const")])])
    if value["type"] == "boolean":
        return "`true` or `false`"
    if value["type"] == "integer":
        kind = f"{value['minimum']} to {value['maximum']}" if "minimum" in value else "whole number"
    else:
        kind = value.get("title") or ("name" if value.get("pattern") == NAME_PATTERN else "text")
    example = value.get("examples", [None])[0]
    return f"{kind}, like {code(example)}" if example is not None and "default" not in value else kind


def _default(value: Schema) -> str:
    default: Any = value.get("default")
    if default in (None, "", [], {}):
        return "–"
    if isinstance(default, list):
        return ", ".join(code(each) for each in default)
    return code(str(default).lower() if isinstance(default, bool) else default)
