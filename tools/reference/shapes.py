"""What the API's document says of values: types in words, and examples of bodies."""

from typing import Any

from tools.reference.markdown import code, listed
from tools.reference.openapi import Document

Schema = dict[str, Any]


def name_of(schema: Schema) -> str:
    """Of a reference; empty where it is none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def named(document: Document, schema: Schema) -> Schema:
    """What a reference leads to; the schema itself where it is none."""
    name = name_of(schema)
    return document["components"]["schemas"][name] if name else schema


def in_words(schema: Schema) -> str:
    """`text`, `list of Notice`, `date and time or null`; shapes with a link to their table."""
    if name := name_of(schema):
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return listed([in_words(choice) for choice in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return listed([code(each) for each in schema.get("enum", [schema.get("const")])])
    if schema["type"] == "array":
        return f"list of {in_words(schema['items'])}"
    if schema["type"] == "object":
        return f"text → {in_words(schema['additionalProperties'])}"
    return _PLAIN[str(schema.get("format", schema["type"]))]


_PLAIN = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "null",
    "date-time": "date and time",
    "date": "date",
    "base64": "base64",
}


def example(document: Document, schema: Schema) -> dict[str, Any]:
    """A body: what is needed, and what else has an example."""
    shape = named(document, schema)
    needed = shape.get("required", ())
    return {
        name: example_of(name, value)
        for name, value in shape["properties"].items()
        if name in needed or "examples" in _inside(value)
    }


def example_of(name: str, schema: Schema) -> Any:
    """Raises LookupError where the model gives none: every value that must be sent needs one."""
    found = _inside(schema)
    for choices in (found.get("examples"), found.get("enum")):
        if choices:
            return choices[0]
    raise LookupError(f"`{name}` has no example; add `examples=[…]` to its field")


def _inside(schema: Schema) -> Schema:
    """With what stands in the choice that is not null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    return {**choices[0], **schema} if choices else schema
