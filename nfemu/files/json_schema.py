"""JSON Schema (draft 7, which every editor reads) of what people write, from the models that check it."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

_DRAFT = "http://json-schema.org/draft-07/schema#"
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Of a file's model."""
    return {"$schema": _DRAFT, **model.model_json_schema(schema_generator=AsWritten)}


class AsWritten(GenerateJsonSchema):
    """Values as they stand in a file, where the reader takes every plain word for a text."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return {**super().str_schema(schema), "type": ["string", "number"]}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Without the class's name, which says nothing to who writes a file."""
        return {key: value for key, value in super().model_schema(schema).items() if key != "title"}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Other names than those that the pattern allows are mistakes."""
        found = super().dict_schema(schema)
        return {**found, "additionalProperties": False} if "patternProperties" in found else found

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A section's default is that of its keys."""
        found = super().default_schema(schema)
        if isinstance(found.get("default"), dict) and found["default"]:
            del found["default"]
        return found

    def encode_default(self, dft: Any) -> Any:
        return duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def duration(value: timedelta) -> str:
    """`10m`, `30m`, `1d`: in the largest unit that needs no fraction."""
    milliseconds = value // timedelta(milliseconds=1)
    unit, size = next(
        (unit, size) for unit, size in _UNITS if milliseconds % size == 0 and (milliseconds or unit == "s")
    )
    return f"{milliseconds // size}{unit}"
