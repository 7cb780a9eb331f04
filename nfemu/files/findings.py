"""What is wrong with a configuration: every finding says where, what, and what to write instead."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from nfemu.model.errors import InvalidInput


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake. `line` counts from 1; 0 means that the file as a whole is meant. `str()` is one line."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {' '.join(self.message.splitlines())}"


class ConfigurationError(InvalidInput):
    """The configuration cannot be used (exit code 2). The text lists all findings of all files, one a line."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(str(finding) for finding in self.findings))


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean` clause for a misspelt `word`: the nearest of `known`, else the list of them."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word.lower(), names, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"write one of {listing(names)}" if names else "remove it"


def listing(names: Iterable[str]) -> str:
    """`a`, `b`, `c` for an error text; long lists are cut."""
    ordered = sorted(set(names))
    shown = ", ".join(f"`{name}`" for name in ordered[:12])
    return shown if len(ordered) <= 12 else f"{shown} and {len(ordered) - 12} more"
