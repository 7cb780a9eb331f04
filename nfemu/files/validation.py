"""From pydantic's errors to findings in the user's words: where, what was wrong, what to write instead."""

from collections.abc import Iterator
from copy import deepcopy
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from nfemu.files.findings import nearest
from nfemu.files.sections import CUSTOM, NAME_PATTERN, written_fields
from nfemu.files.source import Source, ValuePath, dotted

File = TypeVar("File", bound=BaseModel)


def validate(schema: type[File], source: Source) -> File | None:
    """The file's values in their types, or None. Every mistake is reported to `source`.

    Wrong values that have a default are left out and the rest is looked at again, so that what the other parts
    find in this file is shown in the same go.
    """
    if source.broken:
        return None
    try:
        return schema.model_validate(source.data)
    except ValidationError as error:
        wrong = [(_path(detail), detail) for detail in error.errors(include_url=False)]
    for path, detail in wrong:
        source.report(path, _explain(schema, path, detail))
    data = deepcopy(source.data)
    if not all(_leave_out(data, path) for path, _ in wrong):
        return None
    try:
        return schema.model_validate(data)
    except ValidationError:
        return None


def _path(detail: ErrorDetails) -> ValuePath:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _leave_out(data: Any, path: ValuePath) -> bool:
    """Remove the value at `path`; False where that would shift others in a list, or where nothing is there.

    What stands below a name that was itself wrong is gone already.
    """
    for key in path[:-1]:
        if isinstance(data, dict) and key not in data:
            return True
        data = data[key]
    return isinstance(data, dict) and data.pop(path[-1], None) is not None


def _explain(schema: type[BaseModel], path: ValuePath, detail: ErrorDetails) -> str:
    name = dotted(path)
    kind = detail["type"]
    if kind == CUSTOM:
        return f"`{name}`: {detail['msg']}"
    if kind == "extra_forbidden":
        return f"unknown key `{path[-1]}`{_inside(path)}; {nearest(str(path[-1]), _keys(schema, path[:-1]))}"
    example = _example(schema, path)
    if kind == "missing":
        instead = f"add `{path[-1]}: {example}`" if example else f"add `{path[-1]}`"
        return f"`{path[-1]}` is missing{_inside(path)}; {instead}"
    return f"`{name}`: {_problem(kind, detail)}{f', for example `{example}`' if example else ''}"


_PROBLEMS = {
    "literal_error": "{value} is not possible here; write one of {expected}",
    "bool_type": "{value} is neither `true` nor `false`; write one of the two without quotes",
    "dict_type": "{value} is not a mapping; write `key: value` lines below it",
    "model_type": "{value} is not a mapping; write `key: value` lines below it",
    "list_type": "{value} is not a list; write it like `[one, two]`",
    "greater_than_equal": "{value} is too low; write {ge} or more",
    "less_than_equal": "{value} is too high; write {le} or less",
    "int_parsing": "{value} is not a whole number; write one",
    "int_type": "{value} is not a whole number; write one",
    "string_type": "{value} is not a plain text; write one",
    "too_short": "is empty; write at least one",
    "string_too_short": "is empty; write a text",
    NAME_PATTERN: "{value} is not a name; use at most 64 letters, digits, `.`, `_` and `-`",
}
"""By kind of pydantic's error, or by the pattern that a text does not have."""


def _problem(kind: str, detail: ErrorDetails) -> str:
    """What is wrong with one value, and what would be right."""
    context = detail.get("ctx", {})
    text = _PROBLEMS.get(context.get("pattern", kind), "{value} does not have the form that is needed here")
    limits = {"ge": context.get("ge", ""), "le": context.get("le", "")}
    expected = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "`")
    return text.format(value=_shown(detail["input"]), expected=expected, **limits)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None:
        return "nothing"
    return "a list or mapping" if isinstance(value, dict | list) else f"`{value}`"


def _inside(path: ValuePath) -> str:
    return f" in `{dotted(path[:-1])}`" if len(path) > 1 else ""


def _keys(schema: type[BaseModel], path: ValuePath) -> list[str]:
    """The keys that the schema knows in the mapping at `path`."""
    for candidate in map(_bare, _reach(schema, path)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return list(written_fields(candidate))
    return []


def _example(schema: type[BaseModel], path: ValuePath) -> str:
    """An example of the value at `path`, from the schema's field or its type's annotations."""
    for owner in _reach(schema, path[:-1]):
        if isinstance(owner, type) and issubclass(owner, BaseModel) and path[-1] in written_fields(owner):
            field = written_fields(owner)[str(path[-1])]
            return str((field.examples or [""])[0]) or _first_example(field.annotation, ())
    return _first_example(schema, path)


def _first_example(annotation: Any, path: ValuePath) -> str:
    return next((found for each in _reach(annotation, path) if (found := _annotated_example(each))), "")


def _annotated_example(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        for extra in get_args(annotation)[1:]:
            if isinstance(extra, FieldInfo) and extra.examples:
                return str(extra.examples[0])
    return ""


def _reach(annotation: Any, path: ValuePath) -> Iterator[Any]:
    """The types that the schema gives to the value at `path`."""
    if get_origin(annotation) in {Union, UnionType}:
        for member in get_args(annotation):
            yield from _reach(member, path)
        return
    if not path:
        yield annotation
        return
    for inner in _below(_bare(annotation), path[0]):
        yield from _reach(inner, path[1:])


def _bare(annotation: Any) -> Any:
    """Without what is annotated to the type."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _below(annotation: Any, key: str | int) -> list[Any]:
    """The annotations of the value under `key` in a value of type `annotation`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = written_fields(annotation).get(str(key))
        return [field.annotation] if field is not None else []
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return [arguments[1]]
    return [arguments[0]] if origin is list else []
