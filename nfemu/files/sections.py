"""What the models of such files are made of."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from nfemu.model.errors import InvalidInput

CUSTOM = "nfemu"
"""Type of the errors whose message is already in the user's words."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
T = TypeVar("T")


def reader(parse: Callable[[str], T]) -> BeforeValidator:
    """Use one of our own readers inside pydantic; its text becomes the finding."""

    def validate(value: object) -> T:
        if isinstance(value, dict | list | bool):
            raise PydanticCustomError(CUSTOM, "one plain value is expected here; write text or a number")
        try:
            return parse(str(value))
        except InvalidInput as error:
            raise PydanticCustomError(CUSTOM, "{text}", {"text": str(error)}) from None

    return BeforeValidator(validate)


class Section(BaseModel):
    """A mapping of the files: unknown keys are errors, a key with nothing behind it counts as left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = written_fields(cls)
        return {key: inner for key, inner in value.items() if inner is not None or key not in known}


def written_fields(schema: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key that is written for them."""
    return {field.alias or name: field for name, field in schema.model_fields.items()}
