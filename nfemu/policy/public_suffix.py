"""Which names belong to nobody in particular: the Public Suffix List, with its private (multi-tenant) section.

Data: the list that the package publicsuffix2 carries. Its lookup takes every inner node of a rule for a rule
(`amazonaws.com` because of `s3.amazonaws.com`), so the algorithm of https://publicsuffix.org/list/ is here, over
the package's parsed lines. Reading them takes about 0.15 s: they are read when first asked for.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class _Rules:
    """`exact`, `wildcard` (of `*.name`: name) and `exception` (of `!name`) are the three kinds of lines.

    `parents` are the names right above a public suffix, `ancestors` all names above one.
    """

    exact: frozenset[str]
    wildcard: frozenset[str]
    exception: frozenset[str]
    parents: frozenset[str]
    ancestors: frozenset[str]


def public_suffix(name: str) -> str:
    """The longest suffix of a normalised name under which anybody may register; an unknown top level counts too."""
    rules = _rules()
    labels = name.split(".")
    for start in range(len(labels)):
        tail = ".".join(labels[start:])
        parent = ".".join(labels[start + 1 :])
        if tail in rules.exception:
            return parent
        if tail in rules.exact or parent in rules.wildcard:
            return tail
    return labels[-1]


def registrable(name: str) -> str | None:
    """The name that somebody registered: the public suffix and one label; None for a public suffix itself."""
    suffix = public_suffix(name)
    if name == suffix:
        return None
    return name.removesuffix("." + suffix).rsplit(".", 1)[-1] + "." + suffix


def has_suffix_right_below(name: str) -> bool:
    """Whether some public suffix is exactly one label longer than `name`."""
    return name in _rules().parents


def has_suffix_below(name: str) -> bool:
    """Whether some public suffix ends in `.name`."""
    return name in _rules().ancestors


@cache
def _rules() -> _Rules:
    from publicsuffix2 import PublicSuffixList  # it imports an HTTP client, which most users of this room never need

    exact, wildcard, exception = set(), set(), set()
    parents: set[str] = set()
    ancestors: set[str] = set()
    for line in PublicSuffixList().tlds:
        if line.startswith("!"):
            exception.add(line[1:])
            continue
        if line.startswith("*."):
            wildcard.add(line[2:])
        else:
            exact.add(line)
        above = line.split(".")[1:]
        parents.add(".".join(above))
        ancestors.update(".".join(above[start:]) for start in range(len(above)))
    return _Rules(*map(frozenset, (exact, wildcard, exception, parents, ancestors)))
