"""JSON Schema (draft 7, which every editor reads) of each configuration file, from the models that check it."""

from collections.abc import Mapping
from typing import Any

from nfemu.files.json_schema import json_schema
from nfemu.settings.schema import FILES

Schema = dict[str, Any]


def files() -> Mapping[str, Schema]:
    """By the file's name, without `.yaml`."""
    return {name: json_schema(model) for name, model in FILES.items()}


def overlay(schema: Schema) -> Schema:
    """The same for a carrier's overlay: nothing is needed, and a key with nothing behind it takes something away."""
    return {key: _partial(key, value) for key, value in schema.items() if key != "required"}


def _partial(key: str, value: Any) -> Any:
    if key == "$defs":
        return {name: overlay(each) for name, each in value.items()}
    if key in {"properties", "patternProperties"}:
        return {name: _or_nothing(overlay(each)) for name, each in value.items()}
    if key == "additionalProperties" and isinstance(value, dict):
        return _or_nothing(overlay(value))
    return value


def _or_nothing(schema: Schema) -> Schema:
    told: Schema = {key: schema.pop(key) for key in ("description", "default") if key in schema}
    return {"anyOf": [schema, {"type": "null"}], **told}
