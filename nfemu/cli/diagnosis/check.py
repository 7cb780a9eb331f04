"""One finding, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """As somebody may want it, but must know."""
    PROBLEM = "problem"
    """Something does not work, or is open to whom it must not be."""


@dataclass(frozen=True, slots=True)
class Check:
    """`about` names the thing, `text` says what is so, `advice` what to do; empty where nothing is to be done."""

    about: str
    health: Health
    text: str
    advice: str = ""
