"""`docs/reference/api.md`: every operation and shape, from the OpenAPI document; every event, from its vocabulary."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from typing import Any

from nfemu.model import events
from nfemu.web.api.document import OF_EVERYBODY
from tools.reference.markdown import MADE, code, listed, table
from tools.reference.openapi import Document
from tools.reference.shapes import in_words

Operation = Mapping[str, Any]
Row = tuple[str, ...]

_OF_EVERYBODY = [str(status) for status in OF_EVERYBODY]
_HEAD = f"""{MADE}

# The API: reference

How to use it is in [the guide](../api.md). The same as an [OpenAPI document](openapi.json), which the carrier serves at
`/api/v1/openapi.json`, and as a [collection for Postman](../../examples/postman/nfemu.postman_collection.json).

## Refusals

`application/problem+json` with `title`, `status` and `detail`, which says what to do instead. Every request can meet
{listed([code(status) for status in _OF_EVERYBODY], "and")}; what else an operation refuses with stands there.
Under `/tmf-api/` it is TM Forum's `Error` with `code`, `reason`, `message` and `status`, and 400 stands for 422.

"""


def page(document: Document) -> str:
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    lines = [_HEAD + "\n".join(table(("status", "when"), _refusals(document)))]
    for tag, group in groupby(operations, lambda each: each[2]["tags"][0]):
        lines += [f"## Operations: {tag}", ""]
        for method, path, operation in group:
            lines += _operation(method, path, operation)
    lines += ["## Shapes", ""]
    for name, shape in document["components"]["schemas"].items():
        lines += [f"### {name}", "", *_about(shape), *table(("field", "type", "what it is"), _fields(shape))]
    lines += ["## Events", "", "Names on a line's timeline; they are stable.", ""]
    return "\n".join([*lines, *table(("event", "what has happened"), _events())])


def _refusals(document: Document) -> list[Row]:
    found = document["components"]["responses"].items()
    own = ((name.removeprefix("Refused"), told["description"]) for name, told in found if name.startswith("Refused"))
    return sorted(own)


def _operation(method: str, path: str, operation: Operation) -> Iterator[str]:
    yield from (f"### {method} {path}", "", operation["description"].replace("\n\n", " "), "")
    taken = [*_parameters(operation), *_body(operation)]
    yield from table(("takes", "in", "type", "what it is"), taken)
    refused = [code(each) for each in operation["responses"] if int(each) >= 400 and each not in _OF_EVERYBODY]
    refuses = f"; refuses with {listed(refused)}" if refused else ""
    yield from (f"Answers {_answer(operation)}{refuses}.", "")


def _answer(operation: Operation) -> str:
    """What comes where it is done, with its status if that is another than 200."""
    (status,) = (each for each in operation["responses"] if int(each) < 400)
    found = [in_words(each["schema"]) for each in operation["responses"][status].get("content", {}).values()]
    return " ".join([*found, *([] if status == "200" else [f"with {code(status)}"])])


def _parameters(operation: Operation) -> Iterator[Row]:
    for each in operation.get("parameters", ()):
        kind = in_words(each["schema"]).removesuffix(" or null")
        needed = "" if each["required"] else ", may be left out"
        told = each.get("description", "The subscriber's, in any spelling." if each["in"] == "path" else "")
        yield code(each["name"]), each["in"], kind + needed, told


def _body(operation: Operation) -> Iterator[Row]:
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield "JSON", "body", in_words(schema), ""


def _about(shape: Operation) -> tuple[str, ...]:
    return (shape["description"], "") if "description" in shape else ()


def _fields(shape: Operation) -> Iterator[Row]:
    needed = shape.get("required", ())
    for name, value in shape["properties"].items():
        example = f" Like {code(value['examples'][0])}." if "examples" in value else ""
        default = f"; default {code(value['default'])}" if name not in needed and value.get("default") else ""
        yield code(name), in_words(value) + default, value.get("description", "") + example


def _events() -> Iterator[Row]:
    """The constants, each with the text below it."""
    for assigned, told in pairwise(ast.parse(inspect.getsource(events)).body):
        if isinstance(assigned, ast.Assign) and isinstance(told, ast.Expr):
            yield code(ast.literal_eval(assigned.value)), ast.literal_eval(told.value)
