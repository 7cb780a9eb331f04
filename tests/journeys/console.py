"""Console blocks in Markdown: the commands behind `$ `, and what is printed below each."""

import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CONTINUED = "> "
"""What a shell prompts with before the further lines of a command."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One command and its output as the document shows it; `...` stands for anything."""

    command: str
    output: str


def agree(shown: str, printed: str) -> bool:
    """Whether that is what was printed. Trailing blanks and carriage returns do not count."""
    return doctest.OutputChecker().check_output(_tidy(shown), _tidy(printed), doctest.ELLIPSIS)


def commands(document: Path) -> Iterator[Shown]:
    """Every command of every console block, in order."""
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.split("\n")
            more = list(takewhile(lambda line: line.startswith(_CONTINUED), lines[1:]))
            command = "\n".join([lines[0], *(line.removeprefix(_CONTINUED) for line in more)])
            yield Shown(command, "\n".join(lines[1 + len(more) :]))


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r", "").rstrip().splitlines()) + "\n"
