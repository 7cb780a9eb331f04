"""Tables and headings, as the other pages have them."""

from collections.abc import Iterable, Sequence

MADE = "<!-- Made from the code by `make reference`; change it there. -->"
"""At the head of every page."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines, with an empty one behind them; none at all where there are no rows."""
    lines = [_row(cells) for cells in rows]
    return [_row(head), "|" + "---|" * len(head), *lines, ""] if lines else []


def code(value: object) -> str:
    return f"`{value}`"


def listed(words: Sequence[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _row(cells: Sequence[str]) -> str:
    """A bar inside a cell would begin another one, also in code."""
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"
