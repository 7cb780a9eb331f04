"""Which names belong to nobody in particular: the Public Suffix List, with its private (multi-tenant) section.

The package publicsuffixlist carries a list of the day of its release and looks names up
(https://publicsuffix.org/list/). What it does not answer, whether a suffix lies *below* a name, is read from the
same file. Reading takes about 0.1 s: it is done when first asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@dataclass(frozen=True, slots=True)
class _Above:
    """`parents` are the names right above a public suffix, `ancestors` all names above one."""

    parents: frozenset[str]
    ancestors: frozenset[str]


def public_suffix(name: str) -> str:
    """The longest suffix of a normalised name under which anybody may register; an unknown top level counts too."""
    return _list().publicsuffix(name) or name


def registrable(name: str) -> str | None:
    """The name that somebody registered: the public suffix and one label; None for a public suffix itself."""
    return _list().privatesuffix(name)


def has_suffix_right_below(name: str) -> bool:
    """Whether some public suffix is exactly one label longer than `name`."""
    return name in _above().parents


def has_suffix_below(name: str) -> bool:
    """Whether some public suffix ends in `.name`."""
    return name in _above().ancestors


@cache
def _list() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@cache
def _above() -> _Above:
    parents: set[str] = set()
    ancestors: set[str] = set()
    for rule in _rules():
        above = rule.split(".")[1:]
        parents.add(".".join(above))
        ancestors.update(".".join(above[start:]) for start in range(len(above)))
    return _Above(frozenset(parents), frozenset(ancestors))


def _rules() -> Iterator[str]:
    """The list's rules, exceptions aside: they name no suffix."""
    from publicsuffixlist import PSLFILE, encode_idn

    with open(PSLFILE, encoding="utf-8") as lines:  # noqa: PTH123 - pure rooms know no paths
        for line in lines:
            rule = line.split("//", 1)[0].strip()
            if rule and not rule.startswith("!"):
                yield encode_idn(rule)
